"""Figures 1 and 2: what a claim read and a claim report cost through the gateway, and what the gateway alone adds.

Five cases take turns, round after round, so that whatever else the machine does meets all of them alike.
"""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import uvloop

from embedded.demonstration.customers import DEFAULT_SEED
from embedded.demonstration.policies import policies as demonstration_policies
from embedded.screen import step
from shared.clock import SHANGHAI
from tests.benchmarks.load import CONNECTIONS, Make, Served, closed_loop, request
from tests.benchmarks.processor_time import Meter
from tests.benchmarks.stage import Stage

BARE_READ, BARE_READ_BEHIND, CLAIM_READ = "bare read", "bare read behind the gateway", "claim read"
BARE_REPORT, CLAIM_REPORT = "bare report", "claim report"

_DAYS = 300
"""Losses lie this far apart: as in life, few of them are near each other in time, place and policy."""


@dataclass(frozen=True)
class Round:
    """One case in one round."""

    served: Served
    spent_ms: dict[str, float]
    """Processor time by part of the way: `service`, `gateway`, `postgres`."""

    def each(self, part: str) -> float:
        """Milliseconds a request."""
        return self.spent_ms.get(part, 0.0) / self.served.count

    @property
    def cost(self) -> float:
        """Milliseconds a request, all parts together."""
        return sum(self.spent_ms.values()) / self.served.count


@dataclass(frozen=True)
class Case:
    """Where requests of one kind go, and whose processor time is theirs."""

    name: str
    port: int
    processes: dict[str, int]
    make: Make


@dataclass
class Reports:
    """Bodies of claim reports, each a loss of its own on a policy in force, the same in every run of a day."""

    policies: list[dict[str, Any]]
    today: date
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    told: int = 0

    def body(self) -> dict[str, Any]:
        policy = self.chance.choice(self.policies)
        self.told += 1
        moment = datetime(self.today.year, self.today.month, self.today.day, tzinfo=SHANGHAI)
        start = max(datetime.fromisoformat(policy["starts_at"]), moment - timedelta(days=_DAYS))
        loss_at = start + (moment - start) * self.chance.random()
        return {
            "channel": "phone",
            "reporter": {"name": "王建国", "phone": "13800000000", "relation": "safety_officer"},
            "policy_no": policy["policy_no"], "loss_at": loss_at.isoformat(timespec="seconds"),
            "place": f"三号车间第{self.told}工位", "area_code": f"3201{self.chance.randrange(2, 18):02d}",
            "description": "操作工右手被卷入设备,已送医治疗,现场已停机保护。" * 2,
            "injured": [{"name": "李明"}], "injured_count": 1, "estimated_amount": "12000.00",
        }  # fmt: skip


class Caller:
    """Prepared requests of somebody signed in."""

    def __init__(self, stage: Stage, reports: Reports) -> None:
        self._stage = stage
        self._reports = reports
        self.claims: list[str] = []
        self.bare: list[str] = []
        self._token = ""

    def sign_in(self) -> None:
        self._token = self._stage.sign_in()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Accept-Language": "zh-CN"}

    def read_claim(self, number: int) -> bytes:
        return request("GET", f"/v1/claims/{self.claims[number % len(self.claims)]}", self._headers())

    def read_bare(self, number: int) -> bytes:
        return request("GET", f"/v1/claims/{self.bare[number % len(self.bare)]}", self._headers())

    def read_policies(self, _number: int) -> bytes:
        return request("GET", "/v1/policies", self._headers())

    def report(self, _number: int) -> bytes:
        keyed = {**self._headers(), "Idempotency-Key": f'"{uuid.uuid4()}"'}
        return request("POST", "/v1/claims", keyed, self._reports.body())


def in_force(count: int, today: date) -> list[dict[str, Any]]:
    """The policies of the demonstration that have begun and not ended."""
    now = datetime(today.year, today.month, today.day, tzinfo=SHANGHAI)
    found = demonstration_policies(count, DEFAULT_SEED, today)
    return [
        one for one in found
        if datetime.fromisoformat(one["starts_at"]) < now - timedelta(days=2) < datetime.fromisoformat(one["ends_at"])
    ]  # fmt: skip


def run(
    made: Stage, caller: Caller, *, rounds: int, seconds: float, most: int
) -> dict[str, list[Round]]:  # fmt: skip
    """Warm every case up, then let them take turns; the rounds by the name of the case."""
    cases = _cases(made, caller)
    with step("warm-up"):
        _warm_up(cases, caller)
    found: dict[str, list[Round]] = {case.name: [] for case in cases}
    for number in range(1, rounds + 1):
        caller.sign_in()
        with step(f"round {number} of {rounds}") as told:
            for case in cases:
                # both gateways first look up who has just signed in
                uvloop.run(closed_loop(case.port, case.make, seconds=2, most=CONNECTIONS))
                found[case.name].append(measure(made, case, seconds, most))
            told.append("  ".join(f"{case.name} {found[case.name][-1].cost:.2f}" for case in cases))
    return found


def measure(made: Stage, case: Case, seconds: float, most: int) -> Round:
    """One round of one case."""
    meter = Meter(case.processes, made.postgres)
    served = uvloop.run(closed_loop(case.port, case.make, seconds=seconds, most=most))
    spent = meter.spent()
    if not served.count:
        raise RuntimeError(f"{case.name}: {served.not_served} answers of 5xx and none else")
    return Round(served, spent)


def _cases(made: Stage, caller: Caller) -> Sequence[Case]:
    bare, claims = {"service": made.pid("bare API")}, {"service": made.pid("claims API")}
    gateway, second = {"gateway": made.pid("gateway API")}, {"gateway": made.pid("gateway to bare")}
    to_bare, to_claims = made.port("bare API"), made.port("gateway API")
    return (
        Case(BARE_READ, to_bare, bare, caller.read_bare),
        Case(CLAIM_READ, to_claims, claims | gateway, caller.read_claim),
        Case(BARE_READ_BEHIND, made.port("gateway to bare"), bare | second, caller.read_bare),
        Case(BARE_REPORT, to_bare, bare, caller.report),
        Case(CLAIM_REPORT, to_claims, claims | gateway, caller.report),
    )


def _warm_up(cases: Sequence[Case], caller: Caller) -> None:
    """What is reported here is what the rounds read."""
    caller.sign_in()
    by_name = {case.name: case for case in cases}
    for name, ids in ((BARE_REPORT, caller.bare), (CLAIM_REPORT, caller.claims)):
        answers: list[bytes] = []
        case = by_name[name]
        asyncio.run(closed_loop(case.port, case.make, seconds=10, most=200, keep=answers))
        ids += [json.loads(one)["id"] for one in answers]
    for case in cases:
        asyncio.run(closed_loop(case.port, case.make, seconds=5, most=300))
