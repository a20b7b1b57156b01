"""Whatever order the events of policies and claims come in, plans, visits, files and frequencies are the same.

Stories are drawn at random: policies with endorsements and early ends, claims that are reported, matched, withdrawn and
settled, customers that turn out to be one. Each is told in order, then shuffled and with repetitions, every time about
records of its own.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from services.risk.exposure.tables import Base
from shared.clock import SHANGHAI, legal_day, process_now, rfc3339
from shared.inbox import Arrival
from tests.support.risk_world import ENDORSED, ISSUED, PATH, event, hear, policy
from tests.support.services import ServiceUnderTest

TODAY = legal_day(process_now())
TABLES = Base.metadata.tables
ELSEWHERE = ("00.32.3202.320201", "320201")
HERE = (PATH, "320102")
STORIES, ORDERS = 12, 3


@dataclass
class Told:
    """One event of a story: its record and what else it names by name, so that it can be told of other records."""

    subject: str
    record: str
    data: dict[str, Any]
    version: int
    path: str = PATH
    named: dict[str, str] = field(default_factory=dict)


@dataclass
class Names:
    """The ids of one telling."""

    run: UUID

    def id(self, name: str) -> UUID:
        """Ordered as the names are: of two equal policies the same one comes first in every telling."""
        return UUID(bytes=name.encode().ljust(2)[:2] + uuid5(self.run, name).bytes[2:])

    def arrival(self, told: Told, event_id: str) -> Arrival:
        ids = {key: str(self.id(name)) for key, name in told.named.items()}
        number = {"policy_no": f"{told.record}-{self.run.hex[:6]}"} if "policy_no" in told.data else {}
        return event(
            told.subject, self.id(told.record), told.data | ids | number, told.version, orgpath=told.path,
            id=str(self.id(event_id)),
        )  # fmt: skip


def _policy_story(dice: random.Random, name: str, customers: list[str]) -> list[Told]:
    told, customer, place = [], dice.choice(customers), HERE
    starts = TODAY - timedelta(days=dice.choice((0, 100, 300)))
    facts = {
        "product": dice.choice(("public_liability", "work_safety_liability")), "risk_level": "low",
        "insured_count": dice.choice((1, 60)),
    }  # fmt: skip
    last = dice.randint(1, 4)
    for n in range(1, last + 1):
        if n > 1:
            facts["risk_level"] = dice.choice(("low", "medium", "high"))
            facts["insured_count"] = dice.choice((1, 60))
            place, customer = dice.choice((HERE, HERE, ELSEWHERE)), dice.choice((customer, *customers))
        limit = dice.choice(("2000000.00", "6000000.00"))
        data = policy(starts, number=n, **facts, unit_code=place[1], cover={"limit_per_accident": limit})
        names = {"policy_id": name, "customer_id": customer}
        told.append(Told(ISSUED if n == 1 else ENDORSED, name, data, n, place[0], names))
    if dice.random() < 0.5:
        end = datetime.combine(TODAY + timedelta(days=dice.choice((0, 10, 120))), time(), SHANGHAI)
        data = {
            "effective_on": end.date().isoformat(), "effective_at": rfc3339(end), "kind": "cancel",
            "refund_amount": "0.00",
        }  # fmt: skip
        told.append(Told("policy.policy.cancelled.v1", name, data, last + 1, place[0], {"policy_id": name}))
    return told


def _claim_story(dice: random.Random, name: str, policies: Mapping[str, str]) -> list[Told]:
    data = {
        "loss_at": rfc3339(process_now() - timedelta(days=dice.randint(0, 200))),
        "injured_count": dice.choice((0, 1, 3)), "death_count": dice.choice((0, 0, 1)),
    }  # fmt: skip
    whose = dice.choice(sorted(policies))
    ids = {"claim_id": name, "policy_id": whose, "customer_id": policies[whose]}
    told = [Told("claims.claim.reported.v1", name, data, 1, named=ids)]
    if dice.random() < 0.5:
        told[0].named = {"claim_id": name}
        told.append(Told("claims.claim.matched.v1", name, data, 2, named=ids))
        if dice.random() < 0.3:
            other = dice.choice(sorted(policies))
            again = ids | {"policy_id": other, "customer_id": policies[other]}
            told.append(Told("claims.claim.matched.v1", name, data, 3, named=again))
    if dice.random() < 0.4:
        gone = {"reason_code": "withdrawn"}
        told.append(Told("claims.claim.cancelled.v1", name, gone, len(told) + 1, named={"claim_id": name}))
    else:
        paid = {"outcome": "paid", "gross_amount": "1.00", "paid_amount": "1.00", "by_limit": []}
        told.append(Told("claims.claim.settled.v1", name, paid, len(told) + 1, named=ids))
    return told


def story(seed: int) -> list[Told]:
    dice, customers = random.Random(seed), ["A", "B", "C"]
    told: list[Told] = []
    for n in range(3):
        told += _policy_story(dice, f"P{n}", customers)
    owners = {one.record: one.named["customer_id"] for one in told if "customer_id" in one.named}
    for n in range(7):
        told += _claim_story(dice, f"C{n}", owners)
    if dice.random() < 0.5:
        both = {"kept_id": "A", "merged_id": "C"}
        told.append(Told("crm.customer.merged.v1", "C", {}, 1, named=both))
    return told


async def outcome(risk: ServiceUnderTest, names: Names) -> dict[str, list[Any]]:
    """What has come of a telling, with the names of the story in place of the ids."""
    known = {names.id(one): one for one in ("A", "B", "C", *(f"P{n}" for n in range(3)), *(f"C{n}" for n in range(7)))}

    def named(row: Mapping[str, Any], columns: tuple[str, ...]) -> str:
        return str([known.get(row[name], row[name]) if isinstance(row[name], UUID) else row[name] for name in columns])

    async def rows(table: str, key: str, *columns: str, **where: Any) -> list[Any]:
        found = await risk.rows(TABLES[table], **where)
        mine = [one for one in found if one[key] in known]
        return sorted(named(one, columns) for one in mine)

    visits = await risk.rows(TABLES["inspections"])
    alive = [one for one in visits if one["status"] != "cancelled" and one["policy_id"] in known]
    columns = ("policy_id", "kind", "due_on", "claim_id", "customer_id", "org_path", "unit_code", "status")
    files = await rows("key_risk_files", "customer_id", "customer_id", "criteria", "status", "org_path")
    return {
        "plans": await rows(
            "inspection_plans", "policy_id", "policy_id", "status", "due_dates", "risk_level", "policy_version",
            "customer_id", "org_path", "product",
        ),
        "visits": sorted(named(one, columns) for one in alive),
        "prevention": await rows(
            "prevention_plans", "policy_id", "policy_id", "status", "risk_level", "insured_count", "customer_id",
            "policy_version", "org_path",
        ),
        "files": [one for one in files if "'closed'" not in one],
        "frequencies": await rows(
            "claims_seen", "claim_id", "claim_id", "policy_id", "customer_id", "loss_on", "injured_count", "cancelled",
            cancelled=False,
        ),
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(STORIES))
async def test_a_story_told_in_any_order_ends_the_same(risk: ServiceUnderTest, seed: int) -> None:
    told = story(seed)
    first = Names(uuid4())
    await hear(risk, *(first.arrival(one, f"e{n}") for n, one in enumerate(told)))
    wanted = await outcome(risk, first)
    assert wanted["plans"], "a story without a policy shows nothing"
    for n in range(ORDERS):
        dice, names = random.Random(f"{seed}/{n}"), Names(uuid4())
        order = [*enumerate(told), *dice.sample(list(enumerate(told)), k=len(told) // 3)]
        dice.shuffle(order)
        await hear(risk, *(names.arrival(one, f"e{at}") for at, one in order))
        assert await outcome(risk, names) == wanted, [f"{one.subject} {one.record}" for _, one in order]
