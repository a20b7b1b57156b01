"""Compensation on its own ladder, the reply as a letter, and the review above by other persons."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from typing import Any

from services.complaints.compensation.tables import Compensation
from services.complaints.complaint.tables import Complaint
from shared.clock import process_now
from shared.kernel import kernel
from tests.support.complaint_acts import now, set_back, told_of, uploaded, working
from tests.support.complaint_world import ABOVE, AGENT, DEPUTY, OFFICER, REPLY, TOLD, act, registered
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

LIMITED = [("complaint_compensation", "liability", "20000.00")]
OFFICER_1 = actor("complaint_officer", "00.32", name="officer-1", limits=LIMITED)
OFFICER_2 = actor("complaint_officer", "00.32", name="officer-2", limits=LIMITED)
HEAD_OFFICE = actor(
    "complaint_officer", "00", name="officer-00", limits=[("complaint_compensation", "liability", None)]
)


async def proposed(complaints: ServiceUnderTest, amount: str) -> tuple[dict[str, Any], str]:
    told = await working(complaints)
    body = {"amount": amount, "reason": "误工"}
    answer = await complaints.post(
        OFFICER_1, f"/v1/complaints/{told['id']}/compensations", body, version=told["version"]
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["complaint"], answer.json()["id"]


async def step(
    complaints: ServiceUnderTest, who: Any, told: dict[str, Any], one: str, kind: str, amount: str,
    outcome: str = "approve", **more: Any,
) -> Any:  # fmt: skip
    body = {"kind": kind, "amount": amount, "outcome": outcome, **more}
    path = f"/v1/complaints/{told['id']}/compensations/{one}/approvals"
    return await complaints.post(who, path, body, version=told["version"])


async def test_a_compensation_within_the_branchs_limit_is_decided_by_another_officer_and_told(
    complaints: ServiceUnderTest,
) -> None:
    told, one = await proposed(complaints, "20000.00")
    early = await complaints.post(OFFICER, f"/v1/complaints/{told['id']}/decisions", REPLY, version=told["version"])
    assert (early.status_code, early.json()["code"]) == (409, "compensation_undecided")
    own = await step(complaints, OFFICER_1, told, one, "decision", "20000.00")
    assert (own.status_code, own.json()["code"]) == (403, "separation_of_duties")
    other = await step(complaints, OFFICER_2, told, one, "decision", "19999.00")
    assert (other.status_code, other.json()["code"]) == (409, "compensation_amount_differs")
    done = await step(complaints, OFFICER_2, told, one, "decision", "20000.00")
    assert (done.status_code, done.json()["status"]) == (201, "approved"), done.text
    told = done.json()["complaint"]
    again = await complaints.post(
        OFFICER_1, f"/v1/complaints/{told['id']}/compensations", {"amount": "1.00", "reason": "x"},
        version=told["version"],
    )  # fmt: skip
    assert (again.status_code, again.json()["code"]) == (409, "compensation_open")
    told = await act(complaints, OFFICER, told, "decisions", REPLY)
    decided = [one for one in await complaints.rows(kernel.tables["outbox"]) if ".decided." in one["subject"]]
    assert decided[0]["event"]["data"]["compensation_amount"] == "20000.00"
    payments = f"/v1/complaints/{told['id']}/compensations/{one}/payments"
    body = {"paid_at": now(), "reference": "P-1"}
    approver = await complaints.post(OFFICER_2, payments, body, version=told["version"])
    assert (approver.status_code, approver.json()["code"]) == (403, "separation_of_duties")
    paid = await complaints.post(OFFICER_1, payments, body, version=told["version"])
    assert (paid.status_code, paid.json()["status"]) == (201, "paid"), paid.text


async def test_above_the_branchs_limit_head_office_decides_after_the_branchs_opinion(
    complaints: ServiceUnderTest,
) -> None:
    told, one = await proposed(complaints, "20000.01")
    above = await step(complaints, OFFICER_2, told, one, "decision", "20000.01")
    assert (above.status_code, above.json()["code"]) == (403, "authority_exceeded")
    skipped = await step(complaints, HEAD_OFFICE, told, one, "decision", "20000.01")
    assert (skipped.status_code, skipped.json()["code"]) == (409, "wrong_step")
    first = await step(complaints, OFFICER_2, told, one, "opinion", "20000.01")
    assert (first.status_code, first.json()["status"]) == (201, "proposed"), first.text
    told = first.json()["complaint"]
    last = await step(complaints, HEAD_OFFICE, told, one, "decision", "20000.01", "refuse")
    assert (last.status_code, last.json()["code"]) == (422, "reason_required")
    last = await step(complaints, HEAD_OFFICE, told, one, "decision", "20000.01", "refuse", reason_code="amount")
    assert last.json()["status"] == "refused"
    shown = await complaints.get(OFFICER, f"/v1/complaints/{told['id']}/compensations/{one}/approval")
    assert [one["kind"] for one in shown.json()["steps"]] == ["opinion", "decision"]
    read = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert read["compensation"] == {"amount": "20000.01", "status": "refused"}


async def test_two_proposals_at_once_leave_one(complaints: ServiceUnderTest) -> None:
    told = await working(complaints)
    path, body = f"/v1/complaints/{told['id']}/compensations", {"amount": "10.00", "reason": "误工"}
    answers = await asyncio.gather(
        *(complaints.post(who, path, body, version=told["version"]) for who in (OFFICER_1, OFFICER_2))
    )
    assert sorted(one.status_code for one in answers) == [201, 412]
    assert len(await complaints.rows(Compensation.__table__)) == 1


async def test_two_decisions_at_once_leave_one(complaints: ServiceUnderTest) -> None:
    told = await working(complaints)
    path = f"/v1/complaints/{told['id']}/decisions"
    answers = await asyncio.gather(
        *(complaints.post(who, path, REPLY, version=told["version"]) for who in (OFFICER, DEPUTY))
    )
    assert sorted(one.status_code for one in answers) == [201, 412]
    subjects = [one["subject"] for one in await complaints.rows(kernel.tables["outbox"])]
    assert subjects.count("complaints.complaint.decided.v1") == 1


async def test_two_that_merge_into_each_other_leave_one_alive(complaints: ServiceUnderTest) -> None:
    one, two = await registered(complaints), await registered(complaints)
    answers = await asyncio.gather(
        complaints.post(OFFICER, f"/v1/complaints/{one['id']}/merges", {"into": two["id"]}, version=1),
        complaints.post(DEPUTY, f"/v1/complaints/{two['id']}/merges", {"into": one["id"]}, version=1),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert sorted(row["status"] for row in await complaints.rows(Complaint.__table__)) == ["merged", "registered"]


async def test_the_reply_is_a_letter_and_its_receipt_is_the_telling(complaints: ServiceUnderTest) -> None:
    told = await working(complaints)
    letters = f"/v1/complaints/{told['id']}/letters"
    early = await complaints.post(OFFICER, letters, {"kind": "reply"})
    assert (early.status_code, early.json()["code"]) == (409, "letter_not_due")
    unknown = await complaints.post(OFFICER, letters, {"kind": "poem"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "letter_unknown")
    told = await act(complaints, OFFICER, told, "decisions", REPLY)
    dry = (await complaints.post(OFFICER, f"{letters}?dry_run=true", {"kind": "reply"})).json()
    assert base64.b64decode(dry["page"]).startswith(b"%PDF")
    made = await complaints.post(OFFICER, letters, {"kind": "reply"})
    assert made.status_code == 201, made.text
    receipt = f"{letters}/{made.json()['letter_id']}/receipts"
    served = await complaints.post(OFFICER, receipt, {"at": now(), "method": "posted"}, version=told["version"])
    assert served.status_code == 201, served.text
    read = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert (read["status"], bool(read["notified_at"])) == ("notified", True)


async def test_a_telling_without_proof_and_a_reply_that_says_nothing_are_refused(
    complaints: ServiceUnderTest,
) -> None:
    told = await working(complaints)
    path = f"/v1/complaints/{told['id']}"
    poor = await complaints.post(OFFICER, f"{path}/decisions", REPLY | {"findings": "属实"}, version=told["version"])
    assert (poor.status_code, poor.json()["errors"][0]["code"]) == (422, "reply_too_short")
    told = await act(complaints, OFFICER, told, "decisions", REPLY)
    bare = {"method": "phone", "notified_at": now()}
    refused = await complaints.post(OFFICER, f"{path}/notifications", bare, version=told["version"])
    assert (refused.status_code, refused.json()["code"]) == (422, "notification_proof_required")


async def test_a_lead_is_decided_and_nobody_is_told(complaints: ServiceUnderTest) -> None:
    told = await working(complaints, complainant={})
    told = await act(complaints, OFFICER, told, "decisions", REPLY)
    body = TOLD | {"notified_at": now()}
    refused = await complaints.post(
        OFFICER, f"/v1/complaints/{told['id']}/notifications", body, version=told["version"]
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "nobody_to_notify")


REVIEW = {k: v for k, v in REPLY.items() if k != "outcome"} | {"outcome": "changed"}


async def test_a_review_is_decided_above_and_by_other_persons(complaints: ServiceUnderTest) -> None:
    told = await told_of(complaints)
    body = {"requested_at": now(), "grounds": "对结论不服", "upload_ids": [await uploaded(complaints, AGENT)]}
    told = await act(complaints, AGENT, told, "reviews", body)
    assert told["status"] == "review_requested"
    path = f"/v1/complaints/{told['id']}/review-decisions"
    for who, status, code in ((OFFICER, 403, "review_by_same_person"), (DEPUTY, 409, "review_at_wrong_unit")):
        refused = await complaints.post(who, path, REVIEW, version=told["version"])
        assert (refused.status_code, refused.json()["code"]) in ((status, code), (403, "review_by_same_person"))
    told = await act(complaints, ABOVE, told, "review-decisions", REVIEW)
    assert told["status"] == "review_decided"
    letter = await complaints.post(ABOVE, f"/v1/complaints/{told['id']}/letters", {"kind": "review_reply"})
    assert letter.status_code == 201, letter.text
    read = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert (read["review"]["outcome"], read["outcome"]) == ("changed", "justified")


async def test_a_review_after_its_legal_day_is_too_late(complaints: ServiceUnderTest) -> None:
    told = await told_of(complaints)
    body = {"requested_at": now(), "grounds": "对结论不服", "upload_ids": [await uploaded(complaints, AGENT)]}
    early = await registered(complaints)
    refused = await complaints.post(AGENT, f"/v1/complaints/{early['id']}/reviews", body, version=early["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")
    await set_back(complaints, told, notified_at=process_now() - timedelta(days=50))
    late = await complaints.post(AGENT, f"/v1/complaints/{told['id']}/reviews", body, version=told["version"])
    assert (late.status_code, late.json()["code"]) == (409, "review_request_late")
