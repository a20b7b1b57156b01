"""Counts, shares and times of claims: right at every instant, in the caller's scope, from whatever happened."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from services.claims.claim.tables import Claim
from services.claims.statistics.handlers import TICKS
from services.claims.statistics.tables import StatisticCell, StatisticChange
from shared.actor import Actor, machine
from shared.clock import SHANGHAI, legal_day, process_now
from shared.ticks import run_once
from tests.support.calculations import PUBLIC, one
from tests.support.claims_settled import NORTH, PROVINCE, SettledWorld
from tests.support.claims_world import SUB
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

HEAD = actor("department_head", PROVINCE)
UNITS = {NORTH: "320205", SUB: "320102", "00.32.3202.320206": "320206"}


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


async def ask(world: SettledWorld, query: str = "", who: Actor = HEAD) -> Any:
    answer = await world.service.get(who, f"/v1/claims/statistics?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def count(world: SettledWorld) -> int:
    return sum([await run_once(world.service.db, tick) for tick in TICKS])


async def refused(world: SettledWorld) -> UUID:
    facts = one({"kind": "medical", "amount": "800.00"}, name="司徒海")
    return await world.decided(PUBLIC, facts, line="liability", by=PROVINCE, outcome="refuse")


# ------------------------------------------------------------------------------------------ what is counted


async def test_a_settled_and_a_refused_claim_are_counted_where_they_happened(world: SettledWorld) -> None:
    await world.bound()
    await refused(world)
    policy = await world.world.policy(PUBLIC)
    await world.world.claim(policy, status="registered", reserve_amount=Decimal("700.00"))
    month = f"{legal_day(process_now()):%Y-%m}"
    before = await ask(world, "group_by=unit,line,month")
    assert await count(world) > 0
    assert await world.service.rows(StatisticChange.__table__) == []
    assert await ask(world, "group_by=unit,line,month") == before
    by_group = {tuple(item["group"].values()): item for item in before["items"]}
    assert set(by_group) == {
        ("320205", "accident", month),
        ("320205", "liability", month),
        ("320102", "liability", month),
    }
    paid, no, open_one = (
        by_group[key]
        for key in (
            ("320205", "accident", month), ("320205", "liability", month), ("320102", "liability", month)
        )
    )  # fmt: skip
    wanted = {"reported_count": 1, "open_count": 0, "decided_count": 1, "refused_count": 0, "settled_count": 1}
    wanted |= {"closed_count": 1, "payment_count": 1, "paid_amount": "3268.00", "reserve_amount": "0.00"}
    assert {name: paid[name] for name in wanted} == wanted
    assert (paid["refusal_rate"], paid["payment_on_time_rate"], paid["days_to_settlement"]) == (
        "0.0000",
        "1.0000",
        "0.0",
    )
    assert (no["decided_count"], no["refused_count"], no["refusal_rate"], no["overturn_rate"]) == (
        1,
        1,
        "1.0000",
        "0.0000",
    )
    assert "days_to_settlement" not in no
    assert (open_one["open_count"], open_one["reserve_amount"]) == (1, "700.00")
    assert (before["total"]["reported_count"], before["total"]["paid_amount"]) == (3, "3268.00")


async def test_a_refusal_that_is_decided_otherwise_later_is_overturned_in_its_own_month(world: SettledWorld) -> None:
    claim_id = await refused(world)
    await count(world)
    await world.sql(
        "insert into approval_steps (id, org_path, created_at, claim_id, sheet_version, round, step, level, unit_code,"
        " kind, position, person_id, staff_no, appointment_id, outcome, amount, clause_ids, table_version,"
        " payee_number) select gen_random_uuid(), org_path, now() + interval '40 days', claim_id, sheet_version, 7,"
        " step, level, unit_code, kind, position, person_id, staff_no, appointment_id, 'approve', amount, clause_ids,"
        " table_version, 0 from approval_steps where claim_id = :id and kind = 'decision'",
        claim_id,
    )
    for _ in range(2):
        told = await ask(world, f"group_by=month&line=liability&to={legal_day(process_now()) + timedelta(days=70)}")
        assert [(one["decided_count"], one["refused_count"], one["overturned_count"]) for one in told["items"]] == [
            (1, 1, 1),
            (1, 0, 0),
        ]
        assert told["items"][0]["overturn_rate"] == "1.0000"
        assert await count(world) in (0, 2)


async def test_a_breach_makes_a_decision_and_a_payment_late(world: SettledWorld) -> None:
    claim_id = await world.paid()
    await world.sql("update claims set documents_received_at = reported_at where id = :id", claim_id)
    await count(world)
    first = (await ask(world, "group_by=product"))["items"][0]
    assert (first["decision_on_time_rate"], first["payment_on_time_rate"]) == ("1.0000", "1.0000")
    for deadline, start in (("DL-CL-1", "documents_received_at"), ("DL-CL-3", "agreed_at"), ("DL-CL-4", "reported_at")):
        await world.sql(
            "insert into claim_deadline_marks (id, org_path, created_at, claim_id, deadline, started_on, mark, at)"
            f" select gen_random_uuid(), org_path, now(), id, '{deadline}',"
            f" timezone('Asia/Shanghai', {start})::date, 'breached', now() from claims where id = :id",
            claim_id,
        )
    late = (await ask(world, "group_by=product"))["items"][0]
    assert (late["late_decision_count"], late["decision_on_time_rate"]) == (1, "0.0000")
    assert (late["late_payment_count"], late["payment_on_time_rate"]) == (1, "0.0000")


async def test_a_claim_that_moves_takes_its_whole_past_along(world: SettledWorld) -> None:
    claim_id = await world.paid()
    await count(world)
    other = "00.32.3202.320206"
    await world.sql(f"update claims set org_path = '{other}', unit_code = '320206' where id = :id", claim_id)
    for _ in range(2):
        (only,) = (await ask(world))["items"]
        assert (only["group"], only["decided_count"], only["settled_count"]) == ({"unit": "320206"}, 1, 1)
        await count(world)


async def test_units_are_put_together_by_the_level_above(world: SettledWorld) -> None:
    policy = await world.world.policy(PUBLIC)
    for path in (NORTH, "00.32.3202.320206", SUB):
        await world.world.claim(policy, path=path)
    told = await ask(world, "group_by=central")
    assert [(one["group"]["central"], one["reported_count"]) for one in told["items"]] == [("3201", 1), ("3202", 2)]
    (only,) = (await ask(world, "group_by=branch"))["items"]
    assert (only["group"], only["reported_count"]) == ({"branch": "32"}, 3)


# ------------------------------------------------------------------------------------------ always right


def moment(rng: random.Random) -> datetime:
    """Anywhere in half a year, often close to the end of a month."""
    day = datetime(2026, rng.randint(1, 6), rng.choice([1, 15, 28]), tzinfo=SHANGHAI)
    return day + timedelta(hours=rng.choice([0, 1, 8, 23]), minutes=rng.choice([0, 59]))


async def oracle(world: SettledWorld) -> Counter[tuple[str, str, str, str]]:
    """What happened by unit, product, month and kind, counted one claim at a time."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    async with world.service.db.transaction(machine("claims")) as tx:
        for row in await tx.scalars(select(Claim)):
            for kind in ("reported", "determined", "settled", "closed"):
                at = getattr(row, f"{kind}_at")
                if at is not None:
                    found[row.unit_code, row.product or "", f"{at.astimezone(SHANGHAI):%Y-%m}", f"{kind}_count"] += 1
            if row.status not in ("closed", "archived", "cancelled"):
                month = f"{row.reported_at.astimezone(SHANGHAI):%Y-%m}"
                found[row.unit_code, row.product or "", month, "open_count"] += 1
    return found


