"""The approval of a claim through HTTP: order, amount, persons, sheets; and what a refused attempt leaves."""

from __future__ import annotations

from typing import Any

import pytest

from shared.kernel import kernel
from tests.support.approval_attempts import PLAIN, STEPS, action, bill, claim_of, decided, refused, subjects
from tests.support.calculations import EMPLOYERS, L2_FACTS
from tests.support.claims_world import (
    BRANCH,
    CENTRAL,
    HEAD,
    LOCAL,
    SUB,
    ClaimsWorld,
    adjuster,
    approver,
)
from tests.support.services import ServiceUnderTest
from tests.support.tokens import person


@pytest.fixture
def world(claims: ServiceUnderTest) -> ClaimsWorld:
    return ClaimsWorld(claims)


# ------------------------------------------------------------------------------------------ four levels


async def test_a_fatal_accident_climbs_four_levels_and_every_short_cut_is_refused(world: ClaimsWorld) -> None:
    claim_id = await world.calculated(await world.policy(EMPLOYERS), L2_FACTS)
    seen = (await world.service.get(approver(SUB), f"/v1/claims/{claim_id}/approval")).json()
    assert [(each["level"], each["kind"], each["status"]) for each in seen["chain"]] == [
        ("sub_branch", "opinion", "open"),
        ("central_branch", "opinion", "pending"),
        ("branch", "opinion", "pending"),
        ("head_office", "decision", "pending"),
    ]
    assert (seen["current_step"], seen["required_level"]) == (1, "head_office")
    await world.opinions(claim_id, SUB)
    skipped = await refused(world, (409, "wrong_step"), approver(BRANCH), claim_id, "opinion")
    assert (skipped["unit_code"], skipped["kind"], skipped["position"]) == ("3201", "opinion", "claims_approver")
    await world.opinions(claim_id, CENTRAL)
    above = await refused(world, (403, "authority_exceeded"), approver(BRANCH), claim_id, "decision")
    assert (above["limit"], above["amount"]) == ("1000000.00", "1083120.00")
    assert [(each["unit_code"], each["limit"]) for each in above["could_decide"]] == [("00", None)]
    twice = await refused(
        world, (403, "separation_of_duties"), approver(BRANCH, f"claims_approver@{CENTRAL}"), claim_id, "opinion"
    )
    assert twice["conflicting_duty"] == "approver"
    await world.opinions(claim_id, BRANCH)
    told = await decided(world, claim_id, approver(HEAD))
    assert told["missing"] == []
    row = await world.row(claim_id)
    assert (row.status, row.outcome, row.determined_at is not None) == ("decided", "paid", True)
    events = [each["event"] for each in await world.service.rows(kernel.tables["outbox"], record_id=claim_id)]
    approved = next(each["data"] for each in events if each["type"].startswith("claims.claim.approved"))
    assert approved["levels"] == ["sub_branch", "central_branch", "branch", "head_office"]
    assert (approved["outcome"], approved["gross_amount"], approved["sheet_version"]) == ("paid", "1083120.00", 1)
    assert (await subjects(world, claim_id)).count("claims.duty.taken.v1") == 5  # the adjuster and four approvers


async def test_what_is_exactly_at_the_limit_is_decided_and_a_cent_more_climbs(world: ClaimsWorld) -> None:
    at = await claim_of(world, "10000.00")
    await decided(world, at, approver(SUB))
    above = await claim_of(world, "10000.01")
    await refused(world, (403, "authority_exceeded"), approver(SUB), above, "decision")
    await world.opinions(above, SUB)
    await decided(world, above, approver(CENTRAL))
    million = await claim_of(world, "1000000.00")
    await world.opinions(million, SUB, CENTRAL)
    first = await world.approve(approver(BRANCH), million, "decision")
    assert (first.status_code, first.json()["missing"]) == (201, ["department_head"])


async def test_one_loss_in_two_claims_goes_as_high_as_the_whole(world: ClaimsWorld) -> None:
    policy_id = await world.policy(PLAIN)
    first = await world.calculated(policy_id, bill("625440.00"))
    second = await world.calculated(policy_id, bill("457680.00"), accident_id=first)
    for claim_id, own in ((first, "625440.00"), (second, "457680.00")):
        seen = (await world.service.get(approver(SUB), f"/v1/claims/{claim_id}/approval")).json()
        assert (seen["accident_total_amount"], seen["required_level"]) == ("1083120.00", "head_office")
        assert sorted(each["amount"] for each in seen["accumulated_claims"]) == ["457680.00", "625440.00"]
        await world.opinions(claim_id, SUB, CENTRAL)
        refusal = await refused(world, (403, "authority_exceeded"), approver(BRANCH), claim_id, "decision", amount=own)
        assert refusal["amount"] == "1083120.00"


