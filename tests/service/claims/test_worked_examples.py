"""The worked examples through HTTP, to the cent; what other claims, advances and earlier payments leave of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from services.claims.adjustment.handlers import record_prior_payment, settle_limits
from services.claims.adjustment.tables import LimitEntry
from services.claims.claim.tables import Claim
from shared.actor import machine
from tests.support.calculations import ACCIDENT, EMPLOYERS, L1_FACTS, L2_FACTS, PUBLIC, SCALE, one
from tests.support.claims_world import BRANCH, CENTRAL, SUB, ClaimsWorld, adjuster, approver
from tests.support.services import ServiceUnderTest

P1_COVER = {"sum_insured": "500000.00", "disability_scale": SCALE, "benefit_days": 180}


@pytest.fixture
def world(claims: ServiceUnderTest) -> ClaimsWorld:
    return ClaimsWorld(claims)


def amounts(sheet: dict[str, Any]) -> dict[str, str]:
    return {each["ref"]: each["amount"] for each in sheet["claimants"]}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def decide(world: ClaimsWorld, claim_id: Any, *opinions: str, by: str, **stated: Any) -> None:
    await world.opinions(claim_id, *opinions)
    answer = await world.approve(approver(by), claim_id, "decision", **stated)
    assert answer.status_code == 201, answer.text


# ------------------------------------------------------------------------------------------ worked examples


async def test_public_liability_at_seventy_per_cent_fault_comes_out_to_the_cent(world: ClaimsWorld) -> None:
    claim_id = await world.claim(await world.policy(PUBLIC), status="registered")
    answer = await world.assess(claim_id, L1_FACTS)
    assert (answer.status_code, answer.json()["number"], answer.json()["claim"]["status"]) == (200, 1, "assessing")
    claim_id = await world.claim(await world.policy(PUBLIC))
    assert (await world.assess(claim_id, L1_FACTS)).status_code == 200
    answer = await world.calculate(claim_id)
    told = answer.json()
    assert answer.status_code == 201, answer.text
    assert amounts(told) == {"A": "226400.00", "B": "15785.35", "C": "2550.00"}
    assert (told["indemnity_amount"], told["expense_amount"], told["gross_amount"]) == (
        "244735.35",
        "15000.00",
        "259735.35",
    )
    assert (told["sheet_version"], told["payable_amount"], told["claim"]["status"]) == (1, "259735.35", "calculated")
    assert answer.headers["etag"] == f'"{told["claim"]["version"]}"'
    assert all(line["explanation"]["zh"] and line["explanation"]["en"] for line in told["lines"])


async def test_an_own_share_of_sixty_per_cent_leaves_the_gross_whole(world: ClaimsWorld) -> None:
    claim_id = await world.calculated(await world.policy(PUBLIC | {"own_share": "0.60"}), L1_FACTS)
    told = (await world.service.get(adjuster(), f"/v1/claims/{claim_id}/calculation-sheets")).json()["items"][0]
    assert (told["gross_amount"], told["own_share_amount"], told["coinsurer_amount"]) == (
        "259735.35",
        "155841.21",
        "103894.14",
    )


async def test_employers_liability_with_three_workers_comes_out_to_the_cent(world: ClaimsWorld) -> None:
    claim_id = await world.calculated(await world.policy(EMPLOYERS), L2_FACTS)
    told = (await world.service.get(adjuster(), f"/v1/claims/{claim_id}/calculation-sheets")).json()["items"][0]
    assert amounts(told) == {"W1": "625440.00", "W2": "420000.00", "W3": "37680.00"}
    assert told["gross_amount"] == "1083120.00"
    assert told["limits_used"]["aggregate_limit"] == "1083120.00"


async def test_death_after_disability_pays_the_rest_of_the_sum(world: ClaimsWorld) -> None:
    policy_id = await world.policy(P1_COVER, line="accident")
    injured = [{"name": "司徒海", "id_no": "11010519491231002X"}]
    same: dict[str, Any] = {"line": "accident", "injured": injured}
    facts = one({"kind": "disability", "grades": [7]}, kind="insured_person", name="司徒海")
    first = await world.calculated(policy_id, facts, **same)
    await decide(world, first, SUB, CENTRAL, by=BRANCH)
    accident_id = (await world.row(first)).accident_id
    died = {"kind": "death", "occurred_on": str((world.loss_at + timedelta(days=19)).date())}
    second = await world.calculated(
        policy_id, one(died, kind="insured_person", name="司徒海"), accident_id=accident_id, **same
    )
    assert (await world.row(second)).gross_amount == Decimal("300000.00")
    seen = (await world.service.get(approver(SUB), f"/v1/claims/{second}/approval")).json()
    assert seen["accident_total_amount"] == "500000.00"


async def test_a_second_accident_deducts_what_the_first_paid_and_exhausts_the_medical_sum(world: ClaimsWorld) -> None:
    policy_id = await world.policy(ACCIDENT, line="accident")
    await world.insured(policy_id, "P-07")
    first = one(
        {"kind": "disability", "grades": [8, 8, 9]},
        {"kind": "medical", "amount": "18640.80", "other_sources_amount": "9200.00"},
        kind="insured_person",
    )
    first["claimants"][0]["ref"] = "P-07"
    claim_id = await world.calculated(policy_id, first, line="accident")
    assert (await world.row(claim_id)).gross_amount == Decimal("128406.72")
    await decide(world, claim_id, SUB, CENTRAL, by=BRANCH)
    later = one(
        {"kind": "disability", "grades": [5], "includes_earlier_injury": True},
        {"kind": "medical", "amount": "42000.00", "other_sources_amount": "15000.00"},
        kind="insured_person",
    )
    later["claimants"][0]["ref"] = "P-07"
    second = await world.claim(policy_id, line="accident", loss_at=world.loss_at + timedelta(days=10))
    await world.assess(second, later)
    told = (await world.calculate(second)).json()
    assert {line["kind"]: line["amount"] for line in told["lines"]} == {"disability": "60000.00", "medical": "21593.28"}


async def test_what_was_not_priced_for_social_insurance_is_not_deducted(world: ClaimsWorld) -> None:
    policy_id = await world.policy(ACCIDENT | {"social_deduction_priced": False}, line="accident")
    bill = {"kind": "medical", "amount": "18640.80", "other_sources_amount": "9200.00"}
    claim_id = await world.calculated(policy_id, one(bill, kind="insured_person"), line="accident")
    assert (await world.row(claim_id)).gross_amount == Decimal("16686.72")


# ------------------------------------------------------------------------------------------ what others leave


async def test_another_claim_of_the_accident_leaves_less_of_its_limit_and_bears_the_deductible(
    world: ClaimsWorld,
) -> None:
    policy_id = await world.policy(PUBLIC | {"limit_per_accident": "10000.00"})
    facts = one({"kind": "property", "amount": "6000.00"}, {"kind": "mental_distress", "amount": "3000.00"})
    first = await world.calculated(policy_id, facts)
    assert (await world.row(first)).gross_amount == Decimal("7000.00")
    await decide(world, first, by=SUB)
    second = await world.calculated(policy_id, facts, accident_id=first)
    assert (await world.row(second)).gross_amount == Decimal("3000.00")  # the deductible is borne, 3,000 are left
    elsewhere = await world.calculated(policy_id, facts)
    assert (await world.row(elsewhere)).gross_amount == Decimal("7000.00")


async def test_the_same_person_in_two_claims_of_an_accident_has_one_limit(world: ClaimsWorld) -> None:
    policy_id = await world.policy(PUBLIC | {"limit_per_person": "9000.00"})
    facts = one({"kind": "mental_distress", "amount": "8000.00"}, id_no="11010519491231002X")
    first = await world.calculated(policy_id, facts)
    await decide(world, first, by=SUB)
    second = await world.calculated(policy_id, facts, accident_id=first)
    assert (await world.row(second)).gross_amount == Decimal("1000.00")
    stranger = await world.calculated(
        policy_id, one({"kind": "mental_distress", "amount": "8000.00"}), accident_id=first
    )
    assert (await world.row(stranger)).gross_amount == Decimal("8000.00")


async def test_an_advance_is_deducted_from_what_is_payable_and_authority_stays_with_the_gross(
    world: ClaimsWorld,
) -> None:
    policy_id = await world.policy(PUBLIC)
    facts = one({"kind": "mental_distress", "amount": "12000.00"})
    claim_id = await world.calculated(policy_id, facts)
    await pay_before(world, claim_id, "advance", "5000.00")
    await world.opinions(claim_id, SUB)
    outdated = await world.approve(approver(CENTRAL), claim_id, "decision")
    assert code(outdated) == (409, "sheet_outdated")
    assert outdated.json()["changed"] == ["paid_before"]
    told = (await world.calculate(claim_id)).json()
    assert (told["gross_amount"], told["advances_deducted"], told["payable_amount"]) == (
        "12000.00",
        "5000.00",
        "7000.00",
    )
    assert code(await world.approve(approver(SUB), claim_id, "decision")) == (403, "authority_exceeded")
    await decide(world, claim_id, SUB, by=CENTRAL)
    seen = (await world.service.get(approver(SUB), f"/v1/claims/{claim_id}/approval")).json()
    assert [each["amount"] for each in seen["advances"]] == ["5000.00"]


async def test_a_reopened_claim_takes_its_limits_anew_instead_of_twice(world: ClaimsWorld) -> None:
    policy_id = await world.policy({"basis": "fault", "aggregate_limit": "10000.00"})
    claim_id = await world.calculated(policy_id, one({"kind": "mental_distress", "amount": "6000.00"}))
    await decide(world, claim_id, by=SUB)
    async with world.service.db.transaction(machine("claims")) as tx:
        await settle_limits(tx, claim_id)
        claim = await tx.find(Claim, claim_id)
        claim.status, claim.reopened_count, claim.outcome = "reopened", 1, None
        claim.documents_complete_at = claim.reported_at
    await pay_before(world, claim_id, "payment", "6000.00")
    answer = await world.assess(claim_id, one({"kind": "mental_distress", "amount": "9000.00"}))
    assert answer.json()["claim"]["status"] == "documents_complete"
    told = (await world.calculate(claim_id)).json()
    assert (told["gross_amount"], told["payable_amount"]) == ("9000.00", "3000.00")
    await decide(world, claim_id, SUB, CENTRAL, by=BRANCH)
    held = await world.service.rows(LimitEntry.__table__, limit_name="aggregate_limit")
    assert sorted((each["state"], str(each["amount"])) for each in held) == [
        ("released", "6000.00"),
        ("reserved", "9000.00"),
    ]
    other = await world.calculated(policy_id, one({"kind": "mental_distress", "amount": "6000.00"}))
    assert (await world.row(other)).gross_amount == Decimal("1000.00")


async def test_an_endorsement_that_arrives_late_makes_the_sheet_outdated(world: ClaimsWorld) -> None:
    policy_id = await world.policy(PUBLIC)
    claim_id = await world.calculated(policy_id, one({"kind": "mental_distress", "amount": "5000.00"}))
    earlier: dict[str, Any] = {"effective_at": world.loss_at - timedelta(days=5), "made_at": world.loss_at}
    await world.policy(PUBLIC, policy_id=policy_id, number=2, **earlier)
    outdated = await world.approve(approver(SUB), claim_id, "decision")
    assert (code(outdated), outdated.json()["changed"]) == ((409, "sheet_outdated"), ["policy_version"])
    await world.calculate(claim_id)
    await decide(world, claim_id, by=SUB)


async def pay_before(world: ClaimsWorld, claim_id: Any, kind: str, amount: str) -> None:
    """As the room of advances or payments notes it."""
    async with world.service.db.transaction(machine("claims")) as tx:
        claim = await tx.find(Claim, claim_id)
        record_prior_payment(tx, claim, kind, Decimal(amount), uuid4())