def shown(told: Any) -> Counter[tuple[str, str, str, str]]:
    kinds = ("reported_count", "determined_count", "settled_count", "closed_count", "open_count")
    counted = Counter(
        {
            (one["group"]["unit"], one["group"]["product"], one["group"]["month"], kind): one[kind]
            for one in told["items"]
            for kind in kinds
        }
    )
    return +counted


@pytest.mark.parametrize("seed", [11, 12])
async def test_after_any_changes_and_any_passes_the_counts_are_those_of_the_claims(
    world: SettledWorld, seed: int
) -> None:
    print("seed", seed)
    rng, ids = random.Random(seed), []
    for turn in range(60):
        if not ids or rng.random() < 0.45:
            at = moment(rng)
            path = rng.choice(list(UNITS))
            told = {"reported_at": at, "notified_at": at, "product": rng.choice(["a", "b", None]), "status": "surveyed"}
            ids.append(await world.world.claim(None, path=path, **told))
        else:
            await change(world, rng, rng.choice(ids))
        if rng.random() < 0.2:
            await count(world)
        if turn % 6 == 0:
            assert shown(await ask(world, "group_by=unit,product,month&from=2026-01&to=2026-12")) == await oracle(world)
    await count(world)
    assert shown(await ask(world, "group_by=unit,product,month&from=2026-01&to=2026-12")) == await oracle(world)
    kept = await world.service.rows(StatisticCell.__table__)
    assert all(
        row["reported_count"] + row["determined_count"] + row["settled_count"] + row["closed_count"] for row in kept
    )


async def change(world: SettledWorld, rng: random.Random, claim_id: UUID) -> None:
    """One of the changes that count, as SQL of whoever makes it."""
    at = moment(rng).astimezone(UTC).isoformat()
    path = rng.choice(list(UNITS))
    wanted = rng.choice(
        [
            f"product = '{rng.choice('ab')}'", "product = null", f"determined_at = '{at}'", "determined_at = null",
            f"settled_at = '{at}'", f"closed_at = '{at}'", "closed_at = null", "reserve_amount = 5",
            f"org_path = '{path}', unit_code = '{UNITS[path]}'", "line = 'accident'",
        ]
    )  # fmt: skip
    await world.sql(f"update claims set {wanted} where id = :id", claim_id)


async def test_a_change_that_is_rolled_back_leaves_nothing_to_count(world: SettledWorld) -> None:
    policy = await world.world.policy(PUBLIC)
    claim_id = await world.world.claim(policy)
    await count(world)

    async def taken_back() -> None:
        async with world.service.db.transaction(machine("claims")) as tx:
            await tx.execute(text("update claims set product = 'x' where id = :id"), {"id": claim_id})
            raise RuntimeError("taken back")

    with pytest.raises(RuntimeError, match="taken back"):
        await taken_back()
    assert await world.service.rows(StatisticChange.__table__) == []
