"""The clock of a complaint in the service: pauses, new facts, approvals above, reminders, escalation, closing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.complaints.assignment.handlers import AUTOMATIC, RECUSALS
from services.complaints.clock.handlers import BREACHES, CLOSINGS, ESCALATIONS, REMINDERS
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.complaint_acts import now, set_back, today, uploaded, working
from tests.support.complaint_world import (
    ABOVE,
    AGENT,
    DEPUTY,
    HEAD,
    OFFICER,
    REPLY,
    TOLD,
    act,
    registered,
)
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

ITEMS = kernel.tables["work_items"]


async def kinds(complaints: ServiceUnderTest) -> list[str]:
    return sorted(one["kind"] for one in await complaints.rows(ITEMS) if one["closed_at"] is None)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"reason": "mediation", "from": today()}, 422, "pause_not_told"),
        ({"reason": "mediation", "from": today(1), "told_at": now()}, 422, "occurred_in_future"),
        ({"reason": "mediation", "from": today(-9), "told_at": now()}, 422, "pause_before_receipt"),
    ],
)
async def test_a_pause_that_may_not_be_changes_nothing(
    complaints: ServiceUnderTest, body: dict[str, Any], status: int, code: str
) -> None:
    told = await working(complaints)
    refused = await complaints.post(OFFICER, f"/v1/complaints/{told['id']}/pauses", body, version=told["version"])
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    read = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert (read["version"], read["status"], read["due_on"]) == (told["version"], "investigating", today(15))


async def test_a_pause_stands_still_and_ends_where_it_began(complaints: ServiceUnderTest) -> None:
    told = await working(complaints)
    told = await act(
        complaints, OFFICER, told, "pauses", {"reason": "appraisal", "from": today(), "told_at": now()}
    )  # fmt: skip
    assert told["status"] == "paused"
    decided = await complaints.post(OFFICER, f"/v1/complaints/{told['id']}/decisions", REPLY, version=told["version"])
    assert (decided.status_code, decided.json()["code"]) == (409, "state_conflict")
    told = await act(complaints, OFFICER, told, "pauses", {"reason": "appraisal", "from": today(), "to": today()})
    assert told["status"] == "investigating"


async def test_only_new_facts_with_new_material_restart_the_period(complaints: ServiceUnderTest) -> None:
    told = await working(complaints)
    told = await act(complaints, OFFICER, told, "extensions", {"days": 15, "reason": "案情复杂", "told_at": now()})
    path = f"/v1/complaints/{told['id']}/new-facts"
    body = {"facts": "另有证人", "received_on": today(), "told_at": now(), "upload_ids": []}
    refused = await complaints.post(OFFICER, path, body, version=told["version"])
    assert (refused.status_code, refused.json()["code"]) == (422, "no_new_material")
    body["upload_ids"] = [await uploaded(complaints, OFFICER)]
    untold = await complaints.post(OFFICER, path, body | {"told_at": None}, version=told["version"])
    assert (untold.status_code, untold.json()["code"]) == (422, "restart_not_told")
    told = await act(complaints, OFFICER, told, "new-facts", body)
    assert told["status"] == "investigating"
    read = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert (read["due_on"], read["clock"]["stage"]) == (today(15), "simple")


async def test_facts_that_name_the_officer_are_for_somebody_else_to_take_in(complaints: ServiceUnderTest) -> None:
    told = await working(complaints)
    held = (await complaints.get(HEAD, f"/v1/complaints/{told['id']}")).json()["officer"]["staff_no"]
    named, other = (OFFICER, DEPUTY) if held == OFFICER.staff_no else (DEPUTY, OFFICER)
    body = {"facts": "专员推诿", "received_on": today(), "told_at": now(), "staff_no": [named.staff_no]}
    body["upload_ids"] = [await uploaded(complaints, named)]
    refused = await complaints.post(
        named, f"/v1/complaints/{told['id']}/new-facts", body, version=told["version"]
    )  # fmt: skip
    assert (refused.status_code, refused.json()["code"]) == (403, "recused")
    body["upload_ids"] = [await uploaded(complaints, other)]
    told = await act(complaints, other, told, "new-facts", body)
    assert (await complaints.get(named, f"/v1/complaints/{told['id']}")).status_code == 404
    assert "assign_officer" in await kinds(complaints)
    told = await act(complaints, HEAD, told, "assignments", {})
    read = (await complaints.get(other, f"/v1/complaints/{told['id']}")).json()
    assert read["officer"]["staff_no"] == other.staff_no


async def test_the_last_extension_is_approved_by_somebody_above(complaints: ServiceUnderTest) -> None:
    told = await working(complaints)
    told = await act(complaints, OFFICER, told, "extensions", {"days": 15, "reason": "案情复杂", "told_at": now()})
    path = f"/v1/complaints/{told['id']}/extensions"
    for staff_no, status, code in (
        (HEAD.staff_no, 422, "extension_approver_not_above"), (OFFICER.staff_no, 403, "separation_of_duties"),
        ("nobody", 422, "reference_not_found"),
    ):  # fmt: skip
        approval = {"approved_at": now(), "approver_staff_no": staff_no}
        body = {"days": 30, "reason": "等待鉴定", "told_at": now(), "approval": approval}
        refused = await complaints.post(OFFICER, path, body, version=told["version"])
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    approval = {"approved_at": now(), "approver_staff_no": ABOVE.staff_no}
    body = {"days": 30, "reason": "等待鉴定", "told_at": now(), "approval": approval}
    told = await act(complaints, OFFICER, told, "extensions", body)
    again = await complaints.post(OFFICER, path, body, version=told["version"])
    assert again.status_code == 409


async def test_before_the_day_one_is_reminded_after_it_the_head_of_the_branch_hears(
    complaints: ServiceUnderTest,
) -> None:
    told = await registered(complaints)
    assert await run_once(complaints.db, REMINDERS) == 0
    await set_back(complaints, told, due_on=legal_day(process_now()))
    assert [await run_once(complaints.db, REMINDERS) for _ in range(2)] == [1, 0]
    await set_back(complaints, told, due_on=legal_day(process_now()) - timedelta(days=1))
    assert [await run_once(complaints.db, ESCALATIONS) for _ in range(2)] == [1, 0]
    assert {"complaint_due_soon", "escalated_complaint"} <= set(await kinds(complaints))


async def test_decided_and_not_told_is_not_in_time(complaints: ServiceUnderTest) -> None:
    told = await working(complaints)
    told = await act(complaints, OFFICER, told, "decisions", REPLY)
    await set_back(complaints, told, due_at=process_now() - timedelta(hours=1))
    assert await run_once(complaints.db, BREACHES) == 1


async def test_a_merged_complaint_keeps_its_own_deadline_and_may_be_breached(complaints: ServiceUnderTest) -> None:
    kept, joined = await registered(complaints), await registered(complaints)
    await act(complaints, OFFICER, joined, "merges", {"into": kept["id"]})
    read = (await complaints.get(OFFICER, f"/v1/complaints/{kept['id']}")).json()
    assert len(read["clock"]["deadlines"]) == 2
    await set_back(complaints, joined, due_at=process_now() - timedelta(hours=1))
    assert await run_once(complaints.db, BREACHES) == 1


async def test_a_told_complaint_is_closed_once_no_review_can_be_asked_for(complaints: ServiceUnderTest) -> None:
    told = await working(complaints)
    told = await act(complaints, OFFICER, told, "decisions", REPLY)
    told = await act(complaints, OFFICER, told, "notifications", TOLD | {"notified_at": now()})
    await set_back(complaints, told, notified_at=process_now() - timedelta(days=10))
    await run_once(complaints.db, CLOSINGS)
    assert (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()["status"] == "notified"
    async with complaints.db.transaction(machine("complaints")) as tx:
        await tx.execute(kernel.tables["tick_claims"].delete())
    await set_back(complaints, told, notified_at=process_now() - timedelta(days=50))
    await run_once(complaints.db, CLOSINGS)
    assert (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()["status"] == "closed"


async def test_what_nobody_assigned_is_assigned_by_itself(complaints: ServiceUnderTest) -> None:
    told = await registered(complaints)
    told = await act(complaints, AGENT, told, "identity-checks", {"result": "confirmed"})
    assert await run_once(complaints.db, AUTOMATIC) == 0
    await set_back(complaints, told, updated_at=process_now() - timedelta(hours=5))
    assert await run_once(complaints.db, AUTOMATIC) == 1
    read = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert (read["status"], bool(read["officer"])) == ("assigned", True)


async def test_a_transfer_opens_nothing_and_a_delegate_sees_what_the_delegator_sees(
    complaints: ServiceUnderTest,
) -> None:
    told = await registered(complaints, about={"staff_no": [HEAD.staff_no]})
    moved = actor("complaint_officer", "00.32", name="head-32")
    assert moved.person_id == HEAD.person_id
    assert (await complaints.get(moved, f"/v1/complaints/{told['id']}")).status_code == 404
    delegate = actor("department_head", "00.32", name="delegate", on_behalf_of=HEAD.person_id)
    for path in ("", "/history", "/attachments", "/letters", "/officer-candidates"):
        assert (await complaints.get(delegate, f"/v1/complaints/{told['id']}{path}")).status_code == 404, path
    assert (await complaints.get(delegate, "/v1/complaints?include_total=true")).json()["total"] == 0
    assert (await complaints.get(delegate, "/v1/complaints/statistics")).json()["total"] == 0
    assert [await run_once(complaints.db, RECUSALS) for _ in range(2)] == [1, 0]
