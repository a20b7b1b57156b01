"""The seam to the core beyond single versions: lists, answers, comparisons."""

from __future__ import annotations

import json
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from embedded.demonstration.policies import policies
from services.policy.core_message.tables import CoreMessage
from services.policy.events import PaymentOrderCreated
from services.policy.policy.tables import Base, InsuredPerson
from services.policy.worker import TICKS, jobs
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.ids import uuid7
from shared.job_runner import Runner
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, token

CORE = actor("core_system", "00")
READER = actor("underwriter", "00.32")
HEAD_OFFICE = actor("underwriter", "00")
NUMBER = "PPA2026-32-000001"
TODAY = date(2026, 11, 24)
ITEMS = Base.metadata.tables["reconciliation_items"]
PEOPLE = InsuredPerson.__table__


def group(**changes: Any) -> dict[str, Any]:
    body = next(one for one in policies(5, 32, TODAY) if one["policy_no"] == NUMBER)
    return {name: value for name, value in body.items() if name != "policy_no"} | changes


async def stored(policy: ServiceUnderTest, **changes: Any) -> dict[str, Any]:
    body = group(**changes)
    answer = await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", body)
    assert answer.status_code == 200, answer.text
    return body


def person(n: int, **changes: Any) -> dict[str, Any]:
    return {
        "ref": f"R-{n:05d}", "name": "欧阳岚", "id_type": "resident_id", "id_no": f"11010519491231{n:04d}",
        "occupation_class": 3, "from": "2026-02-01", "to": "2027-02-01", "sum_insured": "300000.00",
    } | changes  # fmt: skip


async def send(policy: ServiceUnderTest, path: str, lines: list[dict[str, Any]]) -> Any:
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": f'"{uuid7()}"'}
    headers["Authorization"] = f"Bearer {token(CORE, 'policy')}"
    body = "\n".join(json.dumps(one, ensure_ascii=False) for one in lines)
    return await policy.client.post(path, content=body.encode(), headers=headers)


async def work(policy: ServiceUnderTest) -> None:
    """What the worker does: jobs, then whatever is due."""
    await Runner(policy.db, jobs(b"d" * 32)).run_once()
    for tick in TICKS:
        await run_once(policy.db, tick)


async def results(policy: ServiceUnderTest, answer: Any) -> list[dict[str, Any]]:
    told = await policy.get(CORE, f"/v1/jobs/policy/{answer.json()['id']}/results")
    return [json.loads(line) for line in told.text.splitlines()]


def codes(line: dict[str, Any]) -> set[str]:
    return {one["code"] for one in line["problem"]["errors"]}


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
    assert [(one["part"], one["parts"], len(one["entries"])) for one in told] == [(1, 3, 500), (2, 3, 500), (3, 3, 201)]
    assert await policy.rows(Base.metadata.tables["insured_list_lines"]) == []
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
    runs = [row["status"] for row in await policy.rows(Base.metadata.tables["insured_list_runs"])]
    assert sorted(runs) == ["ignored", "ignored", "stored"]
    [item] = await policy.rows(ITEMS, kind="same_version_other_content")
    assert item["cause"] == "insured_list:1"
    assert {row["ref"] for row in await policy.rows(PEOPLE)} == {"R-00001", "R-00002"}


def line(**changes: Any) -> dict[str, Any]:
    body = group()
    return {
        "policy_no": NUMBER, "core_version": 1, "status": "in_force", "premium_total": body["premium"],
        "claims_paid_total": "0.00",
    } | changes  # fmt: skip


async def compare(policy: ServiceUnderTest, *lines: dict[str, Any], query: str = "") -> Any:
    answer = await send(policy, f"/v1/core/reconciliations{query}", list(lines))
    assert answer.status_code == 202, answer.text
    await work(policy)
    return answer


async def open_kinds(policy: ServiceUnderTest) -> list[str]:
    found = await policy.rows(ITEMS, status="open", cause="compared")
    return sorted(one["kind"] for one in found)


async def test_two_sides_that_agree_leave_no_difference(policy: ServiceUnderTest) -> None:
    await stored(policy)
    answer = await compare(policy, line())
    assert (await results(policy, answer))[0]["data"]["differences"] == []
    assert await open_kinds(policy) == []


