"""From the hazard to its end: told in writing, put off once, overdue once a step, cured by what another visit saw."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.risk.follow_up.handlers import OVERDUE
from shared.audit import audit_entries
from shared.clock import process_now, rfc3339
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.hazard_world import (
    BRANCH_HEAD,
    GENERAL,
    HAZARDS,
    HEAD,
    HIGH,
    act,
    after,
    attached,
    curing,
    insured,
    look_again,
    noticed,
    rated,
    report,
    served,
    status_of,
    today,
    visit,
)
from tests.support.risk_world import ELSEWHERE, ENDORSED, ENGINEER, event, hear
from tests.support.services import ServiceUnderTest

OUTBOX, ITEMS = kernel.tables["outbox"], kernel.tables["work_items"]
Move = Callable[[timedelta], None]
CLAIMED = {"kind": "rectification", "told": "已更换安全阀"}


async def told(risk: ServiceUnderTest, subject: str) -> list[dict[str, Any]]:
    return [one["event"]["data"] for one in await risk.rows(OUTBOX, subject=f"risk.hazard.{subject}.v1")]


async def open_items(risk: ServiceUnderTest) -> list[tuple[str, str]]:
    """Open work about hazards: its kind and the unit that has to do it."""
    rows = await risk.rows(ITEMS, record_type="hazard")
    return sorted((one["kind"], one["unit_code"]) for one in rows if one["closed_at"] is None)


async def test_a_notice_is_a_page_and_its_receipt_begins_the_periods(risk: ServiceUnderTest) -> None:
    await insured(risk)
    seen = await visit(risk)
    found = await rated(risk, seen["id"], HIGH, GENERAL)
    await report(risk, seen["id"])
    body = {"inspection_id": seen["id"], "hazard_ids": [one["id"] for one in found], "advice": "更换安全阀并复验。"}
    shown = await risk.post(ENGINEER, "/v1/rectification-notices?dry_run=true", body)
    assert base64.b64decode(shown.json()["page"]).startswith(b"%PDF-")
    assert "letter_id" not in shown.json()
    notice = await noticed(risk, seen["id"], found, advice="更换安全阀并复验。")
    assert {one["class"]: one["rectify_days"] for one in notice["hazards"]} == {"high": 15, "general": 30}
    path = f"/v1/rectification-notices/{notice['id']}"
    page = await risk.get(ENGINEER, f"{path}/letters/{notice['letter_id']}/page")
    assert (page.status_code, page.content[:5]) == (200, b"%PDF-")
    answer = await served(risk, notice)
    assert answer.status_code == 201, answer.text
    due = {one["hazard_id"]: one["due_on"] for one in answer.json()["hazards"]}
    assert due == {
        found[0]["id"]: str(today() + timedelta(days=15)),
        found[1]["id"]: str(today() + timedelta(days=30)),
    }
    read = (await risk.get(ENGINEER, f"/v1/hazards/{found[0]['id']}")).json()
    assert (read["status"], read["due_on"], read["served_on"]) == ("rectifying", due[found[0]["id"]], str(today()))
    letters = (await risk.get(ENGINEER, f"{path}/letters")).json()["items"]
    assert letters[0]["served_method"] == "personal_delivery"
    assert [one.get("due_on") for one in await told(risk, "found")][:2] == [None, None]
    assert {one["due_on"] for one in (await told(risk, "found"))[2:]} == set(due.values())
    listed = (await risk.get(ENGINEER, "/v1/rectification-notices?served=true")).json()["items"]
    assert [one["id"] for one in listed] == [notice["id"]]
    assert (await risk.get(ELSEWHERE, path)).status_code == 404


async def test_a_notice_needs_hazards_days_and_a_receipt(risk: ServiceUnderTest) -> None:
    await insured(risk)
    seen, other = await visit(risk), await visit(risk)
    found = await rated(risk, seen["id"], HIGH)
    path, name = "/v1/rectification-notices", found[0]["id"]

    async def issue(**changes: Any) -> Any:
        return await risk.post(ENGINEER, path, {"inspection_id": seen["id"], "hazard_ids": [name], **changes})

    empty = await issue(hazard_ids=[])
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (422, "hazards_required")
    nothing = await issue(rectify_days={name: 0})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "deadline_required")
    longer = await issue(rectify_days={name: 16})
    assert (longer.status_code, longer.json()["code"]) == (422, "deadline_beyond_class")
    strange = await issue(inspection_id=other["id"])
    assert (strange.status_code, strange.json()["code"]) == (422, "reference_not_found")
    assert (await issue(inspection_id=str(uuid4()))).json()["errors"][0]["pointer"] == "#/inspection_id"
    notice = await noticed(risk, seen["id"], found, rectify_days={name: 3})
    again = await issue()
    assert (again.status_code, again.json()["code"]) == (409, "notice_pending")
    late = await risk.call(ENGINEER, "PUT", f"/v1/inspections/{seen['id']}/hazards/h-0", HIGH | {"likelihood": "6"})
    assert (late.status_code, late.json()["code"]) == (409, "state_conflict")
    for missing in ({"receipt_attachment_id": None}, {"at": None}, {"method": "oral"}):
        refused = await served(risk, notice, **missing)
        assert (refused.status_code, refused.json()["code"]) == (422, "receipt_required"), missing
    later = await served(risk, notice, at=rfc3339(process_now() + timedelta(hours=1)))
    assert (later.status_code, later.json()["code"]) == (422, "occurred_in_future")
    foreign = await served(risk, notice, receipt_attachment_id=str(uuid4()))
    assert (foreign.status_code, foreign.json()["code"]) == (422, "reference_not_found")
    assert await status_of(risk, name) == "rated"
    good = await served(risk, notice)
    assert good.json()["hazards"][0]["due_on"] == str(today() + timedelta(days=3))
    twice = await served(risk, notice)
    assert (twice.status_code, twice.json()["code"]) == (409, "notice_served_already")


async def test_only_what_another_visit_saw_closes_a_hazard(risk: ServiceUnderTest) -> None:
    world = await curing(risk)
    name = world["hazards"][0]["id"]
    bare = await act(risk, name, "closures", {})
    assert (bare.status_code, bare.json()["code"]) == (422, "evidence_required")
    claimed = await act(risk, name, "evidence", CLAIMED)
    assert claimed.json()["hazard"]["status"] == "claimed_done"
    early = await act(risk, name, "closures", {"evidence_ids": [claimed.json()["id"]]})
    assert (early.status_code, early.json()["code"]) == (422, "evidence_required")
    same = await look_again(risk, name, inspection_id=world["visit"]["id"])
    assert (same.status_code, same.json()["code"]) == (422, "reinspection_required")
    unseen = await look_again(risk, name, attachment_ids=[])
    assert (unseen.status_code, unseen.json()["code"]) == (422, "evidence_required")
    silent = await look_again(risk, name, cured=None)
    assert (silent.status_code, silent.json()["errors"][0]["code"]) == (422, "cured_required")
    waiting = await visit(risk)
    unreported = await look_again(risk, name, inspection_id=waiting["id"])
    assert (unreported.status_code, unreported.json()["code"]) == (409, "reinspection_not_reported")
    still = await look_again(risk, name, cured=False)
    assert still.json()["hazard"]["status"] == "rectifying"
    cured = await look_again(risk, name)
    assert cured.json()["hazard"]["status"] == "reinspected", cured.text
    wrong = await act(risk, name, "closures", {"evidence_ids": [still.json()["id"]]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "evidence_required")
    unknown = await act(risk, name, "closures", {"evidence_ids": [str(uuid4())]})
    assert unknown.json()["code"] == "reference_not_found"
    closed = await act(risk, name, "closures", {"evidence_ids": [cured.json()["id"]]})
    assert (closed.status_code, closed.json()["hazard"]["status"]) == (201, "closed")
    [event_told] = await told(risk, "closed")
    assert (event_told["class"], event_told["customer_id"]) == ("high", world["policy"]["customer_id"])
    assert await open_items(risk) == []
    read = (await risk.get(ENGINEER, f"/v1/hazards/{name}")).json()
    assert [(one["kind"], one.get("cured")) for one in read["evidence"]] == [
        ("rectification", None), ("re_inspection", False), ("re_inspection", True),
    ]  # fmt: skip
    assert {one["action"]: one["allowed"] for one in read["available_actions"]}["close"] is False
    history = (await risk.get(ENGINEER, f"/v1/hazards/{name}/history")).json()["items"]
    assert [one["action"] for one in history if one["action"] != "attach"] == [
        "rate", "issue_notice", "serve_notice", "give_evidence", "give_evidence", "give_evidence", "close",
    ]  # fmt: skip


async def test_a_passed_day_is_told_once_by_two_schedulers_and_climbs(
    risk: ServiceUnderTest, moved_clock: Move
) -> None:
    name = (await curing(risk))["hazards"][0]["id"]
    moved_clock(after(15))
    assert await run_once(risk.db, OVERDUE) == 0
    moved_clock(after(16))
    await asyncio.gather(run_once(risk.db, OVERDUE), run_once(risk.db, OVERDUE))
    moved_clock(after(40))
    assert await run_once(risk.db, OVERDUE) == 0
    [overdue] = await told(risk, "overdue")
    assert (overdue["hazard_id"], overdue["step"], overdue["unit_code"]) == (name, 1, "32")
    assert overdue["due_on"] == str(today() - timedelta(days=25))
    assert await status_of(risk, name) == "escalated"
    assert ("overdue_hazard", "32") in await open_items(risk)
    still = await look_again(risk, name, cured=False)
    assert still.json()["hazard"]["status"] == "escalated"
    assert await run_once(risk.db, OVERDUE) == 0


async def test_a_day_is_put_off_once_and_the_next_passing_climbs_further(
    risk: ServiceUnderTest, moved_clock: Move
) -> None:
    name = (await curing(risk))["hazards"][0]["id"]
    mine = await act(risk, name, "extensions", {"due_on": str(today()), "reason": "停产检修"})
    assert (mine.status_code, mine.json()["code"]) == (403, "action_not_permitted")
    moved_clock(after(16))
    await run_once(risk.db, OVERDUE)
    due = (await risk.get(ENGINEER, f"/v1/hazards/{name}")).json()["due_on"]
    sooner = await act(risk, name, "extensions", {"due_on": due, "reason": "停产检修"}, BRANCH_HEAD)
    assert (sooner.status_code, sooner.json()["errors"][0]["code"]) == (422, "due_not_later")
    later = {"due_on": str(today() + timedelta(days=10))}
    silent = await act(risk, name, "extensions", later, BRANCH_HEAD)
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    longer = await act(risk, name, "extensions", later | {"reason": "等待备件"}, BRANCH_HEAD)
    assert longer.json()["hazard"]["status"] == "rectifying", longer.text
    again = await act(risk, name, "extensions", {"due_on": "2099-01-01", "reason": "等待备件"}, HEAD)
    assert (again.status_code, again.json()["code"]) == (409, "extension_used")
    assert await run_once(risk.db, OVERDUE) == 0
    moved_clock(after(27))
    await run_once(risk.db, OVERDUE)
    assert [(one["step"], one["unit_code"]) for one in await told(risk, "overdue")] == [(1, "32"), (2, "00")]


async def test_an_overdue_hazard_allows_a_reminder_as_a_letter(risk: ServiceUnderTest, moved_clock: Move) -> None:
    world = await curing(risk)
    path = f"/v1/rectification-notices/{world['notice']['id']}/letters"
    early = await risk.post(ENGINEER, path, {"kind": "rectification_reminder"})
    assert (early.status_code, early.json()["code"]) == (409, "letter_not_due")
    strange = await risk.post(ENGINEER, path, {"kind": "greeting"})
    assert (strange.status_code, strange.json()["code"]) == (422, "letter_unknown")
    moved_clock(after(16))
    await run_once(risk.db, OVERDUE)
    made = await risk.post(ENGINEER, path, {"kind": "rectification_reminder"})
    assert (made.status_code, made.json()["title"]) == (201, "安全隐患整改催告书")


async def test_the_receipt_of_the_letter_is_the_service_and_needs_its_proof(risk: ServiceUnderTest) -> None:
    await insured(risk)
    seen = await visit(risk)
    found = await rated(risk, seen["id"], HIGH)
    notice = await noticed(risk, seen["id"], found)
    path = f"/v1/rectification-notices/{notice['id']}"
    body = {"at": rfc3339(process_now()), "method": "personal_delivery"}
    bare = await risk.post(ENGINEER, f"{path}/letters/{notice['letter_id']}/receipts", body, version=1)
    assert (bare.status_code, bare.json()["code"]) == (422, "receipt_required")
    proof = await attached(risk, path)
    body |= {"at": rfc3339(process_now()), "proof_attachment_id": proof}
    version = (await risk.get(ENGINEER, path)).json()["version"]
    good = await risk.post(ENGINEER, f"{path}/letters/{notice['letter_id']}/receipts", body, version=version)
    assert good.status_code == 201, good.text
    assert await status_of(risk, found[0]["id"]) == "rectifying"


async def test_an_agreed_endorsement_changes_the_terms_and_a_cancellation_ends_the_matter(
    risk: ServiceUnderTest, moved_clock: Move
) -> None:
    world = await curing(risk, HIGH, GENERAL | {"likelihood": "3", "consequence": "15"})
    first, second = (one["id"] for one in world["hazards"])
    moved_clock(after(31))
    assert await run_once(risk.db, OVERDUE) == 2
    record = UUID(world["policy"]["policy_id"])
    agreed = world["policy"] | {"policy_version": 2, "hazard_ids": [first], "change_kind": "safety_duty"}
    await hear(risk, event(ENDORSED, record, agreed, 2))
    assert (await status_of(risk, first), await status_of(risk, second)) == ("terms_changed", "escalated")
    ended = {
        "policy_id": str(record), "effective_on": str(today()), "effective_at": rfc3339(process_now()),
        "kind": "cancel", "refund_amount": "0.00",
    }  # fmt: skip
    await hear(risk, event("policy.policy.cancelled.v1", record, ended, 3))
    assert (await status_of(risk, first), await status_of(risk, second)) == ("terms_changed", "cancel_cover")
    assert (await risk.get(ENGINEER, "/v1/hazards?open=true")).json()["items"][0]["id"] == first


async def test_compulsory_cover_that_ends_leaves_its_hazards_open(risk: ServiceUnderTest, moved_clock: Move) -> None:
    world = await curing(risk, compulsory=True)
    moved_clock(after(16))
    await run_once(risk.db, OVERDUE)
    record = UUID(world["policy"]["policy_id"])
    ended = {
        "policy_id": str(record), "effective_on": str(today()), "effective_at": rfc3339(process_now()),
        "kind": "cancel", "refund_amount": "0.00",
    }  # fmt: skip
    await hear(risk, event("policy.policy.cancelled.v1", record, ended, 2))
    assert await status_of(risk, world["hazards"][0]["id"]) == "escalated"


async def test_a_refused_act_changes_nothing_and_is_noted_once(risk: ServiceUnderTest) -> None:
    world = await curing(risk)
    name = world["hazards"][0]["id"]
    before, events = await risk.rows(HAZARDS), len(await risk.rows(OUTBOX))
    hidden = await risk.post(ELSEWHERE, f"/v1/hazards/{name}/closures", {"evidence_ids": []}, version=1)
    assert hidden.status_code == 404
    stale = await risk.post(ENGINEER, f"/v1/hazards/{name}/evidence", CLAIMED, version=1)
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    assert (await risk.rows(HAZARDS), len(await risk.rows(OUTBOX))) == (before, events)
    refused = [one for one in await risk.rows(audit_entries) if one["outcome"] == "refused"]
    assert [one["action"] for one in refused][:1] != []


async def test_of_two_receipts_at_once_one_begins_the_periods(risk: ServiceUnderTest) -> None:
    await insured(risk)
    seen = await visit(risk)
    notice = await noticed(risk, seen["id"], await rated(risk, seen["id"], HIGH))
    path = f"/v1/rectification-notices/{notice['id']}"
    proof, version = await attached(risk, path), (await risk.get(ENGINEER, path)).json()["version"]
    body = {"at": rfc3339(process_now()), "method": "personal_delivery", "receipt_attachment_id": proof}
    answers = await asyncio.gather(*(risk.post(ENGINEER, f"{path}/receipts", body, version=version) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 412, 412]
    [hazard] = await risk.rows(HAZARDS)
    assert (hazard["status"], hazard["served_on"]) == ("rectifying", today())
