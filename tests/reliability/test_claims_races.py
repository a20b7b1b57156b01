"""Races on one claim and on the last of a limit: whatever comes out, some order of the same acts explains it."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from services.claims.adjustment.tables import LimitEntry, PayeePlan
from services.claims.approval.tables import ApprovalStep
from tests.support import engines
from tests.support.approval_attempts import bill
from tests.support.claims_world import SUB, ClaimsWorld, adjuster, approver
from tests.support.services import running

QUICK = int(os.environ.get("ANLAN_RACES", "20"))
LONG = 5_000
LIMIT = Decimal("10000.00")
VICTIM = {"kind": "third_party", "claimant_ref": "A", "name": "司徒海", "account": "6222333344445555"}


@pytest.fixture
async def world(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[ClaimsWorld]:
    async with running("claims", database_urls["claims"], tmp_path) as service:
        yield ClaimsWorld(service)


async def again_when_stale(call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """As a client does: read the claim again and repeat, as long as somebody else was first (412, 409 busy)."""
    for _ in range(50):
        answer = await call()
        if answer.status_code == 412 or answer.json().get("code") in ("concurrent_change", "busy"):
            continue
        return answer
    raise AssertionError("the claim never stood still")


# --------------------------------------------------------------------------------- the last of an aggregate


async def one_limit_two_decisions(world: ClaimsWorld, dice: random.Random) -> None:
    policy_id = await world.policy({"basis": "fault", "aggregate_limit": f"{LIMIT:.2f}"})
    amounts = [Decimal(dice.randint(400_000, 1_000_000)) / 100 for _ in range(2)]
    claims = [await world.calculated(policy_id, bill(f"{amount:.2f}"), accident_id=uuid4()) for amount in amounts]
    decide = [again_when_stale(lambda one=one: world.approve(approver(SUB), one, "decision")) for one in claims]
    answers = await asyncio.gather(*decide)
    held = await world.service.rows(LimitEntry.__table__, policy_id=policy_id, limit_name="aggregate_limit")
    taken = sum((each["amount"] for each in held if each["state"] != "released"), Decimal(0))
    won = [amount for amount, answer in zip(amounts, answers, strict=True) if answer.status_code == 201]
    assert taken == sum(won, Decimal(0)) <= LIMIT
    if sum(amounts) > LIMIT:
        codes = sorted(answer.json().get("code", "") for answer in answers)
        assert codes == ["", "limit_exhausted"], [answer.text for answer in answers]
    else:
        assert len(won) == 2, [answer.text for answer in answers]


# ------------------------------------------------------------ approve, change the payee, return, withdraw

State = tuple[str, int]
Act = Callable[[State], tuple[State, str]]


def approve(state: State) -> tuple[State, str]:
    return (("decided", state[1]), "") if state[0] == "calculated" else (state, "state_conflict")


def change_payee(state: State) -> tuple[State, str]:
    return ("returned" if state[0] == "decided" else state[0], state[1] + 1), ""


def give_back(state: State) -> tuple[State, str]:
    return (("returned", state[1]), "") if state[0] == "calculated" else (state, "state_conflict")


def withdraw(state: State) -> tuple[State, str]:
    """A claim with a sheet is past the point where its report can be withdrawn."""
    return state, "state_conflict"


ACTS: dict[str, Act] = {"approve": approve, "payee": change_payee, "return": give_back, "withdraw": withdraw}


def explained() -> set[tuple[State, tuple[tuple[str, str], ...]]]:
    """What each order of the four acts leads to: the state, and the refusal of each act."""
    found = set()
    for order in permutations(ACTS):
        state: State = ("calculated", 1)
        told = {}
        for name in order:
            state, told[name] = ACTS[name](state)
        found.add((state, tuple(sorted(told.items()))))
    return found


EXPLAINED = explained()


async def sent(world: ClaimsWorld, claim_id: UUID, name: str) -> httpx.Response:
    version = (await world.row(claim_id)).version
    path = f"/v1/claims/{claim_id}"
    if name == "approve":
        return await world.approve(approver(SUB, "first"), claim_id, "decision", version=version)
    if name == "return":
        return await world.approve(approver(SUB, "second"), claim_id, "decision", "return", version=version)
    if name == "payee":
        body = {"payees": [VICTIM | {"account": "6222999988887777"}]}
        return await world.service.call(adjuster(), "PUT", f"{path}/payees", body, version=version)
    withdrawal = {"reason_code": "withdrawn", "reason": "客户撤回"}
    return await world.service.post(adjuster(), f"{path}/cancellations", withdrawal, version=version)


async def four_acts_at_once(world: ClaimsWorld, policy_id: UUID, dice: random.Random) -> None:
    claim_id = await world.calculated(policy_id, bill("900.00"), accident_id=uuid4())
    version = (await world.row(claim_id)).version
    first = await world.service.call(
        adjuster(), "PUT", f"/v1/claims/{claim_id}/payees", {"payees": [VICTIM]}, version=version
    )
    assert first.status_code == 200, first.text
    names = dice.sample(sorted(ACTS), len(ACTS))
    answers = await asyncio.gather(*(again_when_stale(lambda n=n: sent(world, claim_id, n)) for n in names))
    told = {
        name: "" if answer.is_success else answer.json()["code"] for name, answer in zip(names, answers, strict=True)
    }
    row = await world.row(claim_id)
    plans = await world.service.rows(PayeePlan.__table__, claim_id=claim_id)
    seen = ((row.status, len(plans)), tuple(sorted(told.items())))
    assert seen in EXPLAINED, (seen, [answer.text for answer in answers])
    await _stands_as_it_says(world, claim_id, row.status, len(plans))


async def _stands_as_it_says(world: ClaimsWorld, claim_id: UUID, status: str, payee_number: int) -> None:
    steps = await world.service.rows(ApprovalStep.__table__, claim_id=claim_id)
    held = await world.service.rows(LimitEntry.__table__, claim_id=claim_id)
    taken = sum((each["amount"] for each in held if each["state"] != "released"), Decimal(0))
    approved = [each for each in steps if each["outcome"] == "approve" and each["payee_number"] == payee_number]
    assert (taken, len(approved)) == ((Decimal("900.00"), 1) if status == "decided" else (Decimal(0), 0))


# ------------------------------------------------------------------------------------------------- rounds


async def rounds(world: ClaimsWorld, count: int, dice: random.Random) -> None:
    policy_id = await world.policy({"basis": "fault", "aggregate_limit": "9000000000.00"})
    for _ in range(count):
        await one_limit_two_decisions(world, dice)
        await four_acts_at_once(world, policy_id, dice)


@pytest.mark.abuse("B10")
async def test_two_decisions_never_take_more_than_is_left_and_every_race_has_an_order(
    world: ClaimsWorld, dice: random.Random
) -> None:
    await rounds(world, QUICK, dice)


@pytest.mark.soak
async def test_five_thousand_races_have_an_order(world: ClaimsWorld, dice: random.Random) -> None:
    await rounds(world, LONG, dice)


def test_the_orders_tell_different_ends_apart() -> None:
    assert {state for state, _ in EXPLAINED} == {("decided", 2), ("returned", 2)}
