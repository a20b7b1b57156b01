"""Complaints from registration to the telling, with every refusal on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.complaints.clock.handlers import BREACHES
from services.complaints.complaint.tables import Base
from shared.clock import legal_day, process_now, rfc3339
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.complaint_world import (
    ABOVE,
    AGENT,
    CLAIM_NO,
    DEPUTY,
    HEAD,
    OFFICER,
    REPLY,
    SURVEYOR,
    SURVEYORS_HEAD,
    TOLD,
    act,
    assigned,
    complaint,
    know_claim,
    registered,
)
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

OUTBOX = kernel.tables["outbox"]


async def subjects(complaints: ServiceUnderTest) -> list[str]:
    return [one["subject"] for one in await complaints.rows(OUTBOX)]


async def told_of(complaints: ServiceUnderTest) -> list[Any]:
    """The events about complaints; those of messages are about the message."""
    return [one for one in await complaints.rows(OUTBOX) if ".notice." not in one["subject"]]


async def test_a_complaint_starts_its_clock_on_the_day_of_receipt_and_belongs_to_the_branch(
    complaints: ServiceUnderTest,
) -> None:
    told = await registered(complaints)
    assert told["complaint_no"].endswith("-32-000001")
    assert (told["owner_path"], told["org_path"]) == ("00.32", "00.32.3201.320102")
    assert (told["rule"], told["status"]) == ("r2020", "registered")
    [event] = await told_of(complaints)
    due = (legal_day(process_now()) + timedelta(days=15)).isoformat()
    assert event["event"]["data"]["due_on"] == due
    assert "司徒岚" not in str(event["event"])


async def test_the_rule_of_the_day_of_receipt_binds_the_complaint(complaints: ServiceUnderTest) -> None:
    old = await registered(complaints, received_at="2020-02-20T10:00:00+08:00", received_reason="补录")
    new = await registered(complaints, received_at="2020-03-02T10:00:00+08:00", received_reason="补录")
    assert (old["rule"], old["clock"]["deadlines"][0]["due_on"]) == ("r2013", "2020-03-05")
    assert (new["rule"], new["clock"]["deadlines"][0]["due_on"]) == ("r2020", "2020-03-17")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"received_at": "2999-01-01T00:00:00+08:00"}, "occurred_in_future"),
        ({"received_at": "2026-01-05T00:00:00+08:00"}, "reason_required"),
        ({"channel": "letter"}, "validation_failed"),
        ({"channel": "pigeon"}, "validation_failed"),
        ({"channel": "visit", "complainant": {"name": "司徒岚", "count": 9}}, "validation_failed"),
        ({"about": {"claim_no": "C-unknown"}}, "reference_not_found"),
        ({"about": {"staff_no": ["nobody"]}}, "reference_not_found"),
        ({"received_by": "x"}, "unknown_property"),
    ],
)
async def test_a_refused_registration_leaves_nothing(
    complaints: ServiceUnderTest, changes: dict[str, Any], code: str
) -> None:
    answer = await complaints.post(AGENT, "/v1/complaints", complaint(**changes))
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert await subjects(complaints) == []
    assert await complaints.rows(kernel.tables["audit_entries"]) == []


async def test_another_branchs_taker_keeps_number_and_id_only(complaints: ServiceUnderTest) -> None:
    await know_claim(complaints)
    taker = actor("service_agent", "00.33.3301.330102")
    told = await registered(complaints, taker, about={"claim_no": CLAIM_NO})
    assert set(told) == {"id", "complaint_no"}
    assert (await complaints.get(taker, f"/v1/complaints/{told['id']}")).status_code == 404
    mine = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert (mine["org_path"], mine["owner_path"], mine["claim_no"]) == ("00.32", "00.32", CLAIM_NO)


async def test_from_assignment_to_the_telling(complaints: ServiceUnderTest) -> None:
    claim_id = await know_claim(complaints)
    told = await assigned(complaints, about={"claim_no": CLAIM_NO})
    told = await act(complaints, OFFICER, told, "investigations", {"step": "与客户通话", "contacted": True})
    told = await act(complaints, OFFICER, told, "decisions", REPLY)
    told = await act(complaints, OFFICER, told, "notifications", TOLD | {"notified_at": rfc3339(process_now())})
    assert told["status"] == "notified"
    events = await told_of(complaints)
    assert [one["subject"].split(".")[2] for one in events] == ["registered", "decided", "notified"]
    assert events[1]["event"]["data"]["claim_id"] == str(claim_id)
    assert [one["event"]["recordversion"] for one in events] == [1, 2, 3]
    history = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}/history")).json()["items"]
    assert [one["action"] for one in history] == [
        "register", "check_identity", "assign", "investigate", "decide", "notify",
    ]  # fmt: skip


async def test_below_the_branch_nobody_decides(complaints: ServiceUnderTest) -> None:
    told = await assigned(complaints)
    told = await act(complaints, OFFICER, told, "investigations", {"step": "核查"})
    answer = await complaints.post(AGENT, f"/v1/complaints/{told['id']}/decisions", REPLY, version=told["version"])
    assert (answer.status_code, answer.json()["code"]) == (403, "action_not_permitted")


@pytest.mark.parametrize("part", ["findings", "basis", "reasons", "outcome"])
async def test_a_reply_says_everything_it_must(complaints: ServiceUnderTest, part: str) -> None:
    told = await assigned(complaints)
    told = await act(complaints, OFFICER, told, "investigations", {"step": "核查"})
    answer = await complaints.post(
        OFFICER, f"/v1/complaints/{told['id']}/decisions", REPLY | {part: " "}, version=told["version"]
    )
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [f"#/{part}"]


async def test_whoever_is_involved_or_manages_the_involved_stays_out(complaints: ServiceUnderTest) -> None:
    await know_claim(complaints, duties=(SURVEYOR,), seller=DEPUTY)
    told = await registered(complaints, about={"claim_no": CLAIM_NO})
    told = await act(complaints, AGENT, told, "identity-checks", {"result": "confirmed"})
    path = f"/v1/complaints/{told['id']}/assignments"
    named = {"officer_person_id": str(DEPUTY.person_id)}
    refused = await complaints.post(HEAD, path, named, version=told["version"])
    assert (refused.status_code, refused.json()["code"], refused.json()["ground"]) == (403, "recused", "seller")
    candidates = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}/officer-candidates")).json()["items"]
    assert {(one["staff_no"], one["eligible"]) for one in candidates} == {
        (OFFICER.staff_no, True), (DEPUTY.staff_no, False), (ABOVE.staff_no, True),
    }  # fmt: skip
    chosen = await complaints.post(HEAD, path, {}, version=told["version"])
    assert chosen.json()["told"]["officer"]["person_id"] == str(OFFICER.person_id)
    read = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert read["recused"] == 3, "the surveyor, the surveyor's head, the seller"
    assert str(SURVEYORS_HEAD.person_id) not in str(read)


async def test_the_person_complained_about_does_not_find_the_complaint(complaints: ServiceUnderTest) -> None:
    told = await registered(complaints, about={"staff_no": [HEAD.staff_no]})
    assert (await complaints.get(HEAD, f"/v1/complaints/{told['id']}")).status_code == 404
    listed = (await complaints.get(HEAD, "/v1/complaints?include_total=true")).json()
    assert (listed["items"], listed["total"]) == ([], 0)
    counted = (await complaints.get(HEAD, "/v1/complaints/statistics")).json()
    assert counted["total"] == 0
    assert (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).status_code == 200


async def test_with_every_officer_of_the_branch_involved_head_office_gets_it(complaints: ServiceUnderTest) -> None:
    await know_claim(complaints, duties=(OFFICER, DEPUTY))
    told = await assigned(complaints, about={"claim_no": CLAIM_NO})
    read = (await complaints.get(ABOVE, f"/v1/complaints/{told['id']}")).json()
    assert read["officer"]["person_id"] == str(ABOVE.person_id)


async def test_an_extension_needs_its_telling_and_the_last_one_its_approval(complaints: ServiceUnderTest) -> None:
    told = await assigned(complaints)
    told = await act(complaints, OFFICER, told, "investigations", {"step": "核查"})
    path, now = f"/v1/complaints/{told['id']}/extensions", rfc3339(process_now())
    for body, code in (
        ({"days": 15, "reason": "案情复杂"}, "extension_not_told"),
        ({"days": 15, "reason": " ", "told_at": now}, "reason_required"),
    ):
        refused = await complaints.post(OFFICER, path, body, version=told["version"])
        assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    jump = await complaints.post(OFFICER, path, {"days": 30, "reason": "x", "told_at": now}, version=told["version"])
    assert (jump.status_code, jump.json()["code"]) == (409, "state_conflict")
    told = await act(complaints, OFFICER, told, "extensions", {"days": 15, "reason": "案情复杂", "told_at": now})
    assert told["status"] == "extended_30"
    last = {"days": 30, "reason": "等待鉴定", "told_at": now}
    refused = await complaints.post(OFFICER, path, last, version=told["version"])
    assert (refused.status_code, refused.json()["code"]) == (422, "extension_not_approved")
    approved = last | {"approval": {"approved_at": now, "approver_staff_no": ABOVE.staff_no}}
    told = await act(complaints, OFFICER, told, "extensions", approved)
    read = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert read["due_on"] == (legal_day(process_now()) + timedelta(days=60)).isoformat()


async def test_merged_and_withdrawn_complaints_stay_in_the_counts(complaints: ServiceUnderTest) -> None:
    kept, joined, gone = [await registered(complaints) for _ in range(3)]
    await act(complaints, OFFICER, joined, "merges", {"into": kept["id"]})
    await act(complaints, AGENT, gone, "withdrawals", {"withdrawn_at": rfc3339(process_now()), "reason": "客户撤诉"})
    counted = (await complaints.get(OFFICER, "/v1/complaints/statistics?group_by=unit,cause,channel")).json()
    assert counted["total"] == 3
    assert counted["items"][0]["group"] == {"unit": "320102", "cause": "survey_late", "channel": "phone"}
    assert (await subjects(complaints)).count("complaints.complaint.withdrawn.v1") == 2
    itself = await complaints.post(
        OFFICER, f"/v1/complaints/{kept['id']}/merges", {"into": kept["id"]}, version=kept["version"]
    )
    assert (itself.status_code, itself.json()["code"]) == (422, "validation_failed")


async def test_a_passed_period_is_told_once(complaints: ServiceUnderTest) -> None:
    old = await registered(complaints, received_at="2026-01-05T10:00:00+08:00", received_reason="补录")
    await registered(complaints)
    assert await run_once(complaints.db, BREACHES) == 1
    assert await run_once(complaints.db, BREACHES) == 0
    assert (await subjects(complaints)).count("complaints.deadline.breached.v1") == 1
    read = (await complaints.get(OFFICER, f"/v1/complaints/{old['id']}")).json()
    assert read["breached_at"]
    assert read["version"] == old["version"], "a mark is no new version"


async def test_a_stale_version_is_told_and_nothing_is_written(complaints: ServiceUnderTest) -> None:
    told = await registered(complaints)
    path = f"/v1/complaints/{told['id']}/identity-checks"
    stale = await complaints.post(AGENT, path, {"result": "confirmed"}, version=7)
    assert (stale.status_code, stale.json()["current_version"]) == (412, told["version"])
    missing = await complaints.post(AGENT, path, {"result": "confirmed"})
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_missing")
    assert await complaints.rows(Base.metadata.tables["complaint_facts"]) == []