@pytest.mark.parametrize(
    ("changes", "kind", "owner"),
    [
        ({"core_version": 2}, "version", "core"),
        ({"status": "cancelled"}, "status", "core"),
        ({"premium_total": "1.00"}, "premium", "core"),
        ({"claims_paid_total": "5.00"}, "claims_paid", "anlan"),
    ],
)
async def test_each_difference_is_one_item_with_its_owner_until_both_agree_again(
    policy: ServiceUnderTest, changes: dict[str, Any], kind: str, owner: str
) -> None:
    await stored(policy)
    await compare(policy, line(**changes))
    await compare(policy, line(**changes))
    [item] = await policy.rows(ITEMS, cause="compared")
    assert (item["kind"], item["owner"], item["status"]) == (kind, owner, "open")
    await compare(policy, line())
    [item] = await policy.rows(ITEMS, cause="compared")
    assert (item["status"], item["outcome"]) == ("resolved", "explained")


async def test_what_only_one_side_has_is_listed_by_a_whole_comparison(policy: ServiceUnderTest) -> None:
    await stored(policy)
    await compare(policy, line(policy_no="PPA2026-32-999999"))
    assert await open_kinds(policy) == ["unknown_here", "unknown_there"]


async def test_a_comparison_of_changes_only_misses_nothing_that_did_not_change(policy: ServiceUnderTest) -> None:
    await stored(policy)
    tomorrow = (legal_day(process_now()) + timedelta(days=2)).isoformat()
    await compare(policy, line(policy_no="X"), query=f"?changed_since={tomorrow}T00:00:00%2B08:00")
    assert await open_kinds(policy) == ["unknown_here"]


async def test_a_comparison_with_a_bad_line_does_not_call_the_others_missing(policy: ServiceUnderTest) -> None:
    await stored(policy)
    await compare(policy, line(status="paid"))
    assert await open_kinds(policy) == []
    [run] = await policy.rows(Base.metadata.tables["reconciliation_runs"])
    assert run["status"] == "incomplete"


async def test_a_comparison_of_a_day_to_come_is_refused(policy: ServiceUnderTest) -> None:
    refused = await send(policy, "/v1/core/reconciliations?as_of=2099-01-01", [line()])
    assert (refused.status_code, refused.json()["code"]) == (422, "occurred_in_future")


async def test_versions_that_never_came_are_named(policy: ServiceUnderTest) -> None:
    await stored(policy, core_version=3, change={"kind": "endorse", "no": "E3"})
    await compare(policy, line(core_version=3))
    [item] = await policy.rows(ITEMS, kind="version_gap")
    assert item["ours"] == {"missing": [1, 2]}


async def resolve(policy: ServiceUnderTest, item: Any, outcome: str, who: Any = READER) -> Any:
    path = f"/v1/core/reconciliation-items/{item['id']}/resolutions"
    return await policy.post(who, path, {"outcome": outcome, "reason": "checked"}, version=item["version"])


async def test_the_masters_word_stands_and_what_was_resolved_is_resolved(policy: ServiceUnderTest) -> None:
    await stored(policy)
    await compare(policy, line(status="cancelled", claims_paid_total="5.00"))
    status, paid = [(await policy.rows(ITEMS, kind=kind))[0] for kind in ("status", "claims_paid")]
    refused = await resolve(policy, status, "accept_ours")
    assert (refused.status_code, refused.json()["code"]) == (409, "master_decides")
    refused = await resolve(policy, paid, "accept_core")
    assert (refused.status_code, refused.json()["code"]) == (409, "master_decides")
    assert (await resolve(policy, status, "accept_core")).status_code == 201
    again = await resolve(policy, status | {"version": status["version"] + 1}, "explained")
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    shown = (await policy.get(READER, f"/v1/core/reconciliation-items/{status['id']}")).json()
    assert (shown["status"], shown["outcome"], shown["age_days"]) == ("resolved", "accept_core", 0)
    assert shown["available_actions"][0]["allowed"] is False


