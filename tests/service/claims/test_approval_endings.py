"""Refusal, return, clauses and triggers of an approval; what is shown; and what happens at the same moment."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.claims.adjustment.tables import LimitEntry
from shared.kernel import kernel
from tests.support.approval_attempts import PLAIN, action, bill, claim_of, code, decided, left, refused, subjects
from tests.support.calculations import PUBLIC, one
from tests.support.claims_world import BRANCH, CENTRAL, SUB, ClaimsWorld, adjuster, approver
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor


@pytest.fixture
def world(claims: ServiceUnderTest) -> ClaimsWorld:
    return ClaimsWorld(claims)


async def items(world: ClaimsWorld, claim_id: UUID) -> list[tuple[str, str, str]]:
    """The open work that an approval asks for; the reserve has its own."""
    rows = await world.service.rows(kernel.tables["work_items"], record_id=claim_id, closed_at=None)
    asked = [each for each in rows if each["kind"] != "review_reserve"]
    return sorted((each["kind"], each["unit_code"], each["position"]) for each in asked)


# ------------------------------------------------------------------------------------------ refusal


async def test_a_refusal_is_proposed_below_and_decided_by_the_branch(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "800.00")
    below = await refused(world, (403, "below_required_level"), approver(SUB), claim_id, "decision", outcome="refuse")
    assert below["required_level"] == "branch"
    without = await refused(
        world, (422, "reason_code_required"), approver(SUB), claim_id, "opinion", outcome="refuse", reason_code=" ",
        reason=None,
    )  # fmt: skip
    assert {each["pointer"] for each in without["errors"]} == {"#/reason_code", "#/reason"}
    for path in (SUB, CENTRAL):
        assert (await world.approve(approver(path), claim_id, "opinion", "refuse")).status_code == 201
    await refused(world, (403, "below_required_level"), approver(CENTRAL), claim_id, "decision", outcome="refuse")
    no_clause = {"outcome": "refuse", "clause_ids": []}
    await refused(world, (422, "clauses_required"), approver(BRANCH), claim_id, "decision", **no_clause)
    answer = await world.approve(approver(BRANCH), claim_id, "decision", "refuse")
    assert answer.json()["claim"]["status"] == "decided"
    row = await world.row(claim_id)
    assert (row.outcome, row.payable_amount, row.gross_amount) == ("refused", Decimal("0.00"), Decimal("800.00"))
    told = await subjects(world, claim_id)
    assert told.count("claims.claim.refused.v1") == 1
    assert "claims.claim.approved.v1" not in told
    assert await world.service.rows(LimitEntry.__table__) == []
    assert await items(world, claim_id) == [("notice", "320102", "adjuster")]


async def test_an_exclusion_that_was_never_acknowledged_stops_the_approval_but_not_the_return(
    world: ClaimsWorld,
) -> None:
    policy_id = await world.policy(PUBLIC, exclusions=[{"clause_id": "EX-03", "text_version": "1"}])
    claim_id = await world.calculated(policy_id, one({"kind": "property", "amount": "6500.00"}))
    for outcome in ("approve", "refuse"):
        who, kind = (approver(SUB), "decision") if outcome == "approve" else (approver(SUB), "opinion")
        refusal = await refused(world, (409, "exclusion_not_acknowledged"), who, claim_id, kind, outcome=outcome)
        assert refusal["clause_ids"] == ["EX-03"]
    seen = (await world.service.get(approver(SUB), f"/v1/claims/{claim_id}/approval")).json()
    assert seen["blocked_by"] == ["exclusion_not_acknowledged"]
    plain = await claim_of(world, "800.00")
    other = await world.calculated(
        await world.policy(PLAIN, exclusions=[{"clause_id": "EX-07", "text_version": "1"}]), bill("800.00")
    )
    cited = {"outcome": "refuse", "clause_ids": ["EX-07"]}
    await refused(world, (409, "exclusion_not_acknowledged"), approver(SUB), other, "opinion", **cited)
    assert (await world.approve(approver(SUB), plain, "opinion", "refuse", clause_ids=["EX-07"])).status_code == 201
    returned = await world.approve(approver(SUB), claim_id, "decision", "return")
    assert returned.json()["claim"]["status"] == "returned"


async def test_a_reduction_without_any_recorded_clause_stops_the_approval_too(world: ClaimsWorld) -> None:
    claim_id = await world.calculated(
        await world.policy(PUBLIC, exclusions=[]), one({"kind": "property", "amount": "6500.00"})
    )
    refusal = await refused(world, (409, "exclusion_not_acknowledged"), approver(SUB), claim_id, "decision")
    assert refusal["clause_ids"] == ["unrecorded"]
    assert (await world.calculate(claim_id, disregarded_clause_ids=["unrecorded"])).json()["gross_amount"] == "6500.00"
    await decided(world, claim_id, approver(SUB))


async def test_a_return_goes_one_step_back_and_from_the_first_step_to_the_adjuster(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "200000.00")
    await world.opinions(claim_id, SUB, CENTRAL)
    returned = await world.approve(approver(BRANCH), claim_id, "decision", "return")
    assert returned.json()["claim"]["status"] == "in_approval"
    assert await items(world, claim_id) == [("approve", "3201", "claims_approver")]
    await refused(world, (409, "wrong_step"), approver(BRANCH), claim_id, "decision")
    await world.opinions(claim_id, CENTRAL)  # the same person takes the step again
    await decided(world, claim_id, approver(BRANCH))
    first = await claim_of(world, "200000.00")
    returned = await world.approve(approver(SUB), first, "opinion", "return")
    assert returned.json()["claim"]["status"] == "returned"
    assert await items(world, first) == [("calculate", "320102", "adjuster")]
    assert code(await world.approve(approver(SUB), first, "opinion")) == (409, "state_conflict")
    assert (await world.assess(first, bill("9000.00"))).status_code == 200
    assert (await world.calculate(first)).json()["claim"]["status"] == "calculated"
    await decided(world, first, approver(SUB))


# ------------------------------------------------------------------------------------------ triggers and shows


@pytest.mark.parametrize(
    ("changes", "reasons", "level"),
    [
        ({"death_count": 3}, ["casualties"], "branch"),
        ({"injured_count": 10}, ["casualties"], "branch"),
        ({"reopened_count": 1}, ["reopening"], "branch"),
        ({"flags": ["suspected_fraud"]}, ["suspected_fraud"], "branch"),
        ({"flags": ["litigation"]}, ["litigation"], "branch"),
        ({"flags": ["staff_or_relative"]}, ["staff_or_relatives"], "central_branch"),
        ({"death_count": 2, "injured_count": 9}, [], "sub_branch"),
    ],
)
async def test_what_besides_the_amount_lifts_the_decision(
    world: ClaimsWorld, changes: dict[str, Any], reasons: list[str], level: str
) -> None:
    claim_id = await claim_of(world, "800.00", **changes)
    seen = (await world.service.get(approver(SUB), f"/v1/claims/{claim_id}/approval")).json()
    assert (seen["reasons"], seen["required_level"]) == (reasons, level)
    if level != "sub_branch":
        await refused(world, (403, "below_required_level"), approver(SUB), claim_id, "decision")


async def test_the_actions_say_what_the_request_would_say(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "50000.00")
    assert await action(world, approver(SUB), claim_id) == {
        "action": "approve",
        "href": f"/v1/claims/{claim_id}/approvals",
        "method": "POST",
        "allowed": True,
        "reason": None,
    }
    early = await action(world, approver(CENTRAL), claim_id)
    answer = (await world.approve(approver(CENTRAL), claim_id, "decision")).json()
    told = {name: answer[name] for name in ("code", "detail", "current_step", "unit_code", "position", "kind")}
    assert early["reason"] == told
    assert told["code"] == "wrong_step"
    high = await claim_of(world, "2000000.00")
    weak = approver(BRANCH, position="department_head")
    assert (await action(world, weak, high))["reason"]["code"] == "authority_exceeded"
    other = await action(world, adjuster(), claim_id)
    assert other["reason"]["code"] == "action_not_permitted"
    assert (await action(world, adjuster(), claim_id, "calculate"))["allowed"] is True
    fresh = await world.claim(await world.policy(PLAIN), status="registered")
    assert (await action(world, approver(SUB), fresh))["reason"]["code"] == "state_conflict"
    assert code(await world.approve(approver(SUB), fresh, "decision")) == (409, "state_conflict")
    assert (await action(world, adjuster(), fresh, "assess_losses"))["allowed"] is True
    assert (await action(world, adjuster(), fresh, "calculate"))["reason"]["code"] == "state_conflict"


async def test_the_claim_shows_claimants_and_how_far_the_approval_is(world: ClaimsWorld) -> None:
    claim_id = await world.calculated(
        await world.policy(PLAIN), one({"kind": "mental_distress", "amount": "50000.00"}, name="司徒海")
    )
    await world.opinions(claim_id, SUB)
    told = (await world.service.get(approver(CENTRAL), f"/v1/claims/{claim_id}")).json()
    assert told["approval"] == {"current_step": 2, "required_level": "central_branch"}
    assert told["claimants"] == [{"ref": "A", "kind": "third_party", "name": "司徒*", "amount": "50000.00"}]
    assert "claimants.0.name" in told["masked"]
    reveal = {"field": "claimants.0.name", "purpose": "核对受害人"}
    plain = await world.service.post(approver(CENTRAL), f"/v1/claims/{claim_id}/reveals", reveal)
    assert plain.json()["value"] == "司徒海"
    await decided(world, claim_id, approver(CENTRAL))
    seen = (await world.service.get(approver(CENTRAL), f"/v1/claims/{claim_id}/approval")).json()
    assert [(each["step"], each["status"], each["person"]["staff_no"][:2]) for each in seen["chain"]] == [
        (1, "done", "T-"),
        (2, "done", "T-"),
    ]
    assert "current_step" not in seen


async def test_the_work_item_follows_the_open_step(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "400000.00")
    assert await items(world, claim_id) == [("approve", "320102", "claims_approver")]
    await world.opinions(claim_id, SUB, CENTRAL)
    assert await items(world, claim_id) == [
        ("approve", "32", "claims_approver"),
        ("cosign", "32", "department_head"),
    ]
    await world.approve(approver(BRANCH, position="department_head"), claim_id, "cosignature")
    assert await items(world, claim_id) == [("approve", "32", "claims_approver")]
    await decided(world, claim_id, approver(BRANCH))
    assert await items(world, claim_id) == [("notice", "320102", "adjuster")]


async def test_a_dry_run_tells_the_result_and_takes_no_step(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "5000.00")
    before = await left(world, claim_id)
    answer = await world.approve(approver(SUB), claim_id, "decision", dry_run=True)
    assert (answer.status_code, answer.json()["claim"]["status"]) == (200, "decided")
    above = await world.approve(approver(SUB), await claim_of(world, "10000.01"), "decision", dry_run=True)
    assert code(above) == (403, "authority_exceeded")
    assert await left(world, claim_id) == before
    assert await world.service.rows(LimitEntry.__table__) == []


async def test_the_same_key_takes_one_step(world: ClaimsWorld) -> None:
    claim_id = await claim_of(world, "5000.00")
    row = await world.row(claim_id)
    body = {"kind": "decision", "outcome": "approve", "amount": "5000.00", "sheet_version": 1, "clause_ids": ["PL-02"]}
    path = f"/v1/claims/{claim_id}/approvals"
    first = await world.service.post(approver(SUB), path, body, version=row.version, key="once")
    again = await world.service.post(approver(SUB), path, body, version=row.version, key="once")
    assert (first.status_code, again.content) == (201, first.content)
    assert (await left(world, claim_id))["steps"] == 1


# ------------------------------------------------------------------------------------------ at the same moment


async def test_two_approvers_at_once_are_one_decision_two_hundred_times(world: ClaimsWorld) -> None:
    policy_id = await world.policy(PLAIN)
    await warm(world, await world.calculated(policy_id, bill("100.00")))
    for _ in range(200):
        claim_id = await world.calculated(policy_id, bill("100.00"))
        version = (await world.row(claim_id)).version
        attempts = [world.approve(approver(SUB, who), claim_id, "decision", version=version) for who in ("a", "b")]
        codes = sorted(answer.status_code for answer in await asyncio.gather(*attempts))
        assert codes[0] == 201
        assert codes[1] in (409, 412)
        assert (await subjects(world, claim_id)).count("claims.claim.approved.v1") == 1
        assert (await left(world, claim_id))["steps"] == 1


async def warm(world: ClaimsWorld, claim_id: UUID) -> None:
    """Let every connection of the pool be open, so that what follows begins at the same moment."""
    reads = [world.service.get(approver(SUB), f"/v1/claims/{claim_id}") for _ in range(10)]
    assert {answer.status_code for answer in await asyncio.gather(*reads)} == {200}


async def test_the_last_of_an_aggregate_is_released_once(world: ClaimsWorld) -> None:
    await warm(world, await claim_of(world, "100.00"))
    for _ in range(4):
        policy_id = await world.policy({"basis": "fault", "aggregate_limit": "10000.00"})
        claims = [await world.calculated(policy_id, bill("6000.00")) for _ in range(4)]
        answers = await asyncio.gather(*await decisions_on(world, claims))
        won = [claim_id for claim_id, answer in zip(claims, answers, strict=True) if answer.status_code == 201]
        lost = [answer for answer in answers if answer.status_code != 201]
        assert len(won) == 1
        refusals = {(*code(answer), answer.json()["available_amount"]) for answer in lost}
        assert refusals == {(409, "limit_exhausted", "4000.00")}
        other = next(claim_id for claim_id in claims if claim_id not in won)
        assert (await world.row(other)).status == "calculated"
        assert (await world.calculate(other)).json()["gross_amount"] == "4000.00"
        await decided(world, other, approver(SUB))
        held = await world.service.rows(LimitEntry.__table__, limit_name="aggregate_limit", policy_id=policy_id)
        assert sum(each["amount"] for each in held if each["state"] == "reserved") == Decimal("10000.00")


async def decisions_on(world: ClaimsWorld, claims: list[UUID]) -> list[Any]:
    """One decision on each claim by another person, ready to be sent all at once."""
    body = {"kind": "decision", "outcome": "approve", "amount": "6000.00", "sheet_version": 1, "clause_ids": ["PL-02"]}
    return [
        world.service.post(
            approver(SUB, f"p{n}"), f"/v1/claims/{row.id}/approvals", body, version=row.version
        )
        for n, row in enumerate([await world.row(claim_id) for claim_id in claims])
    ]  # fmt: skip


async def test_two_claims_of_one_accident_do_not_both_stay_below_the_limit(world: ClaimsWorld) -> None:
    policy_id = await world.policy(PLAIN)
    first = await world.calculated(policy_id, bill("9000.00"))
    second = await world.claim(policy_id, accident_id=first)
    await world.assess(second, bill("9000.00"))
    for _ in range(10):
        race = (world.calculate(second), world.approve(approver(SUB), first, "decision", dry_run=True))
        sheet, decision = await asyncio.gather(*race)
        assert sheet.status_code == 201
        assert decision.status_code in (200, 403)
    await refused(world, (403, "authority_exceeded"), approver(SUB), first, "decision")
    await refused(world, (403, "authority_exceeded"), approver(SUB), second, "decision")


async def test_an_open_task_of_another_unit_does_not_widen_who_may_approve(world: ClaimsWorld) -> None:
    from shared import open_tasks
    from shared.actor import machine
    from shared.clock import process_now

    claim_id = await claim_of(world, "5000.00")
    stranger = approver("00.32.3201.320104")
    async with world.service.db.transaction(machine("claims")) as tx:
        await open_tasks.open_for(tx.session, stranger.person_id, claim_id, SUB, process_now())
    await refused(world, (409, "wrong_step"), stranger, claim_id, "decision")
    assert (await world.service.get(actor("auditor", "00"), f"/v1/claims/{claim_id}/approval")).status_code == 200
