"""A claim from its first notice to its decision, each step through its own route by its own person."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from tests.support.claim_life import ADJUSTER, ClaimLife
from tests.support.claims_world import ACKNOWLEDGED, SUB, ClaimsWorld, adjuster, approver

COVER = {"medical_sum_insured": "20000.00", "medical_deductible": "200.00", "medical_reimbursement_rate": "0.80"}
FACTS = {"claimants": [{"ref": "A", "kind": "insured_person", "losses": [{"kind": "medical", "amount": "4285.00"}]}]}


async def required(life: ClaimLife, claim_id: str) -> list[str]:
    """The papers that the checklist of this claim asks for."""
    answer = await life.service.get(ADJUSTER, f"/v1/claims/{claim_id}/documents")
    assert answer.status_code == 200, answer.text
    return [one["code"] for one in answer.json()["items"] if one["required"] and not one["held"]]


async def test_a_small_accident_claim_is_decided_where_it_was_reported(life: ClaimLife) -> None:
    await life.policy(cover=COVER, exclusions=ACKNOWLEDGED)
    claim_id = await life.registered()
    world = ClaimsWorld(life.service)
    assessor = adjuster(name="assessor")
    answer = await world.assess(UUID(claim_id), FACTS, assessor)
    assert (answer.status_code, answer.json()["claim"]["status"]) == (200, "assessing"), answer.text
    await life.collect(claim_id, *await required(life, claim_id))
    assert (await life.row(claim_id)).status == "documents_complete"
    sheet = await world.calculate(UUID(claim_id), assessor)
    assert (sheet.status_code, sheet.json()["gross_amount"]) == (201, "3268.00"), sheet.text
    item = (await life.items(claim_id))["approve"]
    assert (item["basis"], item["unit_code"], item["position"]) == ("DL-CL-1", "320102", "claims_approver")
    assert item["due_at"] is not None
    registrar = await world.approve(approver(SUB, f"adjuster@{SUB}"), UUID(claim_id), "decision")
    assert (registrar.status_code, registrar.json()["code"]) == (403, "separation_of_duties")
    reporter = await world.approve(approver(SUB, f"service_agent@{SUB}"), UUID(claim_id), "decision")
    assert (reporter.status_code, reporter.json()["conflicting_duty"]) == (403, "reporter")
    decided = await world.approve(approver(SUB), UUID(claim_id), "decision")
    assert decided.status_code == 201, decided.text
    row = await life.row(claim_id)
    assert (row.status, row.outcome, row.gross_amount) == ("decided", "partial", Decimal("3268.00"))


async def test_papers_that_came_before_the_assessment_leave_nothing_to_wait_for(life: ClaimLife) -> None:
    await life.policy(cover=COVER, exclusions=ACKNOWLEDGED)
    claim_id = await life.registered()
    await life.collect(claim_id, *await required(life, claim_id))
    answer = await ClaimsWorld(life.service).assess(UUID(claim_id), FACTS)
    assert answer.json()["claim"]["status"] == "documents_complete"
