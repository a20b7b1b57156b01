"""Every refusal that the plan and the rule of 2020 demand of a complaint, with its status and code; nothing is written.

CO-1 the branch owns and decides; CO-2 nothing is deleted or re-dated; CO-3a nobody with an interest handles it, no
officer sells or adjusts (see `test_named_officers`); CO-3b what each channel brings along; then the periods, the reply,
the telling, the review, the early ends and the money.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.complaints.complaint.tables import Complaint
from shared.clock import process_now, rfc3339
from shared.directory import directory_persons
from shared.kernel import kernel
from tests.support.complaint_acts import now, set_back, today, told_of, uploaded, working
from tests.support.complaint_world import (
    ABOVE,
    AGENT,
    CLAIM_NO,
    HEAD,
    OFFICER,
    REPLY,
    SURVEYOR,
    SURVEYORS_HEAD,
    TOLD,
    act,
    appoint,
    assigned,
    complaint,
    know_claim,
    registered,
)
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

Made = Callable[[ServiceUnderTest], Awaitable[dict[str, Any]]]
JUNIOR = actor("complaint_officer", "00.32", name="junior")
LONG_AGO = {"received_at": "2026-01-05T10:00:00+08:00", "received_reason": "补录"}


def at(**back: float) -> str:
    return rfc3339(process_now() - timedelta(**back))


def codes(answer: httpx.Response) -> set[str]:
    """The code of the problem and those of its parts."""
    body = answer.json()
    return {body["code"], *(one["code"] for one in body.get("errors", ()))}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel": None}, "validation_failed"),
        ({"channel": "fax"}, "channel_unknown"),
        ({"content": " "}, "content_required"),
        ({"channel": "letter"}, "letter_scan_required"),
        ({"received_at": at(hours=-1)}, "occurred_in_future"),
        ({"received_at": at(days=2)}, "reason_required"),
        ({"received_at": "2012-05-01T10:00:00+08:00", "received_reason": "补录"}, "no_complaint_rule"),
        ({"about": {"claim_no": "C2026-32-999999"}}, "reference_not_found"),
        ({"about": {"policy_no": "PLL-unknown"}}, "reference_not_found"),
        ({"about": {"staff_no": ["E-unknown"]}}, "reference_not_found"),
    ],
)
async def test_co_3b_what_a_registration_is_refused_for(
    complaints: ServiceUnderTest, changes: dict[str, Any], code: str
) -> None:
    body = {name: value for name, value in complaint(**changes).items() if value is not None}
    answer = await complaints.post(AGENT, "/v1/complaints", body)
    assert (answer.status_code, code in codes(answer)) == (422, True), answer.text
    assert await complaints.rows(Complaint.__table__) == []


async def test_co_1_a_complaint_always_has_an_owner_and_only_the_branch_decides_and_ends_it(
    complaints: ServiceUnderTest,
) -> None:
    nowhere = await registered(complaints, actor("service_agent", "00", name="agent-00"))
    assert nowhere["owner_path"] == "00", "without any branch it lies at head office's desk"
    told = await working(complaints)
    below = [
        actor(position, path, name=f"{position}-{path}")
        for position in ("service_agent", "department_head")
        for path in ("00.32.3201", "00.32.3201.320102")
    ]
    for who in below:
        for path, body in (("decisions", REPLY), ("notifications", TOLD | {"notified_at": now()})):
            answer = await complaints.post(who, f"/v1/complaints/{told['id']}/{path}", body, version=told["version"])
            assert (answer.status_code, answer.json()["code"]) == (403, "action_not_permitted"), (who.scope, path)


async def test_co_2_nothing_is_deleted_or_dated_anew(complaints: ServiceUnderTest) -> None:
    told = await registered(complaints)
    for method in ("DELETE", "PUT", "PATCH"):
        answer = await complaints.call(OFFICER, method, f"/v1/complaints/{told['id']}", {"received_at": now()})
        assert answer.status_code == 405, method
    routes = [one for one in complaints.app.openapi()["paths"] if "delete" in complaints.app.openapi()["paths"][one]]
    assert not [one for one in routes if one.startswith(("/v1/complaints", "/v1/mis-selling"))]


@pytest.mark.parametrize("ground", ["named", "direct_report", "superior", "claim_duty", "seller"])
async def test_co_3a_nobody_with_an_interest_is_given_the_complaint(complaints: ServiceUnderTest, ground: str) -> None:
    await appoint(complaints, JUNIOR)
    duties, seller, about = (), None, {}
    match ground:
        case "named":
            about = {"staff_no": [JUNIOR.staff_no]}
        case "direct_report":
            about = {"staff_no": [HEAD.staff_no]}
        case "superior":
            about = {"staff_no": [SURVEYOR.staff_no]}
        case "claim_duty":
            duties, about = (JUNIOR,), {"claim_no": CLAIM_NO}
        case "seller":
            seller, about = JUNIOR, {"claim_no": CLAIM_NO}
    await know_claim(complaints, duties=duties, seller=seller)
    told = await registered(complaints, about=about)
    told = await act(complaints, AGENT, told, "identity-checks", {"result": "confirmed"})
    whom = SURVEYORS_HEAD if ground == "superior" else JUNIOR
    by = ABOVE if ground == "direct_report" else HEAD
    body = {"officer_person_id": str(whom.person_id)}
    answer = await complaints.post(by, f"/v1/complaints/{told['id']}/assignments", body, version=told["version"])
    assert (answer.status_code, answer.json()["code"], answer.json()["ground"]) == (403, "recused", ground)


async def test_co_3a_with_everybody_involved_nobody_gets_it(complaints: ServiceUnderTest) -> None:
    everybody = [row["staff_no"] for row in await complaints.rows(directory_persons)]
    officers = [one for one in everybody if "officer" in one]
    told = await registered(complaints, about={"staff_no": officers})
    told = await act(complaints, AGENT, told, "identity-checks", {"result": "confirmed"})
    answer = await complaints.post(HEAD, f"/v1/complaints/{told['id']}/assignments", {}, version=told["version"])
    assert (answer.status_code, answer.json()["code"]) == (409, "no_eligible_officer")


async def _waiting(complaints: ServiceUnderTest) -> dict[str, Any]:
    return await registered(complaints)


async def _handed(complaints: ServiceUnderTest) -> dict[str, Any]:
    return await assigned(complaints)


async def _late(complaints: ServiceUnderTest) -> dict[str, Any]:
    return await working(complaints, **LONG_AGO)


async def _decided(complaints: ServiceUnderTest) -> dict[str, Any]:
    return await act(complaints, OFFICER, await working(complaints), "decisions", REPLY)


async def _complex(complaints: ServiceUnderTest) -> dict[str, Any]:
    told = await working(complaints)
    for days, more in ((15, {}), (30, {"approval": {"approved_at": now(), "approver_staff_no": ABOVE.staff_no}})):
        body = {"days": days, "reason": "鉴定", "told_at": now()} | more
        told = await act(complaints, OFFICER, told, "extensions", body)
    return told


EXTEND = {"days": 15, "reason": "鉴定", "told_at": at()}
PAUSE = {"reason": "appraisal", "from": today(), "told_at": at()}


@pytest.mark.parametrize(
    ("made", "path", "body", "status", "code"),
    [
        (_waiting, "identity-checks", {"result": "confirmed", "papers": ["policy"]}, 422, "paper_already_held"),
        (_waiting, "assignments", {}, 409, "state_conflict"),
        (_handed, "assignments", {"officer_person_id": str(AGENT.person_id)}, 422, "not_an_officer"),
        (_handed, "investigations", {"kind": "contact", "step": "通话"}, 422, "party_required"),
        (_handed, "investigations", {"kind": "evidence", "step": "录音"}, 422, "evidence_file_required"),
        (_handed, "extensions", EXTEND, 409, "state_conflict"),
        (working, "extensions", EXTEND | {"told_at": None}, 422, "extension_not_told"),
        (working, "extensions", EXTEND | {"reason": " "}, 422, "reason_required"),
        (_late, "extensions", EXTEND, 422, "extension_told_too_late"),
        (_complex, "extensions", EXTEND | {"days": 30}, 409, "state_conflict"),
        (working, "pauses", PAUSE | {"reason": "holiday"}, 422, "validation_failed"),
        (working, "pauses", PAUSE | {"told_at": None}, 422, "pause_not_told"),
        (working, "pauses", PAUSE | {"from": today(-1)}, 422, "pause_before_receipt"),
        (_late, "pauses", PAUSE, 409, "complaint_period_over"),
        (_late, "pauses", PAUSE | {"from": "2026-01-10"}, 422, "pause_told_too_late"),
        (working, "decisions", REPLY | {"findings": " "}, 422, "part_required"),
        (working, "decisions", REPLY | {"remedies": []}, 422, "remedies_required"),
        (working, "decisions", REPLY | {"remedies": ["revenge"]}, 422, "remedy_unknown"),
        (working, "decisions", REPLY | {"remedies": ["litigation"]}, 422, "remedy_required"),
        (working, "decisions", REPLY | {"reasons": "详见附件"}, 422, "reply_says_nothing"),
        (_handed, "decisions", REPLY, 409, "state_conflict"),
        (working, "notifications", TOLD | {"notified_at": at()}, 409, "state_conflict"),
        (_decided, "notifications", TOLD | {"notified_at": at(days=1)}, 422, "notified_before_decision"),
        (_decided, "notifications", TOLD | {"notified_at": at(hours=-1)}, 422, "occurred_in_future"),
        (_waiting, "withdrawals", {"withdrawn_at": at(days=3), "reason": "撤诉"}, 422, "withdrawn_before_receipt"),
        (_decided, "withdrawals", {"withdrawn_at": at(), "reason": "撤诉"}, 409, "state_conflict"),
        (working, "compensations", {"amount": "0.00", "reason": "误工"}, 422, "amount_not_positive"),
        (_decided, "compensations", {"amount": "10.00", "reason": "误工"}, 409, "state_conflict"),
    ],
)
async def test_what_an_act_is_refused_for(
    complaints: ServiceUnderTest, made: Made, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    told = await made(complaints)
    stated = {name: value for name, value in body.items() if value is not None}
    written = len(await complaints.rows(kernel.tables["history"]))
    answer = await complaints.post(OFFICER, f"/v1/complaints/{told['id']}/{path}", stated, version=told["version"])
    assert (answer.status_code, code in codes(answer)) == (status, True), answer.text
    read = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert read["version"] == told["version"]
    assert len(await complaints.rows(kernel.tables["history"])) == written


async def test_what_new_facts_are_refused_for(complaints: ServiceUnderTest) -> None:
    late = await working(complaints, **LONG_AGO)
    paper = await uploaded(complaints, OFFICER)
    body = {"facts": "新证据", "received_on": today(), "upload_ids": [paper], "told_at": now()}
    path = f"/v1/complaints/{late['id']}/new-facts"
    over = await complaints.post(OFFICER, path, body, version=late["version"])
    assert (over.status_code, over.json()["code"]) == (409, "complaint_period_over"), "no way to open it again"
    told = await working(complaints)
    path = f"/v1/complaints/{told['id']}/new-facts"
    early = await complaints.post(OFFICER, path, body | {"received_on": today(-3)}, version=told["version"])
    assert (early.status_code, early.json()["code"]) == (422, "restart_before_period")
    ended = await told_of(complaints)
    again = await complaints.post(OFFICER, f"/v1/complaints/{ended['id']}/new-facts", body, version=ended["version"])
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")


async def test_what_a_merger_is_refused_for(complaints: ServiceUnderTest) -> None:
    first, second, third = [await registered(complaints) for _ in range(3)]
    url = f"/v1/complaints/{third['id']}/merges"
    itself = await complaints.post(OFFICER, url, {"into": third["id"]}, version=third["version"])
    assert (itself.status_code, codes(itself)) == (422, {"validation_failed", "merged_into_itself"})
    await act(complaints, OFFICER, second, "merges", {"into": first["id"]})
    chained = await complaints.post(OFFICER, url, {"into": second["id"]}, version=third["version"])
    assert (chained.status_code, chained.json()["code"]) == (409, "state_conflict")
    absent = await complaints.post(OFFICER, url, {"into": str(OFFICER.person_id)}, version=third["version"])
    assert (absent.status_code, absent.json()["code"]) == (422, "reference_not_found")


async def test_what_a_review_is_refused_for(complaints: ServiceUnderTest) -> None:
    told = await _decided(complaints)
    paper = await uploaded(complaints, AGENT)
    body = {"requested_at": now(), "grounds": "不服", "upload_ids": [paper]}
    path = f"/v1/complaints/{told['id']}/reviews"
    early = await complaints.post(AGENT, path, body, version=told["version"])
    assert (early.status_code, early.json()["code"]) == (409, "state_conflict"), "it begins with the telling"
    told = await act(complaints, OFFICER, told, "notifications", TOLD | {"notified_at": now()})
    unwritten = await complaints.post(AGENT, path, body | {"upload_ids": []}, version=told["version"])
    assert (unwritten.status_code, unwritten.json()["code"]) == (422, "validation_failed")
    before = await complaints.post(AGENT, path, body | {"requested_at": at(days=1)}, version=told["version"])
    assert (before.status_code, before.json()["code"]) == (422, "review_before_decision")
    await set_back(complaints, told, notified_at=process_now() - timedelta(days=40))
    late = await complaints.post(AGENT, path, body | {"requested_at": now()}, version=told["version"])
    assert (late.status_code, late.json()["code"]) == (409, "review_request_late")
    await set_back(complaints, told, notified_at=process_now())
    told = await act(complaints, AGENT, told, "reviews", body | {"requested_at": now()})
    decision = REPLY | {"outcome": "upheld"}
    path = f"/v1/complaints/{told['id']}/review-decisions"
    beside = actor("complaint_officer", "00.32", name="beside")
    for who, status, code in (
        (beside, 409, "review_at_wrong_unit"), (OFFICER, 403, "review_by_same_person"),
    ):  # fmt: skip
        answer = await complaints.post(who, path, decision, version=told["version"])
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    poor = await complaints.post(ABOVE, path, decision | {"reasons": "同上"}, version=told["version"])
    assert (poor.status_code, "reply_says_nothing" in codes(poor)) == (422, True)
    assert (await act(complaints, ABOVE, told, "review-decisions", decision))["status"] == "review_decided"
