"""Reminders before the end, once each; what refers a renewal up; cover that runs on whatever is decided."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.policy.policy.tables import Base
from services.policy.renewal.handlers import TICKS
from shared.clock import at_midnight, legal_day, process_now
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support import contract_world as world
from tests.support.contract_world import CUSTOMER, HEAD_UNDERWRITER, LIABILITY, PATH, UNDERWRITER
from tests.support.feeding import event
from tests.support.services import ServiceUnderTest

TABLES = Base.metadata.tables
TODAY = legal_day(process_now())


async def ending(policy: ServiceUnderTest, days: int, *, known_for: int = 300, **changes: Any) -> dict[str, Any]:
    """A policy that ends so many days from today, kept here for `known_for` days."""
    if not await policy.rows(TABLES["products"], code=LIABILITY):
        await world.own_products(policy)
    held = await world.issued(policy, LIABILITY)
    ends = at_midnight(TODAY + timedelta(days=days))
    told = {
        "ends_at": ends, "starts_at": ends - timedelta(days=365),
        "created_at": process_now() - timedelta(days=known_for),
    } | changes  # fmt: skip
    table = TABLES["policies"]
    async with policy.db.transaction(UNDERWRITER) as tx:
        await tx.execute(table.update().where(table.c.id == UUID(held["id"])).values(**told))
    return held


async def tick(policy: ServiceUnderTest) -> int:
    return await run_once(policy.db, TICKS[0])


async def reminders(policy: ServiceUnderTest) -> list[int]:
    rows = await policy.rows(kernel.tables["outbox"], subject="policy.policy.expiring.v1")
    return sorted((one["event"]["data"]["days"] for one in rows), reverse=True)


def inspection(policy_id: str, stage: str, days: int, *, record: UUID | None = None, version: int = 1) -> Any:
    due = (TODAY - timedelta(days=days)).isoformat()
    data = {"inspection_id": str(record or uuid4()), "policy_id": policy_id, "customer_id": str(CUSTOMER)}
    return event("risk.inspection.due.v1", PATH, record_id=record, version=version, **data, due_on=due, stage=stage)


def key_risk(verb: str, record: UUID, version: int) -> Any:
    data: dict[str, Any] = {"customer_id": str(CUSTOMER)} | ({"criteria": ["limit"]} if verb == "opened" else {})
    return event(f"risk.key_risk_file.{verb}.v1", PATH, record_id=record, version=version, **data)


async def renewal(policy: ServiceUnderTest, who: Any = UNDERWRITER) -> dict[str, Any]:
    [one] = (await policy.get(who, "/v1/renewals")).json()["items"]
    return one


async def test_each_reminder_is_given_on_its_day_and_once(policy: ServiceUnderTest) -> None:
    for days, given in ((61, []), (60, [60]), (31, [60, 60]), (30, [60, 60, 60, 30])):
        await ending(policy, days)
        await tick(policy)
        await tick(policy)
        assert await reminders(policy) == given


async def test_after_a_downtime_all_that_was_due_meanwhile_is_told(policy: ServiceUnderTest) -> None:
    await ending(policy, 10)
    assert await tick(policy) == 3
    assert await reminders(policy) == [60, 30, 15]
    assert (await renewal(policy))["days"] == 15
    assert await tick(policy) == 0


async def test_a_reminder_from_before_the_policy_was_known_is_not_given(policy: ServiceUnderTest) -> None:
    await ending(policy, 20, known_for=1)
    assert await tick(policy) == 0
    await ending(policy, 14, known_for=3)
    await tick(policy)
    assert await reminders(policy) == [15]


async def test_an_ended_policy_is_not_reminded(policy: ServiceUnderTest) -> None:
    await ending(policy, 10, stated_status="cancelled", ended_at=process_now())
    await ending(policy, -1)
    assert await tick(policy) == 0


async def test_an_overdue_inspection_refers_the_renewal_up_and_cover_does_not_lapse(policy: ServiceUnderTest) -> None:
    held = await ending(policy, 10)
    await world.hear(policy, inspection(held["id"], "overdue", 31))
    await tick(policy)
    found = await renewal(policy)
    assert (found["status"], found["reasons"], found["referred_to"]) == ("referred", ["overdue_inspection"], "32")
    [item] = await policy.rows(kernel.tables["work_items"], kind="decide_renewal")
    assert (item["unit_code"], item["position"]) == ("32", "underwriter")
    below = await policy.post(
        UNDERWRITER, f"/v1/renewals/{found['id']}/decisions", {"outcome": "agree", "reason": "已整改"},
        version=found["version"],
    )  # fmt: skip
    assert (below.status_code, below.json()["code"]) == (403, "renewal_referred_up")
    above = await policy.post(
        HEAD_UNDERWRITER, f"/v1/renewals/{found['id']}/decisions", {"outcome": "decline", "reason": "长期不整改"},
        version=found["version"],
    )  # fmt: skip
    assert (above.status_code, above.json()["renewal"]["status"]) == (201, "declined")
    read = (await policy.get(UNDERWRITER, f"/v1/policies/{held['id']}")).json()
    assert (read["status"], read["marks"]) == ("in_force", {"overdue_inspection": 1})
    again = await policy.post(
        HEAD_UNDERWRITER, f"/v1/renewals/{found['id']}/decisions", {"outcome": "agree", "reason": "重新考虑"},
        version=found["version"] + 1,
    )  # fmt: skip
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")


async def test_a_compulsory_line_is_renewed_in_time_and_what_is_missing_is_work(policy: ServiceUnderTest) -> None:
    await world.own_products(policy, compulsory=True)
    held = await ending(policy, 10)
    file = uuid4()
    await world.hear(policy, inspection(held["id"], "overdue", 90), key_risk("opened", file, 1))
    await tick(policy)
    found = await renewal(policy)
    assert (found["status"], found["reasons"]) == ("open", ["key_risk_file_missing", "overdue_inspection"])
    assert "referred_to" not in found
    [item] = await policy.rows(kernel.tables["work_items"], kind="renewal_condition")
    assert item["unit_code"] == world.UNIT
    refused = await policy.post(
        HEAD_UNDERWRITER, f"/v1/renewals/{found['id']}/decisions", {"outcome": "decline", "reason": "缺少档案"},
        version=found["version"],
    )  # fmt: skip
    assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_a_file_that_was_closed_refers_nothing_in_whatever_order_it_is_told(
    policy: ServiceUnderTest, order: tuple[int, ...]
) -> None:
    await ending(policy, 10)
    await tick(policy)
    file = uuid4()
    told = [key_risk("opened", file, 1), key_risk("closed", file, 2), key_risk("opened", file, 3)]
    for at in order[:2]:
        await world.hear(policy, told[at])
    newest = max(order[:2])
    assert (await renewal(policy))["status"] == ("open" if newest == 1 else "referred")
    await world.hear(policy, told[order[2]])
    assert (await renewal(policy))["status"] == "referred"


async def test_an_inspection_that_was_carried_out_takes_the_referral_back(policy: ServiceUnderTest) -> None:
    held = await ending(policy, 10)
    record = uuid4()
    await world.hear(policy, inspection(held["id"], "overdue", 40, record=record, version=2))
    await tick(policy)
    assert (await renewal(policy))["status"] == "referred"
    done = event(
        "risk.inspection.completed.v1", PATH, record_id=record, version=3, inspection_id=str(record),
        policy_id=held["id"], customer_id=str(CUSTOMER), risk_level="low", hazards={},
    )  # fmt: skip
    await world.hear(policy, done)
    assert (await renewal(policy))["status"] == "open"
    await world.hear(policy, inspection(held["id"], "overdue", 40, record=record, version=1))
    assert (await renewal(policy))["status"] == "open"
    waiting = await policy.rows(kernel.tables["work_items"], kind="decide_renewal", closed_at=None)
    assert waiting == []
