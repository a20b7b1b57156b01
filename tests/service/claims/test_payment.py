"""Ordering payments: announced, once, never more than was approved, and by whom."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.claims.cover.tables import CoverVersion
from services.claims.payment.tables import Payment
from shared.actor import machine
from shared.database_faults import ConcurrentChange
from shared.kernel import kernel
from tests.support.calculations import PUBLIC
from tests.support.claims_settled import (
    ACCOUNT,
    NORTH,
    PERSON,
    PROVINCE,
    TWO_VICTIMS,
    VICTIM,
    SettledWorld,
    archivist,
    at_once,
    cashier,
)
from tests.support.claims_world import adjuster, approver
from tests.support.rule_sets import seeded_calendar
from tests.support.services import ServiceUnderTest


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# ------------------------------------------------------------------------------------------ what an order does


async def test_an_ordered_payment_is_announced_masked_and_due_on_a_working_day(world: SettledWorld) -> None:
    claim_id, told = await world.ordered()
    assert (told["claim"]["status"], told["status"], told["payable_no"]) == ("paying", "ordered", 1)
    assert told["payee"] == {
        "kind": "insured_person", "name": "欧阳*", "account": "************2222", "masked": ["name", "account"],
    }  # fmt: skip
    due_on, agreed_at = date.fromisoformat(told["due_on"]), (await world.world.row(claim_id)).agreed_at
    assert agreed_at is not None
    assert due_on == seeded_calendar().payment_day(agreed_at.date() + timedelta(days=10))
    (event,) = await world.events("claims.payment.ordered.v1")
    assert event == {
        "payment_id": told["id"], "claim_id": str(claim_id), "amount": "3268.00", "payee_kind": "insured_person",
        "due_on": told["due_on"],
    }  # fmt: skip
    (item,) = await world.items(told["id"])
    assert (item["kind"], item["position"], item["unit_code"]) == ("pay", "cashier", "3202")
    assert not await world.items(claim_id, "order_payment")
    assert ACCOUNT not in str(await world.service.rows(kernel.tables["history"]))
    assert ACCOUNT not in str(await world.service.rows(kernel.tables["stored_answers"]))


async def test_a_due_day_that_is_no_working_day_is_drawn_forward(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    agreed_at = "2026-04-22T10:00:00+08:00"
    async with world.service.db.transaction(machine("claims")) as tx:
        await tx.execute(
            text("update claims set agreed_at = cast(:at as text)::timestamptz where id = :id"),
            {"at": agreed_at, "id": claim_id},
        )
    assert (await world.order(claim_id)).json()["due_on"] == "2026-04-30"


async def test_the_pay_item_goes_to_the_lowest_unit_that_has_a_cashier(world: SettledWorld) -> None:
    await world.staff("branch cashier", position="cashier", path=PROVINCE)
    _, told = await world.ordered()
    (item,) = await world.items(told["id"])
    assert item["unit_code"] == "32"


# ------------------------------------------------------------------------------------------ once, and not more


async def test_fifty_orders_at_once_make_one_payment(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    version = (await world.world.row(claim_id)).version

    async def once() -> int:
        return (await world.order(claim_id, version=version)).status_code

    found = sorted(await at_once([once] * 50))
    assert found == [201, *[412] * 49]
    assert [row.payable_no for row in await world.payments(claim_id)] == [1]
    assert len(await world.events("claims.payment.ordered.v1")) == 1


async def test_fifty_orders_that_each_read_the_claim_again_make_one_payment(world: SettledWorld) -> None:
    claim_id = await world.agreed()

    async def persistently() -> str:
        for _ in range(80):
            answer = await world.order(claim_id)
            if answer.status_code != 412:
                return "201" if answer.status_code == 201 else answer.json()["code"]
        raise AssertionError("never got through")

    found = sorted(await at_once([persistently] * 50))
    assert found == ["201", *["already_paid"] * 49]
    assert len(await world.payments(claim_id)) == 1


async def test_the_same_key_answers_again_and_pays_nothing_more(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    version = (await world.world.row(claim_id)).version
    body = {"payee": PERSON, "amount": "3268.00", "relation": "self"}
    path = f"/v1/claims/{claim_id}/payments"
    first = await world.service.post(adjuster(NORTH), path, body, version=version, key="order-1")
    again = await world.service.post(adjuster(NORTH), path, body, version=version, key="order-1")
    assert (first.status_code, again.content) == (201, first.content)
    other = await world.service.post(
        adjuster(NORTH), path, body | {"amount": "1.00"}, version=version, key="order-1"
    )  # fmt: skip
    assert code(other) == (422, "idempotency_key_reused")
    assert len(await world.payments(claim_id)) == 1


async def test_two_parts_make_the_whole_and_a_third_is_refused(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    assert (await world.order(claim_id, "3000.00")).status_code == 201
    assert await world.items(claim_id, "order_payment")
    before = await world.traces()
    await world.refused(await world.order(claim_id, "268.01"), "already_paid", before)
    assert (await world.order(claim_id, "268.00")).status_code == 201
    before = await world.traces()
    await world.refused(await world.order(claim_id, "0.01"), "already_paid", before)
    assert [row.payable_no for row in await world.payments(claim_id)] == [1, 2]


async def test_more_than_is_payable_is_refused_to_the_cent(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    before = await world.traces()
    await world.refused(await world.order(claim_id, "3268.01"), "payable_exceeded", before, 422)
    await world.refused(await world.order(claim_id, "0.00"), "validation_failed", before, 422)
    assert code(await world.order(claim_id, 3268.0)) == (422, "validation_failed")  # type: ignore[arg-type]


async def test_the_database_itself_refuses_a_second_payment_of_the_payable(world: SettledWorld) -> None:
    claim_id, _ = await world.ordered()
    (held,) = await world.payments(claim_id)
    columns = {one.name: getattr(held, one.name) for one in Payment.__table__.columns}
    for changed, refusal in (({}, ConcurrentChange), ({"payable_no": 2}, IntegrityError)):
        with pytest.raises(refusal):
            async with world.service.db.transaction(machine("claims")) as tx:
                await tx.execute(Payment.__table__.insert().values(**(columns | {"id": uuid4()} | changed)))


# ------------------------------------------------------------------------------------------ before, by whom


async def test_nothing_is_paid_before_approval_nor_before_the_agreement(world: SettledWorld) -> None:
    policy = await world.world.policy(PUBLIC, line="liability", unit_code="320205")
    waiting = await world.world.calculated(policy, TWO_VICTIMS, adjuster(NORTH), path=NORTH)
    before = await world.traces()
    await world.refused(await world.order(waiting, "600.00", VICTIM), "payment_before_approval", before)
    decided = await world.decided()
    before = await world.traces()
    await world.refused(await world.order(decided), "state_conflict", before)


async def test_a_refused_claim_is_not_paid(world: SettledWorld) -> None:
    claim_id = await world.decided(PUBLIC, TWO_VICTIMS, line="liability", by=PROVINCE, outcome="refuse")
    before = await world.traces()
    await world.refused(await world.order(claim_id, "600.00", VICTIM), "state_conflict", before)


async def test_whoever_approved_or_surveyed_does_not_order(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    for name in (f"claims_approver@{NORTH}", "surveyor"):
        before = await world.traces()
        who = adjuster(NORTH, name)
        await world.refused(await world.order(claim_id, who=who), "separation_of_duties", before, 403)
    for who in (approver(NORTH), cashier(), archivist()):
        before = await world.traces()
        await world.refused(await world.order(claim_id, who=who), "action_not_permitted", before, 403)


async def test_what_is_paid_is_what_was_approved(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    async with world.service.db.transaction(machine("claims")) as tx:
        await tx.execute(text("update claims set gross_amount = 9999 where id = :id"), {"id": claim_id})
    before = await world.traces()
    answer = await world.order(claim_id)
    await world.refused(answer, "approved_basis_changed", before)
    assert answer.json()["changed"] == ["amounts"]


async def test_a_policy_version_that_came_late_stops_the_payment(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    row = await world.world.row(claim_id)
    (held,) = await world.service.rows(CoverVersion.__table__, policy_id=row.policy_id)
    async with world.service.db.transaction(machine("claims")) as tx:
        tx.add(CoverVersion(**(held | {"policy_version": 2})))
    answer = await world.order(claim_id)
    assert (code(answer), answer.json()["changed"]) == ((409, "approved_basis_changed"), ["policy_version"])


async def test_a_stale_version_and_a_missing_one_are_told_apart(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    assert code(await world.order(claim_id, version=1)) == (412, "version_stale")
    body = {"payee": PERSON, "amount": "3268.00", "relation": "self"}
    bare = await world.service.post(adjuster(NORTH), f"/v1/claims/{claim_id}/payments", body)
    assert code(bare) == (428, "if_match_missing")
