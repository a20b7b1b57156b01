"""Customers as the core system states them: in any order, with what is unknown named, told to the others once."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any
from uuid import uuid4

import pytest

from shared.ids import customer_id
from tests.support.crm_world import AGENT, C1, CANARIES, CORE, SIBLING, CrmWorld, body, demonstrated
from tests.support.tokens import actor


async def test_a_new_customer_is_stored_under_the_common_id_and_told(world: CrmWorld) -> None:
    answer = await world.put(**body())
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told == {"id": str(C1), "core_version": 1, "applied": "current", "pending_references": []}
    [event] = await world.rows("outbox")
    assert event["subject"] == "crm.customer.registered.v1"
    assert event["event"]["data"] == {
        "customer_id": str(C1), "core_no": "C0001", "kind": "organisation", "unit_code": "320102",
    }  # fmt: skip
    assert event["event"]["orgpath"] == "00.32.3201.320102"
    assert [one["action"] for one in await world.rows("audit_entries")] == ["register"]


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
async def test_versions_in_any_order_end_at_the_newest_with_all_kept(world: CrmWorld, order: tuple[int, ...]) -> None:
    highest = 0
    for number in order:
        applied = (await world.put(**body(number, name=f"第{number}版"))).json()["applied"]
        assert applied == ("current" if number > highest else "history")
        highest = max(highest, number)
    [row] = await world.rows("customers")
    assert (row["core_version"], row["name"]) == (3, "第3版")
    kept = await world.rows("customer_versions")
    assert sorted(one["core_version"] for one in kept) == [1, 2, 3]
    assert {one["core_version"]: one["content"]["name"] for one in kept}[1] == "第1版"
    assert (await world.subjects()).count("crm.customer.registered.v1") == 1
    assert (await world.put(**body(highest, name="再来"))).json()["applied"] == "ignored"


async def test_a_repeated_version_is_ignored_whatever_it_says_and_leaves_nothing(world: CrmWorld) -> None:
    await world.put(**body())
    before = await world.rows("customers")
    for stated in (body(), body(name="别的公司")):
        assert (await world.put(**stated)).json()["applied"] == "ignored"
    assert await world.rows("customers") == before
    assert len(await world.rows("outbox")) == len(await world.rows("audit_entries")) == 1


async def test_what_is_unknown_is_named_and_the_customer_lies_where_the_sender_sits(world: CrmWorld) -> None:
    told = (await world.put(**body(unit_code="999999", team_code="T9", manager_staff_no="S9"))).json()
    assert {(one["kind"], one["value"]) for one in told["pending_references"]} == {
        ("unit", "999999"), ("team", "T9"), ("manager", "S9"),
    }  # fmt: skip
    [row] = await world.rows("customers")
    assert (row["org_path"], row["unit_code"], row["unit_pending"]) == ("00", "999999", True)
    await world.put(**body(2))
    [row] = await world.rows("customers")
    assert (row["org_path"], row["unit_pending"]) == ("00.32.3201.320102", False)


async def test_a_unit_outside_of_the_senders_branch_is_as_unknown(world: CrmWorld) -> None:
    other = actor("core_system", "00.33")
    told = (await world.put(who=other, **body())).json()
    assert told["pending_references"] == [{"kind": "unit", "value": "320102"}]
    await world.put("C0002", **body())
    refused = await world.put("C0002", who=other, **body(2))
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


async def test_a_place_holder_is_filled_and_only_then_told(world: CrmWorld) -> None:
    await world.take(world.reported(uuid4()))
    [stub] = await world.rows("customers")
    assert (stub["id"], stub["known"], stub["org_path"]) == (C1, False, "00.32.3201.320102")
    assert await world.subjects() == []
    await world.put(**body())
    [row] = await world.rows("customers")
    assert (row["known"], row["core_no"]) == (True, "C0001")
    assert await world.subjects() == ["crm.customer.registered.v1"]
    assert len(await world.timeline()) == 1


async def test_a_move_takes_everything_along_and_is_told(world: CrmWorld) -> None:
    await world.put(**body())
    visit = await world.visit()
    await world.put(**body(2, unit_code="320104"))
    assert (await world.subjects())[-1] == "crm.customer.changed.v1"
    for table in ("return_visits", "timeline_entries", "customer_contacts", "customer_versions"):
        assert {one["org_path"] for one in await world.rows(table)} == {"00.32.3201.320104"}, table
    [item] = [one for one in await world.rows("work_items") if one["closed_at"] is None]
    assert (item["org_path"], item["unit_code"]) == ("00.32.3201.320104", "320104")
    assert (await world.service.get(AGENT, f"/v1/return-visits/{visit['id']}")).status_code == 404
    found = (await world.service.get(SIBLING, f"/v1/customers/{C1}")).json()
    assert [(one["unit_code"], "to_at" in one) for one in found["assignments"]] == [("320104", False), ("320102", True)]


async def test_a_version_about_something_else_does_not_take_back_an_assignment(world: CrmWorld) -> None:
    await world.put(**body())
    head = actor("department_head", "00.32.3201")
    moved = await world.service.post(
        head, f"/v1/customers/{C1}/assignments", {"unit_code": "320104", "reason": "就近服务"}, version=1
    )
    assert moved.status_code == 201, moved.text
    await world.put(**body(2, phone="02500000002"))
    [row] = await world.rows("customers")
    assert (row["unit_code"], row["phone"]) == ("320104", "02500000002")
    await world.put(**body(3, unit_code="320105"))
    assert (await world.rows("customers"))[0]["unit_code"] == "320105"


async def test_a_merge_takes_the_past_along_and_later_news_goes_to_the_one_kept(world: CrmWorld) -> None:
    await world.put(**body())
    await world.visit()
    await world.put("C0002", **body(name="合并后公司", unit_code="320104"))
    await world.put(**body(2, merged_into_core_no="C0002"))
    kept = customer_id("C0002")
    [event] = [one for one in await world.rows("outbox") if one["subject"] == "crm.customer.merged.v1"]
    assert event["event"]["data"] == {"kept_id": str(kept), "merged_id": str(C1)}
    await world.take(world.reported(uuid4()))
    assert await world.timeline() == []
    told = await world.timeline(kept, SIBLING)
    assert {one["kind"] for one in told} == {"claims.claim.settled", "claims.claim.reported", "crm.customer.merged"}
    [visit] = await world.rows("return_visits")
    assert (visit["customer_id"], visit["org_path"]) == (kept, "00.32.3201.320104")
    gone = (await world.service.get(AGENT, f"/v1/customers/{C1}")).json()
    assert gone["merged_into"] == str(kept)
    assert {one["reason"]["code"] for one in gone["available_actions"] if one["action"] == "change"} == {
        "customer_merged"
    }
    assert (await world.put(**body(3, merged_into_core_no="C0002"))).json()["applied"] == "current"
    assert (await world.subjects()).count("crm.customer.merged.v1") == 1


async def test_a_customer_is_not_merged_into_itself_nor_in_a_ring(world: CrmWorld) -> None:
    refused = await world.put(**body(merged_into_core_no="C0001"))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "same_record")
    await world.put(**body())
    await world.put("C0002", **body(merged_into_core_no="C0001"))
    ring = await world.put(**body(2, merged_into_core_no="C0002"))
    assert (ring.status_code, ring.json()["errors"][0]["code"]) == (422, "same_record")
    assert (await world.rows("customers", id=C1))[0]["core_version"] == 1


async def test_only_the_core_system_writes_through_the_seam_and_a_refusal_leaves_its_entry(world: CrmWorld) -> None:
    refused = await world.put(who=AGENT, **body())
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
    assert [one["outcome"] for one in await world.rows("audit_entries")] == ["refused"]
    assert await world.rows("customers") == []


@pytest.mark.parametrize(
    "wrong", [{"core_version": 0}, {"kind": "firm"}, {"id_type": "card"}, {"unknown": 1}, {"name": ""}]
)
async def test_a_body_that_cannot_be_read_is_refused_and_leaves_nothing(world: CrmWorld, wrong: dict[str, Any]) -> None:
    assert (await world.put(**(body() | wrong))).status_code == 422
    assert await world.rows("customers") == await world.rows("audit_entries") == []


async def test_an_old_typing_error_is_stored_and_doubted_not_refused(world: CrmWorld) -> None:
    await world.put(**body(id_no="1234"))
    found = (await world.service.get(AGENT, f"/v1/customers/{C1}")).json()
    assert found["id_doubt"] == "id_format"


async def test_the_same_version_sent_twice_at_once_is_applied_once(world: CrmWorld) -> None:
    answers = await asyncio.gather(*(world.put(**body()) for _ in range(4)))
    assert sorted(one.json()["applied"] for one in answers) == ["current", "ignored", "ignored", "ignored"]
    assert len(await world.rows("outbox")) == 1


async def test_the_bodies_of_the_demonstration_are_taken(world: CrmWorld) -> None:
    for one in demonstrated(12):
        stated = {name: value for name, value in one.items() if name != "core_no"}
        answer = await world.put(one["core_no"], who=CORE, **stated)
        assert (answer.status_code, answer.json()["applied"]) == (200, "current"), answer.text
    assert len(await world.rows("customers")) == 12


async def test_personal_values_stand_in_no_event_no_audit_entry_and_no_history(world: CrmWorld) -> None:
    await world.put(**body())
    await world.put(**body(2, name="岚海商贸二号", unit_code="320104"))
    for table in ("outbox", "audit_entries", "history", "work_items"):
        text = str(await world.rows(table))
        assert not [value for value in CANARIES if value in text], table
