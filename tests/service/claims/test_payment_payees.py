"""To whom a claim is paid: third parties, the insured with proof, beneficiaries, heirs; never its handlers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from shared.masking import keyed_digest
from tests.support.calculations import ACCIDENT, PUBLIC
from tests.support.claims_settled import (
    ACCOUNT,
    MIDDLE,
    NORTH,
    PERSON,
    PROVINCE,
    SMALL_FACTS,
    TWO_VICTIMS,
    VICTIM,
    SettledWorld,
)
from tests.support.claims_world import DIGEST_KEY, adjuster
from tests.support.services import ServiceUnderTest

INSURED = {"kind": "insured", "name": "岚海商贸", "account": "3200123456789"}
PAID_PROOF = {"kind": "third_party_paid", "reference": "RECEIPT-7"}
DEATH = {"claimants": [{"ref": "P-1", "kind": "insured_person", "name": "欧阳岚", "losses": [{"kind": "death"}]}]}
FAMILY = [
    {"claimant_ref": "P-1", "name": "欧阳江", "relation": "spouse", "share": "0.50"},
    {"claimant_ref": "P-1", "name": "欧阳海", "relation": "child", "share": "0.50"},
]


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def liability(world: SettledWorld) -> Any:
    return await world.agreed(PUBLIC, TWO_VICTIMS, line="liability")


async def death(world: SettledWorld, **more: Any) -> Any:
    claim_id = await world.decided(ACCIDENT, DEATH, by=PROVINCE)
    assert (answer := await world.agree(claim_id, **more)).status_code == 201, answer.text
    return claim_id


# ------------------------------------------------------------------------------------------ 保险法 art. 65


async def test_the_insured_is_paid_only_with_proof_that_the_third_party_was(world: SettledWorld) -> None:
    claim_id = await liability(world)
    before = await world.traces()
    await world.refused(await world.order(claim_id, "1200.00", INSURED), "third_party_not_paid", before)
    other = {"kind": "other", "reference": "X"}
    answer = await world.order(claim_id, "1200.00", INSURED, proof=other)
    assert code(answer) == (409, "third_party_not_paid")
    before = await world.traces()
    empty = {"kind": "third_party_paid"}
    await world.refused(await world.order(claim_id, "1200.00", INSURED, proof=empty), "proof_required", before, 422)
    foreign = {"kind": "third_party_paid", "attachment_ids": [str(uuid4())]}
    answer = await world.order(claim_id, "1200.00", INSURED, proof=foreign)
    assert code(answer) == (422, "reference_not_found")
    assert (await world.order(claim_id, "1200.00", INSURED, proof=PAID_PROOF)).status_code == 201


async def test_third_parties_are_paid_directly_each_his_share(world: SettledWorld) -> None:
    claim_id = await liability(world)
    before = await world.traces()
    await world.refused(await world.order(claim_id, "600.01", VICTIM), "payable_exceeded", before, 422)
    answer = await world.order(claim_id, "600.00", VICTIM)
    assert (answer.status_code, answer.json()["claimant_ref"]) == (201, "A")
    before = await world.traces()
    await world.refused(await world.order(claim_id, "0.01", VICTIM), "already_paid", before)
    stranger = VICTIM | {"name": "公孙路"}
    before = await world.traces()
    await world.refused(await world.order(claim_id, "1.00", stranger), "payee_not_entitled", before)
    creditor = {"kind": "expense_creditor", "name": "某律师事务所", "account": "9558800001"}
    assert (await world.order(claim_id, "200.00", creditor)).status_code == 201
    second = VICTIM | {"name": "令狐云", "account": "6222333344446666"}
    assert (await world.order(claim_id, "400.00", second)).status_code == 201
    assert [row.claimant_ref for row in await world.payments(claim_id)] == ["A", None, "B"]


async def test_claimants_without_names_are_told_apart_by_their_reference(world: SettledWorld) -> None:
    facts = {
        **TWO_VICTIMS,
        "claimants": [{k: v for k, v in one.items() if k != "name"} for one in TWO_VICTIMS["claimants"]],
    }
    claim_id = await world.agreed(PUBLIC, facts, line="liability")
    answer = await world.order(claim_id, "100.00", VICTIM)
    assert (code(answer), answer.json()["claimant_refs"]) == ((422, "claimant_ref_required"), ["A", "B"])
    assert (await world.order(claim_id, "400.00", VICTIM, claimant_ref="B")).status_code == 201
    assert code(await world.order(claim_id, "1.00", VICTIM, claimant_ref="Z")) == (409, "payee_not_entitled")


@pytest.mark.parametrize("kind", ["beneficiary", "insured_person"])
async def test_payees_of_the_other_line_are_not_entitled(world: SettledWorld, kind: str) -> None:
    claim_id = await liability(world)
    before = await world.traces()
    await world.refused(await world.order(claim_id, "1.00", VICTIM | {"kind": kind}), "payee_not_entitled", before)


async def test_a_death_benefit_goes_to_the_beneficiaries_by_their_shares(world: SettledWorld) -> None:
    claim_id = await death(world, beneficiaries=FAMILY)
    spouse = {"kind": "beneficiary", "name": "欧阳江", "account": "6222100010001000"}
    assert code(await world.order(claim_id, "1.00", PERSON)) == (409, "payee_not_entitled")
    assert code(await world.order(claim_id, "1.00", spouse | {"name": "欧阳湖"})) == (409, "payee_not_entitled")
    before = await world.traces()
    await world.refused(await world.order(claim_id, "150000.01", spouse), "payable_exceeded", before, 422)
    assert (await world.order(claim_id, "150000.00", spouse)).status_code == 201
    assert code(await world.order(claim_id, "0.01", spouse)) == (409, "already_paid")
    heir = {"kind": "heir", "name": "欧阳海", "account": "6222100010002000"}
    proof = {"kind": "succession", "reference": "S-1"}
    assert code(await world.order(claim_id, "1.00", heir, proof=proof)) == (422, "payable_exceeded")
    assert (await world.order(claim_id, "150000.00", heir | {"kind": "beneficiary"})).status_code == 201


async def test_with_no_beneficiary_left_the_benefit_falls_into_the_estate(world: SettledWorld) -> None:
    gone = [one | {"entitled": False} for one in FAMILY]
    claim_id = await death(world, beneficiaries=gone)
    spouse = {"kind": "beneficiary", "name": "欧阳江", "account": "6222100010001000"}
    assert code(await world.order(claim_id, "1.00", spouse)) == (409, "payee_not_entitled")
    heir = {"kind": "heir", "name": "欧阳湖", "account": "6222100010002000"}
    before = await world.traces()
    await world.refused(await world.order(claim_id, "300000.00", heir), "proof_required", before, 422)
    proof = {"kind": "succession", "reference": "S-1"}
    assert (await world.order(claim_id, "300000.00", heir, proof=proof)).status_code == 201


async def test_a_living_insured_person_has_neither_beneficiaries_nor_heirs(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    child = PERSON | {"kind": "beneficiary"}
    assert code(await world.order(claim_id, "1.00", child)) == (409, "payee_not_entitled")
    guardian = PERSON | {"kind": "guardian", "name": "欧阳江"}
    assert code(await world.order(claim_id, "1.00", guardian)) == (422, "proof_required")
    proof = {"kind": "guardianship", "reference": "G-1"}
    assert (await world.order(claim_id, "3268.00", guardian, proof=proof)).status_code == 201


async def test_the_account_must_be_in_the_payees_name(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    before = await world.traces()
    other = await world.order(claim_id, payee=PERSON | {"account_holder": "欧阳江"})
    await world.refused(other, "account_name_mismatch", before, 422)
    assert code(await world.order(claim_id, payee=PERSON | {"account": "12"})) == (422, "validation_failed")
    assert code(await world.order(claim_id, payee=PERSON | {"name": "欧阳江"})) == (409, "payee_not_entitled")
    assert (await world.order(claim_id, payee=PERSON | {"account_holder": "欧阳 岚"})).status_code == 201


# ------------------------------------------------------------------------------------------ accounts of staff


async def test_the_account_of_whoever_handled_the_claim_or_orders_is_blocked(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    await world.staff(f"claims_approver@{NORTH}", keyed_digest(DIGEST_KEY, ACCOUNT))
    before = await world.traces()
    await world.refused(await world.order(claim_id), "separation_of_duties", before, 403)


async def test_the_account_of_other_staff_needs_an_approval_one_level_up(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    await world.staff("somebody else", keyed_digest(DIGEST_KEY, "6222 0000 1111 2222"))
    before = await world.traces()
    await world.refused(await world.order(claim_id), "payee_of_staff", before)
    policy = await world.world.policy(ACCIDENT, line="accident", unit_code="320205")
    flagged = await world.world.calculated(
        policy, SMALL_FACTS, adjuster(NORTH), path=NORTH, line="accident", flags=["staff_or_relative"]
    )  # fmt: skip
    await world.decide(flagged, NORTH, MIDDLE)
    assert (await world.agree(flagged)).status_code == 201
    assert (await world.order(flagged, "100.00")).status_code == 201
