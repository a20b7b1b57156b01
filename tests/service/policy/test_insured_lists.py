"""Insured lists of the core: of any size, whole or as what changed, in force as a whole."""

from __future__ import annotations

from shared.kernel import kernel
from tests.support.core_lines import ITEMS, NUMBER, PEOPLE, TABLES, codes, person, results, send, stored, work
from tests.support.services import ServiceUnderTest

LISTS = f"/v1/core/policies/{NUMBER}/insured-lists?core_version="


async def test_a_list_larger_than_a_body_is_in_force_as_a_whole_and_told_in_parts(policy: ServiceUnderTest) -> None:
    await stored(policy, insured_persons=None, insured_count=1201)
    answer = await send(policy, f"{LISTS}1&mode=full", [person(n) for n in range(1201)])
    assert answer.status_code == 202, answer.text
    assert await policy.rows(PEOPLE) == []
    await work(policy)
    assert len(await policy.rows(PEOPLE, number=1)) == 1201
    told = [
        row["event"]["data"]
        for row in await policy.rows(kernel.tables["outbox"])
        if row["subject"] == "policy.insured.listed.v1"
    ]
    told.sort(key=lambda one: one["part"])
    assert [(one["part"], one["parts"], len(one["entries"])) for one in told] == [(1, 3, 500), (2, 3, 500), (3, 3, 201)]
    assert await policy.rows(TABLES["insured_list_lines"]) == []
    assert await policy.rows(ITEMS, kind="insured_count") == []


async def test_a_change_of_a_list_adds_removes_and_replaces_and_the_earlier_list_stays(
    policy: ServiceUnderTest,
) -> None:
    await stored(policy, insured_persons=[person(n) for n in range(3)], insured_count=3)
    later = {"core_version": 2, "insured_persons": None, "change": {"kind": "endorse", "no": "E2"}}
    await stored(policy, **later, insured_count=3)
    changes = [{"op": "remove", "ref": "R-00000"}, person(1, op="add", occupation_class=5), person(7, op="add")]
    answer = await send(policy, f"{LISTS}2&mode=delta", changes)
    await work(policy)
    assert all(one["status"] == 200 for one in await results(policy, answer)), answer.text
    held = {row["ref"]: row["occupation_class"] for row in await policy.rows(PEOPLE, number=2)}
    assert held == {"R-00001": 5, "R-00002": 3, "R-00007": 3}
    assert len(await policy.rows(PEOPLE, number=1)) == 3


async def test_a_line_of_a_list_that_is_wrong_keeps_the_whole_list_out_and_is_listed(policy: ServiceUnderTest) -> None:
    await stored(policy, insured_persons=None, insured_count=2)
    lines = [person(1), person(1), {"op": "remove", "ref": "R-1"}, person(2, occupation_class=9)]
    answer = await send(policy, f"{LISTS}1&mode=full", lines)
    await work(policy)
    told = await results(policy, answer)
    assert [one["status"] for one in told] == [200, 422, 422, 422]
    assert (codes(told[1]), codes(told[2])) == ({"ref_repeated"}, {"op_not_in_full_list"})
    assert await policy.rows(PEOPLE) == []
    [item] = await policy.rows(ITEMS, kind="insured_list")
    assert (item["theirs"]["failed"], item["owner"]) == (3, "core")


async def test_lines_of_a_change_say_what_they_do_and_about_whom(policy: ServiceUnderTest) -> None:
    await stored(policy, insured_persons=[person(1)], insured_count=1)
    await stored(policy, core_version=2, insured_persons=None, change={"kind": "endorse", "no": "E2"})
    answer = await send(policy, f"{LISTS}2&mode=delta", [person(2), {"op": "remove", "ref": "R-9"}])
    await work(policy)
    told = await results(policy, answer)
    assert (codes(told[0]), codes(told[1])) == ({"op_required"}, {"ref_unknown"})


async def test_a_list_waits_for_its_version_and_a_change_for_the_list_before(policy: ServiceUnderTest) -> None:
    assert (await send(policy, f"{LISTS}1&mode=full", [person(1)])).status_code == 404
    await stored(policy, insured_persons=None, insured_count=1)
    early = await send(policy, f"{LISTS}2&mode=full", [person(1)])
    assert (early.status_code, early.json()["code"]) == (409, "version_not_stored")
    nothing = await send(policy, f"{LISTS}1&mode=delta", [person(1, op="add")])
    assert (nothing.status_code, nothing.json()["code"]) == (409, "delta_without_list")
    await send(policy, f"{LISTS}1&mode=full", [person(1)])
    await work(policy)
    late = await send(policy, f"{LISTS}1&mode=delta", [person(2, op="add")])
    assert (late.status_code, late.json()["code"]) == (409, "delta_out_of_order")


async def test_a_repeated_list_changes_nothing_and_another_one_of_the_version_is_listed(
    policy: ServiceUnderTest,
) -> None:
    await stored(policy, insured_persons=None, insured_count=2)
    for lines in ([person(1), person(2)], [person(1), person(2)], [person(1), person(3)]):
        await send(policy, f"{LISTS}1&mode=full", lines)
        await work(policy)
    runs = [row["status"] for row in await policy.rows(TABLES["insured_list_runs"])]
    assert sorted(runs) == ["ignored", "ignored", "stored"]
    [item] = await policy.rows(ITEMS, kind="same_version_other_content")
    assert item["cause"] == "insured_list:1"
    assert {row["ref"] for row in await policy.rows(PEOPLE)} == {"R-00001", "R-00002"}