async def test_the_other_claim_counts_also_where_another_unit_handles_it(world: ClaimsWorld) -> None:
    policy_id = await world.policy(PLAIN)
    first = await world.calculated(policy_id, bill("9000.00"))
    elsewhere = "00.32.3202.320205"
    await world.calculated(
        policy_id, bill("2000.00"), adjuster(elsewhere), path=elsewhere, accident_id=first, status="documents_complete"
    )
    await refused(world, (403, "authority_exceeded"), approver(SUB), first, "decision")


async def test_a_refused_or_cancelled_claim_of_the_accident_does_not_count(world: ClaimsWorld) -> None:
    policy_id = await world.policy(PLAIN)
    first = await world.calculated(policy_id, bill("9000.00"))
    await world.claim(policy_id, status="cancelled", accident_id=first, gross_amount="5000.00")
    await world.claim(policy_id, status="refusal_served", outcome="refused", accident_id=first, gross_amount="5000.00")
    await decided(world, first, approver(SUB))


async def test_a_new_sheet_voids_the_steps_and_the_old_one_cannot_be_approved(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "50000.00")
    await world.opinions(claim_id, SUB)
    assert (await world.row(claim_id)).status == "in_approval"
    again = await world.calculate(claim_id)
    assert (again.json()["sheet_version"], again.json()["claim"]["status"]) == (2, "calculated")
    refusal = await refused(world, (409, "sheet_superseded"), approver(SUB), claim_id, "opinion", sheet_version=1)
    assert (refusal["stated_version"], refusal["sheet_version"]) == (1, 2)
    await refused(world, (409, "wrong_step"), approver(CENTRAL), claim_id, "decision")
    seen = (await world.service.get(approver(SUB), f"/v1/claims/{claim_id}/approval")).json()
    assert (seen["current_step"], [each["sheet_version"] for each in seen["voided"]]) == (1, [1])
    await world.opinions(claim_id, SUB)
    await decided(world, claim_id, approver(CENTRAL))


async def test_facts_assessed_after_the_sheet_make_it_outdated(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "5000.00")
    assert (await world.assess(claim_id, bill("900.00"))).status_code == 200
    refusal = await refused(world, (409, "sheet_outdated"), approver(SUB), claim_id, "decision")
    assert refusal["changed"] == ["losses"]
    await world.calculate(claim_id)
    await decided(world, claim_id, approver(SUB))


async def test_the_amount_stated_is_that_of_the_sheet(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "5000.00")
    refusal = await refused(world, (409, "amount_differs"), approver(SUB), claim_id, "decision", amount="4999.00")
    assert (refusal["stated_amount"], refusal["amount"]) == ("4999.00", "5000.00")


# ------------------------------------------------------------------------------------------ units and signatures


async def test_the_branchs_own_unit_gives_its_opinion_and_another_person_of_the_branch_decides(
    world: ClaimsWorld,
) -> None:
    policy_id = await world.policy(PLAIN, unit_code="3200")
    claim_id = await world.calculated(policy_id, bill("800.00"), adjuster(CENTRAL), path=CENTRAL)
    local = await world.claim(policy_id, path=LOCAL)
    who = _local_adjuster()
    assert (await world.assess(local, bill("800.00"), who)).status_code == 200
    assert (await world.calculate(local, who)).status_code == 201
    await refused(world, (403, "authority_exceeded"), approver(LOCAL), local, "decision")
    assert (await world.approve(approver(LOCAL, "both"), local, "opinion")).status_code == 201
    await refused(world, (403, "separation_of_duties"), approver(BRANCH, "both"), local, "decision")
    await decided(world, local, approver(BRANCH))
    assert (await world.row(claim_id)).status == "calculated"


def _local_adjuster() -> Any:
    from tests.support.tokens import actor

    return actor("adjuster", LOCAL, kind="branch_local")


