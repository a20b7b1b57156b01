"""What lifts an approval, what voids it, and what is shown beside it: raises, overrides, late versions."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from services.claims.adjustment.tables import PayeePlan
from services.claims.approval.tables import ApprovalRaise, ApprovalVoiding
from services.claims.cover.tables import KeyAccount
from shared.actor import machine
from shared.kernel import kernel
from tests.support.approval_attempts import PLAIN, STEPS, action, bill, claim_of, decided, refused
from tests.support.claims_world import BRANCH, CENTRAL, HEAD, SUB, ClaimsWorld, adjuster, approver
from tests.support.services import ServiceUnderTest

REASON = {"reason_code": "complex_facts", "reason": "事实复杂，请上级决定"}
VICTIM = {"kind": "third_party", "claimant_ref": "A", "name": "司徒海", "account": "6222333344445555"}
OTHER = VICTIM | {"account": "6222999988887777"}


@pytest.fixture
def world(claims: ServiceUnderTest) -> ClaimsWorld:
    return ClaimsWorld(claims)


async def raised(world: ClaimsWorld, who: Any, claim_id: UUID, **body: Any) -> Any:
    version = (await world.row(claim_id)).version
    return await world.service.post(who, f"/v1/claims/{claim_id}/raises", REASON | body, version=version)


async def named(world: ClaimsWorld, claim_id: UUID, *payees: dict[str, Any], who: Any = None) -> Any:
    version = (await world.row(claim_id)).version
    path = f"/v1/claims/{claim_id}/payees"
    return await world.service.call(who or adjuster(), "PUT", path, {"payees": list(payees)}, version=version)


async def approval(world: ClaimsWorld, claim_id: UUID, path: str = HEAD) -> dict[str, Any]:
    answer = await world.service.get(approver(path), f"/v1/claims/{claim_id}/approval")
    assert answer.status_code == 200, answer.text
    return answer.json()


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code")


# ------------------------------------------------------------------------------------------------------------ raising


async def test_a_claim_is_taken_one_level_up_with_a_reason_and_decided_there(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "9000.00")
    assert (await action(world, approver(SUB), claim_id, "raise"))["allowed"] is True
    told = await raised(world, approver(SUB), claim_id)
    assert (told.status_code, told.json()["from_level"], told.json()["to_level"]) == (
        201, "sub_branch", "central_branch",
    )  # fmt: skip
    seen = await approval(world, claim_id)
    assert (seen["required_level"], seen["reasons"], len(seen["raises"])) == ("central_branch", ["raised"], 1)
    await refused(world, (403, "below_required_level"), approver(SUB), claim_id, "decision")
    await world.opinions(claim_id, SUB)
    again = await raised(world, approver(CENTRAL), claim_id)
    assert again.json()["to_level"] == "branch"
    await world.opinions(claim_id, CENTRAL)
    await decided(world, claim_id, approver(BRANCH))
    assert len(await world.service.rows(ApprovalRaise.__table__, claim_id=claim_id)) == 2


async def test_a_raise_is_refused_without_a_reason_out_of_turn_at_the_top_and_once_signed(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "400000.00")
    assert code(await raised(world, approver(SUB), claim_id, reason=" ")) == (422, "reason_code_required")
    assert code(await raised(world, approver(CENTRAL), claim_id)) == (409, "wrong_step")
    assert code(await raised(world, approver(SUB, "surveyor"), claim_id)) == (403, "separation_of_duties")
    await world.opinions(claim_id, SUB, CENTRAL)
    assert code(await raised(world, approver(CENTRAL), claim_id)) == (409, "wrong_step")
    assert (await world.approve(approver(BRANCH), claim_id, "decision")).status_code == 201
    head = approver(BRANCH, position="department_head")
    assert code(await raised(world, head, claim_id)) == (409, "step_already_signed")
    large = await claim_of(world, "1000000.01")
    assert code(await raised(world, approver(SUB), large)) == (409, "no_higher_level")
    assessed = await world.claim(await world.policy(PLAIN))
    assert code(await raised(world, approver(SUB), assessed)) == (409, "state_conflict")


# -------------------------------------------------------------------------------------------------------- set by hand


async def test_a_line_set_by_hand_needs_its_reason_and_one_level_more(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "9000.00")
    override = {"claimant_ref": "A", "kind": "mental_distress", "amount": "8000.00"}
    assert code(await world.calculate(claim_id, overrides=[override])) == (422, "reason_required")
    for changes, expected in (
        ({"kind": "nursing"}, "override_without_line"),
        ({"amount": "9000.01"}, "override_above_loss"),
    ):
        answer = await world.calculate(claim_id, overrides=[override | changes | {"reason": "协商"}])
        assert code(answer) == (422, expected)
    sheet = await world.calculate(claim_id, overrides=[override | {"reason": "双方协商一致"}])
    assert (sheet.status_code, sheet.json()["gross_amount"], sheet.json()["flags"]) == (
        201, "8000.00", ["manual_override"],
    )  # fmt: skip
    assert sheet.json()["overrides"][0]["reason"] == "双方协商一致"
    seen = await approval(world, claim_id)
    assert (seen["required_level"], seen["reasons"]) == ("central_branch", ["manual_override"])
    await refused(world, (403, "below_required_level"), approver(SUB), claim_id, "decision")
    await world.opinions(claim_id, SUB)
    await decided(world, claim_id, approver(CENTRAL))


async def test_an_override_above_a_limit_is_refused_and_one_that_another_claim_overtook_is_not_decided(
    world: ClaimsWorld,
) -> None:
    cover = {"basis": "fault", "aggregate_limit": "10000.00"}
    policy_id = await world.policy(cover)
    first = await world.calculated(policy_id, bill("9000.00"), accident_id=uuid4())
    hand = {"claimant_ref": "A", "kind": "mental_distress", "amount": "8500.00", "reason": "核减"}
    assert (await world.calculate(first, overrides=[hand])).status_code == 201
    second = await world.calculated(policy_id, bill("9000.00"), accident_id=uuid4())
    await decided(world, second, approver(SUB))
    await world.opinions(first, SUB)
    told = await refused(world, (409, "limit_exhausted"), approver(CENTRAL), first, "decision")
    assert (told["gross_amount"], told["available_amount"]) == ("8500.00", "1000.00")
    assert code(await world.calculate(first, overrides=[hand])) == (422, "override_above_limit")


# ------------------------------------------------------------------------------------------------ beside the approval


@pytest.mark.abuse("B04")
async def test_the_approver_sees_losses_near_in_time_of_the_same_insured_or_payee_on_other_policies(
    world: ClaimsWorld,
) -> None:
    customer = uuid4()
    first = await claim_of(world, "900.00", customer_id=customer)
    second = await claim_of(world, "900.00", customer_id=customer)
    third = await claim_of(world, "900.00")
    for claim_id in (first, third):
        assert (await named(world, claim_id, VICTIM)).status_code == 200
    numbers = {one: (await world.row(one)).claim_no for one in (second, third)}
    seen = {each["claim_no"]: each["because"] for each in (await approval(world, first))["similar_claims"]}
    assert seen == {numbers[second]: ["insured"], numbers[third]: ["payee"]}
    assert (await approval(world, first))["accident_total_amount"] == "900.00"


async def test_a_key_account_comes_first_and_goes_through_every_step(world: ClaimsWorld) -> None:
    customer = uuid4()
    async with world.service.db.transaction(machine("claims")) as tx:
        tx.add(KeyAccount(customer_id=customer, tier="A", record_version=1))
    green = await claim_of(world, "400000.00", customer_id=customer)
    plain = await claim_of(world, "400000.00")
    chains = [
        [(one["level"], one["kind"]) for one in (await approval(world, each))["chain"]] for each in (green, plain)
    ]
    assert chains[0] == chains[1]
    for claim_id, priority in ((green, "high"), (plain, "normal")):
        items = await world.service.rows(kernel.tables["work_items"], record_id=claim_id, kind="approve")
        assert [each["priority"] for each in items] == [priority]
    await refused(world, (409, "wrong_step"), approver(CENTRAL), green, "opinion")
    await refused(world, (403, "authority_exceeded"), approver(SUB), green, "decision")


async def test_an_assessment_that_finds_three_dead_tells_head_office_at_once(world: ClaimsWorld) -> None:
    dead = [
        {"ref": f"V{n}", "kind": "third_party", "losses": [{"kind": "death_compensation", "amount": "1000.00"}]}
        for n in range(3)
    ]
    claim_id = await world.calculated(await world.policy(PLAIN), {"fault_ratio": "1.00", "claimants": dead})
    row = await world.row(claim_id)
    assert (row.death_count, "serious_casualties" in row.flags, row.head_office_informed_at is not None) == (
        3, True, True,
    )  # fmt: skip
    subjects = [each["subject"] for each in await world.service.rows(kernel.tables["outbox"], record_id=claim_id)]
    assert subjects.count("claims.claim.head_office_informed.v1") == 1
    seen = await approval(world, claim_id)
    assert (seen["required_level"], seen["reasons"]) == ("branch", ["casualties"])


async def test_a_policy_version_that_arrives_after_the_decision_voids_it(world: ClaimsWorld) -> None:
    policy_id = await world.policy(PLAIN)
    claim_id = await world.calculated(policy_id, bill("9000.00"))
    await decided(world, claim_id, approver(SUB))
    assert code(await world.calculate(claim_id)) == (409, "state_conflict")  # nothing changed: the decision stands
    await world.policy(PLAIN | {"aggregate_limit": "5000.00"}, policy_id=policy_id, number=2)
    sheet = await world.calculate(claim_id)
    assert (sheet.status_code, sheet.json()["gross_amount"], sheet.json()["claim"]["status"]) == (
        201, "5000.00", "calculated",
    )  # fmt: skip
    assert (await world.row(claim_id)).outcome is None
    (voiding,) = await world.service.rows(ApprovalVoiding.__table__, claim_id=claim_id)
    assert voiding["changed"] == ["policy_version"]
    await refused(world, (403, "separation_of_duties"), approver(SUB), claim_id, "decision")
    assert len(await world.service.rows(STEPS, claim_id=claim_id)) == 1


async def test_the_database_itself_keeps_payees_and_raises_as_they_were(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "9000.00")
    assert (await named(world, claim_id, VICTIM)).status_code == 200
    assert (await raised(world, approver(SUB), claim_id)).status_code == 201
    for table, column in ((PayeePlan, "digest"), (ApprovalRaise, "reason")):
        with pytest.raises(Exception, match="append-only"):
            async with world.service.db.transaction(machine("claims")) as tx:
                await tx.execute(update(table).where(table.claim_id == claim_id).values({column: "other"}))
