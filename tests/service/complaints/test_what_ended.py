"""What others take back: a claim reported twice, and a policy that ended before its time."""

from __future__ import annotations

from uuid import UUID, uuid4

from services.complaints.complaint.tables import ClaimReference, PolicyReference
from tests.support.complaint_acts import heard, today
from tests.support.complaint_world import AGENT, CLAIM_NO, OFFICER, complaint, know_claim, registered
from tests.support.services import ServiceUnderTest


async def test_whoever_has_a_hand_in_the_kept_claim_stays_out_of_complaints_about_its_duplicate(
    complaints: ServiceUnderTest,
) -> None:
    twice, kept = await know_claim(complaints), uuid4()
    told = await registered(complaints, about={"claim_no": CLAIM_NO})
    url = f"/v1/complaints/{told['id']}"
    duty = {"claim_id": str(kept), "duty": "surveyor", "person_id": str(OFFICER.person_id)}
    await heard(complaints, "claims.duty.taken.v1", kept, duty)
    assert (await complaints.get(OFFICER, url)).status_code == 200
    cancelled = {"claim_id": str(twice), "duplicate_of": str(kept), "reason_code": "duplicate"}
    await heard(complaints, "claims.claim.cancelled.v1", twice, cancelled)
    assert (await complaints.get(OFFICER, url)).status_code == 404


async def test_a_duty_taken_on_the_kept_claim_afterwards_counts_too(complaints: ServiceUnderTest) -> None:
    twice, kept = await know_claim(complaints), uuid4()
    cancelled = {"claim_id": str(twice), "duplicate_of": str(kept), "reason_code": "duplicate"}
    await heard(complaints, "claims.claim.cancelled.v1", twice, cancelled)
    told = await registered(complaints, about={"claim_no": CLAIM_NO})
    duty = {"claim_id": str(kept), "duty": "surveyor", "person_id": str(OFFICER.person_id)}
    await heard(complaints, "claims.duty.taken.v1", kept, duty)
    assert (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).status_code == 404


async def test_a_claim_is_known_whole_also_where_its_cancellation_comes_first(complaints: ServiceUnderTest) -> None:
    claim_id, customer = uuid4(), uuid4()
    await heard(
        complaints, "claims.claim.cancelled.v1", claim_id, {"claim_id": str(claim_id), "reason_code": "withdrawn"}
    )
    report = {"claim_id": str(claim_id), "claim_no": "C2026-32-000777", "customer_id": str(customer)}
    await heard(complaints, "claims.claim.reported.v1", claim_id, report)
    [row] = await complaints.rows(ClaimReference.__table__)
    assert (row["claim_no"], row["customer_id"], row["duplicate_of"]) == ("C2026-32-000777", customer, None)
    assert row["cancelled_at"] is not None
    answer = await complaints.post(AGENT, "/v1/complaints", complaint(about={"claim_no": "C2026-32-000777"}))
    assert answer.status_code == 201, answer.text


async def test_a_policy_that_ended_before_counts_no_longer_among_the_policies(complaints: ServiceUnderTest) -> None:
    await know_claim(complaints)
    await registered(complaints, about={"claim_no": CLAIM_NO})
    [known] = await complaints.rows(PolicyReference.__table__)
    other = {**known, "policy_id": str(uuid4()), "policy_no": "PLL-2", "customer_id": str(uuid4())}
    await heard(complaints, "policy.policy.issued.v1", UUID(other["policy_id"]), other)
    ended = {"policy_id": other["policy_id"], "effective_on": today(-1), "kind": "surrender", "refund_amount": "0.00"}

    async def rate() -> str:
        answer = await complaints.get(OFFICER, f"/v1/complaints/statistics?group_by=product&from={today()}")
        return answer.json()["items"][0]["per_10_000_policies"]

    assert await rate() == "5000.00"
    await heard(complaints, "policy.policy.cancelled.v1", UUID(other["policy_id"]), ended)
    assert await rate() == "10000.00"