async def test_above_three_hundred_thousand_the_branch_signs_with_two_persons(world: ClaimsWorld) -> None:
    small = await claim_of(world, "300000.00")
    await world.opinions(small, SUB, CENTRAL)
    await decided(world, small, approver(BRANCH))
    claim_id = await claim_of(world, "300000.01")
    await world.opinions(claim_id, SUB, CENTRAL)
    answer = await world.approve(approver(BRANCH), claim_id, "decision")
    assert (answer.status_code, answer.json()["missing"]) == (201, ["department_head"])
    assert answer.json()["claim"]["status"] == "in_approval"
    seen = (await world.service.get(approver(BRANCH), f"/v1/claims/{claim_id}/approval")).json()
    last = seen["chain"][-1]
    assert (last["status"], last["missing"], last["outcome"]) == ("open", ["department_head"], "approve")
    await refused(world, (409, "wrong_step"), approver(BRANCH, "second"), claim_id, "decision")
    head = approver(BRANCH, f"claims_approver@{BRANCH}", "department_head")
    await refused(world, (403, "separation_of_duties"), head, claim_id, "cosignature")
    other = approver(BRANCH, position="department_head")
    differs = await refused(
        world, (409, "outcome_differs"), other, claim_id, "cosignature", outcome="refuse",
    )  # fmt: skip
    assert differs["outcome"] == "approve"
    signed = await world.approve(other, claim_id, "cosignature")
    assert signed.json()["claim"]["status"] == "decided"


async def test_the_head_office_decides_alone_above_the_branch(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "1000000.01")
    await world.opinions(claim_id, SUB, CENTRAL, BRANCH)
    assert (await decided(world, claim_id, approver(HEAD)))["missing"] == []


# ------------------------------------------------------------------------------------------ persons


@pytest.mark.parametrize("duty", ["reporter", "surveyor", "registrar", "adjuster", "cashier"])
async def test_whoever_worked_on_the_claim_never_approves_it(world: ClaimsWorld, duty: str) -> None:
    claim_id = await claim_of(world, "5000.00", duties={duty: "busy"} if duty != "adjuster" else {})
    who = person_of(duty)
    refusal = await refused(world, (403, "separation_of_duties"), approver(SUB, who), claim_id, "decision")
    assert refusal["conflicting_duty"] == duty
    shown = await action(world, approver(SUB, who), claim_id)
    assert (shown["allowed"], shown["reason"]["code"], shown["reason"]["conflicting_duty"]) == (
        False,
        "separation_of_duties",
        duty,
    )
    deputy = approver(SUB, "deputy", on_behalf_of=person(who), delegation_id=person("delegation"))
    await refused(world, (403, "separation_of_duties"), deputy, claim_id, "decision")


def person_of(duty: str) -> str:
    return f"adjuster@{SUB}" if duty == "adjuster" else "busy"


async def test_the_underwriter_of_the_policy_does_not_approve(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "5000.00")
    refusal = await refused(world, (403, "separation_of_duties"), approver(SUB, "underwriter"), claim_id, "decision")
    assert refusal["conflicting_duty"] == "underwriter"


async def test_a_delegate_acts_in_both_names_and_the_delegator_takes_no_other_step(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "50000.00")
    deputy = approver(SUB, "deputy", on_behalf_of=person("boss"), delegation_id=person("delegation"))
    taken = (await world.approve(deputy, claim_id, "opinion")).json()
    assert taken["on_behalf_of"] == str(person("boss"))
    await refused(world, (403, "separation_of_duties"), approver(CENTRAL, "boss"), claim_id, "decision")
    await decided(world, claim_id, approver(CENTRAL))


async def test_another_units_claim_does_not_exist_and_other_positions_may_not(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "5000.00")
    await refused(world, (404, "not_found"), approver("00.32.3201.320104"), claim_id, "decision")
    await refused(world, (403, "action_not_permitted"), adjuster(), claim_id, "decision")


async def test_the_database_itself_refuses_a_step_by_whoever_surveyed(world: ClaimsWorld) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import IntegrityError

    from shared.actor import machine

    claim_id = await claim_of(world, "5000.00")
    statement = text("""
        insert into approval_steps (id, org_path, created_at, claim_id, sheet_version, round, step, level, unit_code,
          kind, position, person_id, staff_no, appointment_id, outcome, amount, clause_ids, table_version)
        values (gen_random_uuid(), '00', now(), :claim, 1, 1, 1, 'sub_branch', '320102', 'decision', 'claims_approver',
          :person, 'S', gen_random_uuid(), 'approve', 1, '[]', 't')""")
    for who in ("surveyor", "reporter"):
        with pytest.raises(IntegrityError):
            async with world.service.db.transaction(machine("claims")) as tx:
                await tx.execute(statement, {"claim": claim_id, "person": person(who)})
    async with world.service.db.transaction(machine("claims")) as tx:
        await tx.execute(statement, {"claim": claim_id, "person": person("nobody else")})
    from sqlalchemy.exc import DBAPIError

    for change in ("update approval_steps set outcome = 'refuse'", "delete from approval_steps"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with world.service.db.transaction(machine("claims")) as tx:
                await tx.execute(text(change))
    assert len(await world.service.rows(STEPS)) == 1