async def test_resending_from_the_list_tells_the_newest_version_and_its_list_once_more(
    policy: ServiceUnderTest,
) -> None:
    await stored(policy)
    before = await policy.rows(kernel.tables["outbox"])
    await compare(policy, line(premium_total="1.00"), line(policy_no="X"))
    assert (await resolve(policy, (await policy.rows(ITEMS, kind="premium"))[0], "resend")).status_code == 201
    after = await policy.rows(kernel.tables["outbox"])
    assert [one["event"]["data"] for one in after[len(before) :]] == [one["event"]["data"] for one in before]
    missing = await resolve(policy, (await policy.rows(ITEMS, kind="unknown_here"))[0], "resend", HEAD_OFFICE)
    assert (missing.status_code, missing.json()["code"]) == (409, "nothing_to_send")


ORDER = {
    "payment_order_id": str(uuid7()), "kind": "premium", "direction": "in", "amount": "365.00", "due_on": "2026-12-01",
    "sending": 1,
}  # fmt: skip


async def ask(policy: ServiceUnderTest) -> str:
    """An event that the core answers."""
    async with policy.db.transaction(machine("policy")) as tx:
        tx.publish(PaymentOrderCreated.model_validate(ORDER), SimpleNamespace(id=uuid7(), org_path="00.32.3201"))
    return str((await policy.rows(kernel.tables["outbox"]))[-1]["event_id"])


async def acknowledge(policy: ServiceUnderTest, event_id: str, outcome: str, reason: str | None = None) -> Any:
    body = {"event_id": event_id, "outcome": outcome} | ({} if reason is None else {"reason": reason})
    return await policy.post(CORE, "/v1/core/acknowledgements", body)


async def test_each_message_shows_its_answer_and_a_refusal_is_listed_until_it_was_accepted(
    policy: ServiceUnderTest,
) -> None:
    event_id = await ask(policy)
    await work(policy)
    [shown] = (await policy.get(READER, "/v1/core/messages")).json()["items"]
    assert (shown["id"], shown["status"]) == (event_id, "sent")
    silent = await acknowledge(policy, event_id, "refused")
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    assert (await acknowledge(policy, event_id, "refused", "account unknown")).status_code == 200
    [item] = await policy.rows(ITEMS, kind="message_refused")
    assert (item["owner"], item["theirs"]["reason"]) == ("anlan", "account unknown")
    assert (await resolve(policy, item, "resend")).status_code == 201
    assert (await acknowledge(policy, event_id, "accepted")).json()["status"] == "accepted"
    back = await acknowledge(policy, event_id, "refused", "no")
    assert (back.status_code, back.json()["code"]) == (409, "answered_otherwise")
    sent = [one for one in await policy.rows(kernel.tables["outbox"]) if "payment_order" in one["subject"]]
    assert len(sent) == 2
    unknown = await acknowledge(policy, str(uuid7()), "accepted")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "reference_not_found")


async def test_a_message_without_an_answer_is_listed_after_its_hours(policy: ServiceUnderTest) -> None:
    await ask(policy)
    await work(policy)
    assert await policy.rows(ITEMS, kind="message_unanswered") == []
    async with policy.db.transaction(machine("policy")) as tx:
        await tx.execute(update(CoreMessage).values(created_at=tx.now - timedelta(hours=25)))
    await work(policy)
    [item] = await policy.rows(ITEMS, kind="message_unanswered")
    assert item["owner"] == "core"


async def test_a_reference_that_becomes_known_places_the_policy_and_closes_its_item(policy: ServiceUnderTest) -> None:
    await stored(policy, unit_code="320299")
    [row] = await policy.rows(Base.metadata.tables["policies"])
    assert row["org_path"] == "00"
    async with policy.db.transaction(machine("policy")) as tx:
        units = kernel.tables["directory_units"]
        found = (await tx.execute(units.select().where(units.c.parent_code == "3202").limit(1))).mappings().first()
        await tx.execute(units.insert().values({**found, "code": "320299", "path": "00.32.3202.320299"}))
    await work(policy)
    [row] = await policy.rows(Base.metadata.tables["policies"])
    assert row["org_path"] == "00.32.3202.320299"
    [item] = await policy.rows(ITEMS, cause="unit:320299")
    assert item["status"] == "resolved"


async def test_a_change_that_contradicts_its_status_is_refused(policy: ServiceUnderTest) -> None:
    body = group(change={"kind": "cancel", "no": "C1"})
    refused = await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", body)
    assert refused.status_code == 422
    assert codes({"problem": refused.json()}) == {"change_contradicts_status"}
