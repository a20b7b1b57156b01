"""Premium that came in without an answer, losses in that window, and applications that nobody goes on with."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from services.policy.application.tables import Application as Row
from services.policy.expiry.handlers import LAPSE, WARNING
from services.policy.expiry.handlers import TICKS as EXPIRY
from services.policy.premium_receipt.handlers import TICKS as ALARMS
from shared.clock import process_now, rfc3339
from shared.ticks import run_once
from shared.work_items import work_items
from tests.support.application_world import (
    ABOVE,
    CASHIER,
    LOCAL,
    SELLER,
    SERVICE,
    Application,
    ApplicationWorld,
    ago,
    move,
    period,
    proposal,
)


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def paid(world: ApplicationWorld) -> Application:
    """A submitted proposal whose premium came in before anybody decided."""
    one = await (await world.open()).submitted()
    body = {"amount": "15636.36", "received_at": ago(1), "reference": "B20260316-001"}
    await one.done(CASHIER, "premium-receipts", body)
    return one


async def open_kinds(world: ApplicationWorld) -> set[str]:
    return {row["kind"] for row in await world.policy.rows(work_items) if row["closed_at"] is None}


def report(one: Application, **changes: Any) -> dict[str, Any]:
    """A first notice of a loss of this customer, before any policy is known."""
    body = {
        "claim_id": str(uuid4()), "claim_no": "C2026-32-000001", "customer_id": one.body["customer_id"],
        "line": "liability", "loss_at": ago(60), "reported_at": ago(30), "injured_count": 1, "death_count": 0,
    }  # fmt: skip
    return body | changes


async def test_premium_without_a_decision_raises_an_alarm_and_is_told(world: ApplicationWorld) -> None:
    one = await paid(world)
    assert "premium_without_decision" in await open_kinds(world)
    told = (await world.events("policy.premium.received.v1"))[0]
    assert (told["amount"], told["line"], told["customer_id"]) == (
        "15636.36", "liability", one.body["customer_id"],
    )  # fmt: skip
    assert (await one.read())["premium_received_at"] is not None
    seller = await one.post(SELLER, "premium-receipts", {"amount": "1.00", "received_at": ago(1), "reference": "cash"})
    refused(seller, 403, "action_not_permitted")


async def test_the_alarm_ends_with_the_answer_and_with_nothing_else(world: ApplicationWorld) -> None:
    one = await paid(world)
    refused(await one.post(SERVICE, "withdrawals", {"reason": "changed his mind"}), 409, "premium_undecided")
    assert (await one.act(LOCAL, "return", reason_code="form_incomplete", reason="sign again")).status_code == 201
    assert "premium_without_decision" in await open_kinds(world)
    assert (await one.submit()).status_code == 201
    declined = await one.act(LOCAL, "decline", reason_code="risk_too_high", reason="not insurable")
    assert declined.status_code == 201
    kinds = await open_kinds(world)
    assert "premium_without_decision" not in kinds
    assert "return_premium" in kinds
    late = {"amount": "1.00", "received_at": ago(1), "reference": "late"}
    refused(await one.post(CASHIER, "premium-receipts", late), 409, "state_conflict")


async def test_money_is_more_than_nothing_and_came_before_now(world: ApplicationWorld) -> None:
    one = await world.open()
    nothing = {"amount": "0.00", "received_at": ago(1), "reference": "B1-00"}
    refused(await one.post(CASHIER, "premium-receipts", nothing), 422, "validation_failed")
    future = {"amount": "1.00", "received_at": rfc3339(process_now() + timedelta(days=1)), "reference": "B1-00"}
    refused(await one.post(CASHIER, "premium-receipts", future), 422, "occurred_in_future")
    assert await world.events("policy.premium.received.v1") == []


async def test_an_undecided_premium_goes_to_the_head_of_the_department(world: ApplicationWorld, clock: Path) -> None:
    await paid(world)
    alarm = ALARMS[0]
    assert await run_once(world.policy.db, alarm) == 0
    move(clock, 1.1)
    assert await run_once(world.policy.db, alarm) == 1
    assert await run_once(world.policy.db, alarm) == 0
    assert "premium_alarm" in await open_kinds(world)


async def test_an_application_is_warned_of_before_it_lapses_and_its_end_is_told(
    world: ApplicationWorld, clock: Path
) -> None:
    one = await world.open(proposal(**period(100)))
    held = await paid(world)
    ticks = {tick.name: tick for tick in EXPIRY}
    move(clock, 54)
    assert await run_once(world.policy.db, ticks[WARNING]) == 1
    assert await run_once(world.policy.db, ticks[WARNING]) == 0
    assert await run_once(world.policy.db, ticks[LAPSE]) == 0
    move(clock, 61)
    assert await run_once(world.policy.db, ticks[LAPSE]) == 1
    assert (await one.read())["status"] == "expired"
    assert (await held.read())["status"] == "in_review"
    told = [row for row in await world.events("policy.application.decided.v1")]
    assert [(row["application_id"], row["outcome"], row["reason_code"]) for row in told] == [
        (one.body["id"], "expired", "lapsed")
    ]


async def test_a_loss_reported_while_an_application_is_open_refers_it_up(world: ApplicationWorld) -> None:
    one = await (await world.open()).submitted()
    other = await (await world.open()).submitted()
    await world.hear("claims.claim.reported.v1", report(one))
    assert (await one.read())["loss_reported_at"] is not None
    assert (await other.read()).get("loss_reported_at") is None
    refused(await one.act(LOCAL), 403, "below_required_level")
    chain = (await world.policy.get(LOCAL, f"{one.path}/approval")).json()
    assert chain["triggers"] == ["loss_while_open"]
    assert (await one.act(LOCAL, kind="opinions")).status_code == 201
    assert (await one.act(ABOVE)).status_code == 201


async def test_a_loss_of_another_line_is_no_matter_of_this_application(world: ApplicationWorld) -> None:
    one = await (await world.open()).submitted()
    await world.hear("claims.claim.reported.v1", report(one, line="accident"))
    assert (await one.act(LOCAL)).status_code == 201


async def test_cover_never_begins_in_the_past(world: ApplicationWorld, clock: Path) -> None:
    one = await (await world.open(proposal(**period(2)))).submitted()
    move(clock, 3)
    refused(await one.act(LOCAL), 422, "back_dated")
    later = {"starts_at": period(5)["starts_at"], "ends_at": period(5)["ends_at"]}
    assert (await one.act(LOCAL, "counter_offer", terms=later)).status_code == 201


async def test_cover_does_not_begin_before_a_loss_that_is_known(world: ApplicationWorld) -> None:
    """A report whose moment of loss lies after the beginning of cover, known before the answer."""
    one = await (await world.open()).submitted()
    after = rfc3339(process_now() + timedelta(days=11))
    await world.hear("claims.claim.reported.v1", report(one, loss_at=after))
    assert (await one.act(LOCAL, kind="opinions")).status_code == 201
    refused(await one.act(ABOVE), 422, "back_dated")


async def test_a_decision_and_a_report_of_a_loss_never_miss_each_other(world: ApplicationWorld) -> None:
    """Whoever comes second sees the first: an accepted application is not marked, a marked one is referred up."""
    seen = set()
    for _ in range(6):
        one = await (await world.open()).submitted()
        await one.read()
        decision, _told = await asyncio.gather(
            one.post(LOCAL, "decisions", {"outcome": "accept", "amount": one.body["amount"]},
                     version=one.body["version"]),
            world.hear("claims.claim.reported.v1", report(one)),
        )  # fmt: skip
        row = (await world.policy.rows(Row.__table__, id=UUID(one.body["id"])))[0]
        accepted = decision.status_code == 201
        assert accepted or decision.json()["code"] == "below_required_level", decision.text
        assert (row["loss_reported_at"] is None) == accepted
        seen.add(accepted)
    assert seen
