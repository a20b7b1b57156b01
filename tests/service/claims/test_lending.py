"""A volume that is out is remembered: on its day by whoever has it, on the day after by the head of the unit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.claims.lending.handlers import TICKS
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.claim_life import MovedClock
from tests.support.claims_settled import NORTH, SettledWorld, archivist
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

REMINDED = "return_file_overdue"


@pytest.fixture
def world(claims: ServiceUnderTest, clock: MovedClock) -> SettledWorld:
    clock.set("2026-06-05T10:00")
    return SettledWorld(claims)


async def lent(world: SettledWorld, due_on: str = "2026-06-10") -> tuple[UUID, UUID]:
    claim_id, _ = await world.bound()
    borrower = await world.staff("borrower")
    body = {"borrower_person_id": str(borrower), "purpose": "质量检查", "due_on": due_on}
    assert (await world.step(archivist(), claim_id, "file/loans", body)).status_code == 201
    return claim_id, borrower


async def watch(world: SettledWorld) -> int:
    return sum([await run_once(world.service.db, tick) for tick in TICKS])


async def reminders(world: SettledWorld, claim_id: UUID) -> list[tuple[Any, Any]]:
    found = await world.items(claim_id, REMINDED)
    return sorted(((one["position"], one["person_id"]) for one in found), key=str)


async def test_reminders_come_on_the_day_and_the_day_after_once_each(world: SettledWorld, clock: MovedClock) -> None:
    claim_id, borrower = await lent(world)
    clock.set("2026-06-09T23:59")
    assert await watch(world) == 0
    clock.set("2026-06-10T00:01")
    assert (await watch(world), await watch(world)) == (1, 0)
    assert await reminders(world, claim_id) == [(None, borrower)]
    clock.set("2026-06-11T00:01")
    assert (await watch(world), await watch(world)) == (1, 0)
    assert ("department_head", None) in await reminders(world, claim_id)
    acts = await world.service.rows(kernel.tables["history"], action="file_not_returned")
    assert [row["record_id"] for row in acts] == [claim_id]
    answer = await world.step(archivist(), claim_id, "file/returns", {"condition": "缺第3页"})
    assert (answer.status_code, answer.json()["condition"]) == (201, "缺第3页")
    assert await world.items(claim_id, REMINDED, "return_file") == []
    clock.set("2026-06-20T00:01")
    assert await watch(world) == 0


async def test_after_a_standstill_the_overdue_loan_is_still_told(world: SettledWorld, clock: MovedClock) -> None:
    claim_id, _ = await lent(world)
    clock.set("2026-07-01T08:00")
    assert await watch(world) == 1
    assert await reminders(world, claim_id) == [("department_head", None)]


async def test_what_came_back_in_time_is_not_reminded_of_and_a_second_loan_is(
    world: SettledWorld, clock: MovedClock
) -> None:
    claim_id, borrower = await lent(world)
    assert (await world.step(archivist(), claim_id, "file/returns", {})).status_code == 201
    body = {"borrower_person_id": str(borrower), "purpose": "再次查阅", "due_on": "2026-06-12"}
    assert (await world.step(archivist(), claim_id, "file/loans", body)).status_code == 201
    clock.set("2026-06-11T08:00")
    assert await watch(world) == 0
    clock.set("2026-06-13T08:00")
    assert await watch(world) == 1


async def test_a_reopened_claim_takes_its_lent_volume_back_and_does_not_close_without_it(world: SettledWorld) -> None:
    claim_id, _ = await lent(world)
    await world.sql(
        "update claims set status = 'reopened', closed_at = null, reopened_count = 1 where id = :id", claim_id
    )
    shown = (await world.service.get(archivist(), f"/v1/claims/{claim_id}")).json()["available_actions"]
    assert {one["action"]: one["allowed"] for one in shown}["return_file"] is True
    await world.sql("update claims set status = 'paid' where id = :id", claim_id)
    answer = await world.close(claim_id)
    assert (answer.status_code, answer.json()["open"]) == (409, ["task:return_file"])
    assert (await world.step(archivist(), claim_id, "file/returns", {})).status_code == 201
    assert (await world.close(claim_id)).status_code == 201
    (item,) = await world.items(claim_id, "archive")
    assert item["action_href"] == f"/v1/claims/{claim_id}/file/supplements"


async def test_who_may_not_lend(world: SettledWorld) -> None:
    claim_id, _ = await world.bound()
    body = {"borrower_person_id": str(archivist().person_id), "purpose": "质量检查", "due_on": "2026-06-10"}
    for who, wanted in ((actor("adjuster", NORTH), 403), (archivist("00.32.3201"), 404)):
        assert (await world.step(who, claim_id, "file/loans", body)).status_code == wanted
