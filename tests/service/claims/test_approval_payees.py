"""Payees are approved with the sheet, a change of them takes the decision back; staff behind one lift the claim."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from services.claims.adjustment.tables import LimitEntry, PayeePlan
from shared.actor import machine
from shared.directory import directory_persons
from shared.kernel import kernel
from shared.masking import keyed_digest
from tests.support.approval_attempts import PLAIN, claim_of, decided, refused
from tests.support.calculations import one
from tests.support.claims_world import CENTRAL, DIGEST_KEY, HEAD, SUB, ClaimsWorld, adjuster, approver
from tests.support.services import ServiceUnderTest
from tests.support.tokens import person

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


# ------------------------------------------------------------------------------------------------------------- payees


async def test_payees_are_part_of_what_is_approved_and_shown_masked(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "9000.00")
    told = await named(world, claim_id, VICTIM)
    assert (told.status_code, told.json()["number"], told.json()["voided"]) == (200, 1, False), told.text
    shown = (await world.service.get(approver(SUB), f"/v1/claims/{claim_id}/payees")).json()
    assert shown["payees"] == [
        {
            "claimant_ref": "A", "kind": "third_party", "name": "司徒*", "entitled": True, "account_named": True
        }
    ]  # fmt: skip
    (plan,) = await world.service.rows(PayeePlan.__table__, claim_id=claim_id)
    assert "6222" not in str(plan["payees"])
    await decided(world, claim_id, approver(SUB))
    seen = await approval(world, claim_id)
    assert seen["approved"]["payee_digest"] == plan["digest"]
    assert seen["approved"]["digest"] is not None


async def test_other_payees_void_the_steps_taken_on_the_first(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "50000.00")
    assert (await named(world, claim_id, VICTIM)).status_code == 200
    await world.opinions(claim_id, SUB)
    assert (await approval(world, claim_id))["current_step"] == 2
    assert (await named(world, claim_id, OTHER)).status_code == 200
    seen = await approval(world, claim_id)
    assert (seen["current_step"], seen["payee_number"], len(seen["voided"])) == (1, 2, 1)
    await refused(world, (409, "wrong_step"), approver(CENTRAL), claim_id, "decision")
    await world.opinions(claim_id, SUB)
    await decided(world, claim_id, approver(CENTRAL))


@pytest.mark.abuse("B10")
async def test_a_change_of_payee_after_the_decision_takes_it_back_and_asks_for_other_persons(
    world: ClaimsWorld,
) -> None:
    claim_id = await claim_of(world, "9000.00")
    assert (await named(world, claim_id, VICTIM)).status_code == 200
    await decided(world, claim_id, approver(SUB))
    told = await named(world, claim_id, OTHER)
    assert (told.status_code, told.json()["voided"], told.json()["claim"]["status"]) == (200, True, "returned")
    row = await world.row(claim_id)
    assert (row.outcome, row.determined_at, row.agreed_at) == (None, None, None)
    held = await world.service.rows(LimitEntry.__table__, claim_id=claim_id)
    assert {each["state"] for each in held} == {"released"}
    items = await world.service.rows(kernel.tables["work_items"], record_id=claim_id)
    still_open = {each["kind"] for each in items if each["closed_at"] is None}
    assert "calculate" in still_open
    assert not still_open & {"notice", "order_payment", "approve", "cosign"}
    assert (await world.calculate(claim_id)).status_code == 201
    told = await refused(world, (403, "separation_of_duties"), approver(SUB), claim_id, "decision")
    assert told["conflicting_duty"] == "approver_before_change"
    await decided(world, claim_id, approver(SUB, "another approver"))


async def test_payees_are_named_whole_and_only_by_the_adjuster_until_money_is_on_its_way(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "9000.00")
    assert code(await named(world, claim_id, VICTIM | {"claimant_ref": "Z"})) == (422, "payee_of_unknown_claimant")
    heirs = [{"kind": "beneficiary", "claimant_ref": "A", "name": name, "share": "0.40"} for name in ("甲", "乙")]
    assert code(await named(world, claim_id, *heirs)) == (422, "beneficiary_shares_invalid")
    assert (await named(world, claim_id, VICTIM)).status_code == 200
    assert code(await named(world, claim_id, VICTIM)) == (409, "payees_unchanged")
    assert code(await named(world, claim_id, OTHER, who=adjuster(name="surveyor"))) == (403, "separation_of_duties")
    paying = await world.claim(await world.policy(PLAIN), status="paying")
    assert code(await named(world, paying, VICTIM | {"claimant_ref": None})) == (409, "state_conflict")
    unmatched = await world.claim(None, status="assessing", line=None)
    assert code(await named(world, unmatched, VICTIM | {"claimant_ref": None})) == (409, "policy_not_matched")
    empty = await world.service.get(approver(SUB), f"/v1/claims/{paying}/payees")
    assert empty.status_code == 404


# ---------------------------------------------------------------------------------------------------------- conflicts


async def staff(world: ClaimsWorld, value: str, name: str = "somebody") -> None:
    """A member of staff who declared this account, number or phone of a relative."""
    digest = {"kind": "account", "of": "relative", "digest": keyed_digest(DIGEST_KEY, value)}
    row = {"person_id": person(name), "staff_no": "S9", "active": True, "digests": [digest], "record_version": 1}
    async with world.service.db.transaction(machine("claims")) as tx:
        await tx.execute(insert(directory_persons).values(**row))


@pytest.mark.abuse("B03")
@pytest.mark.parametrize("through", ["payee", "claimant"])
async def test_staff_behind_a_payee_or_a_claimant_lift_the_claim_and_the_unit_above_is_told(
    world: ClaimsWorld, through: str
) -> None:
    number = "11010519491231002X" if through == "claimant" else "6222333344445555"
    await staff(world, number, f"claims_approver@{CENTRAL}")
    facts = one({"kind": "mental_distress", "amount": "900.00"}, **({"id_no": number} if through == "claimant" else {}))
    claim_id = await world.calculated(await world.policy(PLAIN), facts)
    if through == "payee":
        assert (await named(world, claim_id, VICTIM)).status_code == 200
    assert "staff_or_relative" in (await world.row(claim_id)).flags
    items = await world.service.rows(kernel.tables["work_items"], record_id=claim_id, kind="conflict_of_interest")
    assert [(each["unit_code"], each["position"]) for each in items] == [("3201", "department_head")]
    seen = await approval(world, claim_id)
    assert (seen["required_level"], seen["reasons"]) == ("central_branch", ["staff_or_relatives"])
    assert [each["duty"] for each in seen["conflicts"]].count("interested_party") == 1
    await world.opinions(claim_id, SUB)
    await refused(world, (403, "separation_of_duties"), approver(CENTRAL), claim_id, "decision")
    await decided(world, claim_id, approver(CENTRAL, "an outsider"))
