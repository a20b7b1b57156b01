"""Claims driven at random against a model on plain values: each act succeeds or is refused as the model says, and the
database agrees after each run. Every run prints its seed; `ANLAN_MODEL_SEED` repeats that run alone."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from services.claims.adjustment.tables import LimitEntry, PayeePlan
from services.claims.approval.tables import ApprovalStep
from services.claims.claim.tables import ClaimDuty
from services.claims.deadlines.handlers import TICKS
from services.claims.payment.tables import Payment
from shared.authority import rank
from shared.clock import process_now, rfc3339
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support import engines
from tests.support.approval_attempts import bill
from tests.support.claim_life import MovedClock
from tests.support.claims_model import COSIGN_ABOVE, UNITS, Model, ModelClaim, broken, kind_at
from tests.support.claims_world import BRANCH, CENTRAL, HEAD, SUB, ClaimsWorld, adjuster, approver
from tests.support.services import ServiceUnderTest, running
from tests.support.tokens import actor

PATHS = (SUB, CENTRAL, BRANCH, HEAD)
AMOUNTS = [Decimal(one) for one in ("800.00", "9000.00", "10000.00", "10000.01", "40000.00", "60000.00")]
AGGREGATE = Decimal("150000.00")
RUNS, STEPS = int(os.environ.get("ANLAN_MODEL_RUNS", "3")), 60
LONG_RUNS, LONG_STEPS = 1_000, 80
ONE = os.environ.get("ANLAN_MODEL_SEED")
CLAIMS_AT_MOST, OF_ONE_ACCIDENT = 5, 3


@pytest.fixture
async def service(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[ServiceUnderTest]:
    async with running("claims", database_urls["claims"], tmp_path) as started:
        yield started


@dataclass
class Run:
    """One run: the model, the service, and which stored claim is which."""

    world: ClaimsWorld
    policy_id: UUID
    dice: random.Random
    clock: MovedClock
    model: Model = field(default_factory=lambda: Model(AGGREGATE))
    ids: list[UUID] = field(default_factory=list)
    accidents: list[UUID] = field(default_factory=list)
    days: int = 0
    about: int = 0
    told: list[str] = field(default_factory=list)

    def some(self) -> tuple[ModelClaim, UUID]:
        at = self.dice.randrange(len(self.ids))
        self.about = at
        return self.model.claims[at], self.ids[at]

    async def version(self, claim_id: UUID) -> int:
        return (await self.world.row(claim_id)).version

    def same(self, what: str, expected: bool, answer: httpx.Response) -> None:
        """The service did what the model did; a refusal is one of those that change nothing."""
        told = "" if answer.is_success else answer.json()["code"]
        self.told.append(f"{self.about}: {what}: {answer.status_code} {told}")
        assert answer.status_code in (200, 201, 403, 409, 422), self._story(answer)
        assert answer.is_success is expected, self._story(answer)

    def _story(self, answer: httpx.Response) -> str:
        return "\n".join((*self.told[-30:], answer.text))

    # ------------------------------------------------------------------------------------------ the acts

    async def report(self) -> None:
        if len(self.ids) >= CLAIMS_AT_MOST:
            return
        open_to = [n for n in range(len(self.accidents)) if self._of(n) < OF_ONE_ACCIDENT]
        if open_to and self.dice.random() < 0.4:
            accident = self.dice.choice(open_to)
        else:
            accident = len(self.accidents)
            self.accidents.append(uuid4())
        self.model.report(accident)
        self.ids.append(await self.world.claim(self.policy_id, accident_id=self.accidents[accident]))

    def _of(self, accident: int) -> int:
        return sum(1 for one in self.model.claims if one.accident == accident)

    async def assess(self) -> None:
        claim, claim_id = self.some()
        amount = self.dice.choice(AMOUNTS)
        expected = self.model.assess(claim, amount)
        self.same("assess", expected, await self.world.assess(claim_id, bill(f"{amount:.2f}")))

    async def calculate(self) -> None:
        claim, claim_id = self.some()
        expected = self.model.calculate(claim)
        answer = await self.world.calculate(claim_id)
        self.same("calculate", expected, answer)
        if expected:
            assert Decimal(answer.json()["gross_amount"]) == claim.gross, self.told

    def _likely(self, claim: ModelClaim) -> tuple[int, str, str]:
        """Mostly the act that is due, sometimes any."""
        length = self.model.length(claim)
        at = min(len(self.model.live(claim, length)), length - 1)
        if self.dice.random() < 0.75:
            return at, kind_at(at, length), self.dice.choice(("a", "b", "c"))
        return self.dice.randrange(4), self.dice.choice(("opinion", "decision")), self.dice.choice(("a", "b", "c"))

    async def approve(self) -> None:
        claim, claim_id = self.some()
        unit, kind, letter = self._likely(claim)
        outcome = self.dice.choices(("approve", "return", "refuse"), (8, 1, 1))[0]
        person = f"{letter} at {UNITS[unit]}"
        expected = self.model.act(claim, unit, kind, outcome, person)
        answer = await self.world.approve(approver(PATHS[unit], person), claim_id, kind, outcome)
        self.same(f"{kind} {outcome} by {person}", expected, answer)

    async def raise_level(self) -> None:
        claim, claim_id = self.some()
        unit, _, letter = self._likely(claim)
        person = f"{letter} at {UNITS[unit]}"
        expected = claim.sheets > 0 and self.model.raise_level(claim, unit, person)
        body = {"reason_code": "complex_facts", "reason": "请上级决定"}
        path = f"/v1/claims/{claim_id}/raises"
        version = await self.version(claim_id)
        answer = await self.world.service.post(approver(PATHS[unit], person), path, body, version=version)
        self.same(f"raise by {person}", expected, answer)

    async def change_payee(self) -> None:
        claim, claim_id = self.some()
        if claim.payees >= 4:
            return
        expected = self.model.name_payees(claim)
        body = {"payees": [{"kind": "third_party", "name": "司徒海", "account": self._account(claim)}]}
        path, version = f"/v1/claims/{claim_id}/payees", await self.version(claim_id)
        answer = await self.world.service.call(adjuster(), "PUT", path, body, version=version)
        self.same("payee", expected, answer)

    @staticmethod
    def _account(claim: ModelClaim) -> str:
        return f"62220000{claim.payees:08d}"

    async def agree(self) -> None:
        claim, claim_id = self.some()
        expected = self.model.agree(claim)
        path, version = f"/v1/claims/{claim_id}/settlement-agreements", await self.version(claim_id)
        body = {"agreed_at": rfc3339(process_now())}
        self.same("agree", expected, await self.world.service.post(adjuster(), path, body, version=version))

    async def order(self) -> None:
        claim, claim_id = self.some()
        expected = self.model.order(claim)
        payee = {"kind": "third_party", "name": "司徒海", "account": self._account(claim)}
        body = {"payee": payee, "amount": f"{max(claim.gross, Decimal(1)):.2f}", "relation": "victim"}
        path, version = f"/v1/claims/{claim_id}/payments", await self.version(claim_id)
        self.same("order", expected, await self.world.service.post(adjuster(), path, body, version=version))

    async def confirm(self) -> None:
        claim, claim_id = self.some()
        rows = await self.world.service.rows(Payment.__table__, claim_id=claim_id)
        if not rows:
            return
        expected = self.model.confirm(claim)
        body = {"paid_at": rfc3339(process_now()), "reference": "B-1"}
        path = f"/v1/payments/{rows[0]['id']}/confirmations"
        cashier = actor("cashier", CENTRAL)
        self.same("confirm", expected, await self.world.service.post(cashier, path, body, version=rows[0]["version"]))

    async def let_time_pass(self) -> None:
        self.days += self.dice.randint(1, 3)
        self.clock.file.write_text(str(timedelta(days=self.days).total_seconds()), encoding="ascii")
        for tick in TICKS:
            await run_once(self.world.service.db, tick)

    # ------------------------------------------------------------------------------------------- the end

    async def step(self) -> None:
        acts = (
            (self.report, 2), (self.assess, 4), (self.calculate, 5), (self.approve, 14), (self.raise_level, 1),
            (self.change_payee, 2), (self.agree, 3), (self.order, 3), (self.confirm, 3), (self.let_time_pass, 1),
        )  # fmt: skip
        chosen = self.dice.choices([one for one, _ in acts], [weight for _, weight in acts])[0]
        await chosen()
        assert broken(self.model.claims, AGGREGATE) == [], self.told

    async def compare(self) -> None:
        for claim, claim_id in zip(self.model.claims, self.ids, strict=True):
            await self._same_claim(claim, claim_id)
        held = await self.world.service.rows(LimitEntry.__table__, policy_id=self.policy_id)
        taken = [one for one in held if one["limit_name"] == "aggregate_limit" and one["state"] != "released"]
        assert sum((one["amount"] for one in taken), Decimal(0)) <= AGGREGATE

    async def _same_claim(self, claim: ModelClaim, claim_id: UUID) -> None:
        rows, row = self.world.service.rows, await self.world.row(claim_id)
        stored = (row.status, row.outcome, row.sheet_version or 0, row.gross_amount or Decimal(0))
        assert stored == (claim.status, claim.outcome, claim.sheets, claim.gross), self.told
        held = await rows(LimitEntry.__table__, claim_id=claim_id, limit_name="aggregate_limit")
        taken = sum((one["amount"] for one in held if one["state"] != "released"), Decimal(0))
        assert taken == claim.reserved, self.told
        assert len(await rows(PayeePlan.__table__, claim_id=claim_id)) == claim.payees, self.told
        paid = [one for one in await rows(Payment.__table__, claim_id=claim_id) if one["status"] == "paid"]
        assert sum((one["amount"] for one in paid), Decimal(0)) == claim.paid, self.told
        await self._approved_in_order(claim, claim_id)

    async def _approved_in_order(self, claim: ModelClaim, claim_id: UUID) -> None:
        """Distinct persons, levels that do not fall, none of them with another duty on the claim, one note each."""
        steps = await self.world.service.rows(ApprovalStep.__table__, claim_id=claim_id)
        newest = [one for one in steps if one["sheet_version"] == claim.sheets]
        assert len(newest) == len(claim.acts), self.told
        if claim.outcome is not None:
            length = len(self.model.live(claim, len(UNITS))) or 1
            final = sorted(
                (one for one in newest if one["payee_number"] == claim.payees and one["outcome"] != "return"),
                key=lambda one: one["created_at"],
            )[-length:]  # fmt: skip
            levels = [rank(one["level"]) for one in final]
            assert levels == sorted(levels), self.told
        duties = await self.world.service.rows(ClaimDuty.__table__, claim_id=claim_id)
        workers = {one["person_id"] for one in duties if one["duty"] in ("adjuster", "surveyor", "reporter")}
        assert not workers & {one["person_id"] for one in steps}, self.told
        lines = await self.world.service.rows(kernel.tables["history"], record_id=claim_id)
        approvals = [one for one in lines if one["action"].split("_")[0] in ("opinion", "decision")]
        assert len(approvals) == len(steps), self.told


async def drive(service: ServiceUnderTest, clock: MovedClock, seed: int, steps: int) -> None:
    print(f"ANLAN_MODEL_SEED={seed}")
    world = ClaimsWorld(service)
    world.made = seed % 1_000_000 * 10
    policy_id = await world.policy({"basis": "fault", "aggregate_limit": f"{AGGREGATE:.2f}"})
    run = Run(world, policy_id, random.Random(seed), clock)
    clock.file.write_text("0", encoding="ascii")
    await run.report()
    for _ in range(steps):
        await run.step()
    await run.compare()


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    return MovedClock(tmp_path / "clock")


async def test_claims_live_as_the_model_says(service: ServiceUnderTest, clock: MovedClock, dice: random.Random) -> None:
    for _ in range(1 if ONE else RUNS):
        await drive(service, clock, int(ONE or dice.getrandbits(32)), STEPS)


@pytest.mark.soak
async def test_claims_live_as_the_model_says_by_the_thousand(
    service: ServiceUnderTest, clock: MovedClock, dice: random.Random
) -> None:
    for _ in range(LONG_RUNS):
        await drive(service, clock, dice.getrandbits(32), LONG_STEPS)


def test_the_amounts_of_the_runs_stay_below_the_second_signature() -> None:
    assert max(AMOUNTS) * OF_ONE_ACCIDENT <= COSIGN_ABOVE
