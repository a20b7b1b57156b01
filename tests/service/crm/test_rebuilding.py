"""Timeline and figures are the same in whatever order news comes, however often, and made again from what was kept."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.crm.consumers import TELLING
from services.crm.consumers.rebuilding import rebuild
from services.crm.figure.handlers import record
from services.crm.figure.rules import Metric
from shared.actor import machine
from shared.inbox import Arrival
from tests.support.crm_world import AGENT, C1, HEAD, SUB, CrmWorld, body
from tests.support.kpi_world import Month, named

MARCH = date(2026, 3, 1)
SHOWN = ("id", "occurred_at", "kind", "about", "summary", "amounts", "undone_by")


def history(world: CrmWorld) -> list[Arrival]:
    """A month of everything, with claims that find their policy late, are cancelled, and a duplicate."""
    month = Month(world, MARCH)
    told = month.everything()
    late = named("claim late")
    told += [
        month.event("claims.claim.registered", "claim late", {"claim_id": str(late), "reserve_amount": "9.00"}, MARCH),
        month.event("claims.claim.matched", "claim late", {
            "claim_id": str(late), "policy_id": str(named("policy 1")), "line": "accident",
            "loss_at": "2026-03-02T01:00:00+08:00", "reported_at": "2026-03-02T03:00:00+08:00", "injured_count": 1,
            "death_count": 0,
        }, month.day(4)),
        month.event("claims.claim.cancelled", "claim late", {"claim_id": str(late), "reason_code": "withdrawn"},
                    month.day(6)),
        *month.complaint("of the late claim", 7, 22, 21),
    ]  # fmt: skip
    return told


async def seen(world: CrmWorld) -> tuple[list[Any], list[Any], Any]:
    """The customer's timeline as it reads, all figures, and what is still waiting."""
    items, cursor = [], ""
    while True:
        answer = (await world.service.get(AGENT, f"/v1/customers/{C1}/timeline?limit=200{cursor}")).json()
        items += [{name: one.get(name) for name in SHOWN} for one in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    figures = [_comparable(dict(one)) for one in await world.rows("service_figures")]
    figures.sort(key=lambda one: tuple(str(one[name]) for name in sorted(one)))
    kpis = (await world.service.get(HEAD, "/v1/service-kpis?period=2026-03")).json()
    return items, figures, (kpis, len(await world.rows("waiting_entries")))


def _comparable(figure: dict[str, Any]) -> dict[str, Any]:
    """A visit that is planned anew has an id of its own; what it counts for is the same."""
    if figure["about_kind"] != "return_visit":
        return figure
    return {name: value for name, value in figure.items() if name not in ("id", "group_id", "about_id")} | {
        "id": "", "group_id": "", "about_id": ""
    }  # fmt: skip


async def forget(world: CrmWorld) -> None:
    """As if no news had come yet; the customers stay."""
    async with world.service.db.transaction(machine("crm")) as tx:
        for table in (
            "customer_asks", "visit_attempts", "follow_ups", "findings", "return_visits", "timeline_entries",
            "waiting_entries", "record_references", "policy_references", "claim_references", "complaint_references",
            "duties_taken", "kept_out", "notices_seen", "kept_news", "service_figures", "inbox", "task_grants",
            "work_items",
        ):  # fmt: skip
            await tx.execute(text(f"delete from {table}"))


def shuffled(told: Sequence[Arrival], seed: int) -> list[Arrival]:
    """The same news in any order, a third of it twice."""
    chance = random.Random(seed)
    order = [*told, *chance.sample(list(told), len(told) // 3)]
    chance.shuffle(order)
    return order


@pytest.mark.parametrize("seed", range(4))
async def test_shuffled_and_repeated_news_gives_the_same_timeline_and_figures(world: CrmWorld, seed: int) -> None:
    await world.put()
    told = history(world)
    await world.take(*told)
    live = await seen(world)
    assert len(live[0]) >= 45
    assert len(live[1]) > 40
    assert live[2][1] == 2, "two applications whose customer nobody told"
    for n in range(2):
        await forget(world)
        await world.take(*shuffled(told, 100 * seed + n))
        again = await seen(world)
        for one, other in zip(again, live, strict=True):
            assert one == other


async def test_timeline_and_figures_made_again_equal_the_live_ones(world: CrmWorld) -> None:
    await world.put()
    await world.put("C0002", **body(name="岚海贸易有限公司", phone="13900002222"))
    told = history(world)
    await world.take(*shuffled(told[:60], 1))
    async with world.service.db.transaction(machine("crm")) as tx:
        about = ("enquiry", named("enquiry"), SUB)
        await record(tx, Metric.ENQUIRY_ON_TIME, about, on=MARCH, part=0)
        await record(tx, Metric.ENQUIRY_ON_TIME, about, on=MARCH, part=1)
    [merged] = await world.rows("customers", core_no="C0002")
    answer = await world.service.post(
        HEAD, f"/v1/customers/{C1}/merges", {"merged_id": str(merged["id"]), "reason": "同一单位"}, version=1
    )
    assert answer.status_code == 201, answer.text
    await world.take(*shuffled(told, 2))
    live, visits = await seen(world), await counted(world)
    assert any(one["kind"] == "crm.customer.merged" for one in live[0])
    await spoil(world)
    assert (await seen(world))[:2] != live[:2]
    done = await rebuild(world.service.db, TELLING)
    assert done.news == len(await world.rows("kept_news"))
    again = await seen(world)
    for one, other in zip(again, live, strict=True):
        assert one == other
    assert await counted(world) == visits, "nothing else follows from what is read again"
    assert await rebuild(world.service.db, TELLING) == done


async def counted(world: CrmWorld) -> dict[str, int]:
    tables = ("return_visits", "findings", "work_items", "outbox", "audit_entries", "record_references")
    return {name: len(await world.rows(name)) for name in tables}


async def spoil(world: CrmWorld) -> None:
    """What a fault of our own could have left: entries gone, doubled at another customer, figures wrong."""
    async with world.service.db.transaction(machine("crm")) as tx:
        await tx.execute(text("delete from timeline_entries where kind like 'claims.%'"))
        await tx.execute(text("update service_figures set part = part + 1, org_path = '00.33'"))
        await tx.execute(text("delete from record_references where kind = 'claim'"))
        assert UUID(int=0) not in set(await tx.scalars(text("select id from service_figures")))
