"""Webhooks: signed, in order, repeated for a day, paused, ended, and sent again by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import update

from gateway.organisation.tables import Appointment
from gateway.webhooks.tables import Webhook
from shared.actor import machine
from tests.support import engines
from tests.support.feeding import HANGZHOU, arrive, event
from tests.support.webhook_world import CANCELLED, World, sent, webhook_world


@pytest.fixture
async def world(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[World]:
    async with webhook_world(database_urls["gateway"], tmp_path) as found:
        yield found


async def test_an_event_arrives_signed_with_the_secret_that_was_shown_once(world: World):
    hook = await world.register()
    assert hook["secret"].startswith("whsec_")
    assert "secret" not in await world.read(hook["id"])
    one = sent(due_on="2026-12-01")
    await arrive(world.gateway.db, one)
    assert await world.courier.pass_once() == 1
    [got] = world.receiver.got
    assert (got.id, got.headers["content-type"]) == (one["id"], "application/cloudevents+json")
    assert got.event == {**one, "dataschema": f"http://gateway{one['dataschema']}"}
    assert got.signed_by(hook["secret"])
    assert not got.signed_by("whsec_" + "A" * 43 + "=")
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 60
    [kept] = await world.log(hook["id"])
    assert (kept["status"], kept["attempts"], kept["answer_status"]) == ("delivered", 1, 204)
    assert await world.courier.pass_once() == 0


async def test_only_events_that_are_wanted_below_the_path_and_after_the_registration_are_sent(world: World):
    await arrive(world.gateway.db, sent(1))
    hook = await world.register()
    wanted = sent(2)
    await arrive(
        world.gateway.db,
        sent(3, org_path=HANGZHOU),
        sent(4, subject=CANCELLED),
        wanted,
        event("crm.customer.changed.v1"),
    )
    await world.courier.pass_once()
    assert [one.id for one in world.receiver.got] == [wanted["id"]]
    assert len(await world.log(hook["id"])) == 1


async def test_events_of_one_record_arrive_in_order_and_one_at_a_time(world: World):
    await world.register()
    record, failing = uuid4(), [True]
    events = [sent(n, record_id=record, version=n) for n in range(1, 4)]
    other = sent(9)
    await arrive(world.gateway.db, *events, other)
    world.receiver.answer = lambda got: 500 if got.event["subject"] == str(record) and failing[0] else 204
    await world.courier.pass_once()
    assert sorted(one.id for one in world.receiver.got) == sorted([events[0]["id"], other["id"]])
    failing[0] = False
    await world.later(timedelta(seconds=10))
    await world.courier.pass_once()
    told = [one.id for one in world.receiver.got if one.event["subject"] == str(record)]
    assert told == [events[0]["id"], *(one["id"] for one in events)]


async def test_many_records_are_sent_at_the_same_time_and_not_too_many(world: World):
    await world.register()
    await arrive(world.gateway.db, *(sent(n) for n in range(20)))
    world.receiver.delay_s = 0.05
    assert await world.courier.pass_once() == 20
    assert 1 < world.receiver.most_under_way <= 8


async def test_what_fails_is_tried_for_a_day_then_given_up_and_the_webhook_pauses(world: World):
    hook = await world.register()
    await arrive(world.gateway.db, sent())
    world.receiver.answer = lambda _: 503
    gone_by, attempts = timedelta(), 0
    while (state := (await world.log(hook["id"]))[:1]) == [] or state[0]["status"] == "pending":
        attempts += await world.courier.pass_once()
        if (await world.log(hook["id"]))[0]["status"] != "pending":
            break
        step = timedelta(minutes=30)
        await world.later(step)
        gone_by += step
        assert gone_by < timedelta(hours=25)
    assert gone_by > timedelta(hours=12)
    assert attempts >= 8
    assert len(world.receiver.got) == attempts
    assert len({one.id for one in world.receiver.got}) == 1
    kept = (await world.log(hook["id"]))[0]
    assert (kept["status"], kept["answer_status"], kept["fault"]) == ("failed", 503, "status")
    told = await world.read(hook["id"])
    assert (told["status"], told["status_reason"]) == ("paused", "failing")
    await arrive(world.gateway.db, sent(2))
    assert await world.courier.pass_once() == 0
    world.receiver.answer = lambda _: 200
    changed = await world.gateway.call(
        world.token, "PATCH", f"/v1/webhooks/{hook['id']}", {"status": "active"}, version=told["version"]
    )
    assert changed.status_code == 200, changed.text
    assert await world.courier.pass_once() == 1
    assert (await world.read(hook["id"]))["status"] == "active"


async def test_a_target_that_is_gone_ends_the_webhook(world: World):
    hook = await world.register()
    record = uuid4()
    await arrive(world.gateway.db, *(sent(n, record_id=record, version=n) for n in (1, 2)))
    world.receiver.answer = lambda _: 410
    assert await world.courier.pass_once() == 1
    told = await world.read(hook["id"])
    assert (told["status"], told["status_reason"]) == ("ended", "gone")
    assert {one["status"] for one in await world.log(hook["id"])} == {"failed"}
    refusal = await world.gateway.call(
        world.token, "PATCH", f"/v1/webhooks/{hook['id']}", {"status": "active"}, version=told["version"]
    )
    assert (refusal.status_code, refusal.json()["code"]) == (409, "webhook_ended")
    change = next(one for one in told["available_actions"] if one["action"] == "change")
    assert change["reason"]["code"] == "webhook_ended"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_and_counts_as_a_failure(world: World, status: int):
    hook = await world.register()
    await arrive(world.gateway.db, sent())
    world.receiver.answer = lambda _: status
    assert await world.courier.pass_once() == 1
    [kept] = await world.log(hook["id"])
    assert (kept["status"], kept["answer_status"], len(world.receiver.got)) == ("pending", status, 1)


async def test_an_event_is_sent_again_by_hand_under_its_id(world: World):
    hook = await world.register()
    await arrive(world.gateway.db, sent())
    await world.courier.pass_once()
    [kept] = await world.log(hook["id"])
    path = f"/v1/webhooks/{hook['id']}/deliveries/{kept['id']}/redeliveries"
    assert (await world.gateway.post(world.token, path)).status_code == 201
    pending = await world.gateway.post(world.token, path)
    assert (pending.status_code, pending.json()["code"]) == (409, "delivery_pending")
    assert await world.courier.pass_once() == 1
    first, second = world.receiver.got
    assert (first.id, first.body) == (second.id, second.body)
    unknown = await world.gateway.post(world.token, path.replace(kept["id"], str(uuid4())))
    assert unknown.status_code == 404


async def test_while_the_secret_changes_both_fit_and_afterwards_the_new_one_alone(world: World):
    hook = await world.register()
    path = f"/v1/webhooks/{hook['id']}/secrets"
    renewed = await world.gateway.post(world.token, path, {"keep_former_hours": 2}, version=1)
    assert renewed.status_code == 201, renewed.text
    fresh = renewed.json()["secret"]
    await arrive(world.gateway.db, sent(1))
    await world.courier.pass_once()
    await world.later(timedelta(hours=3))
    await arrive(world.gateway.db, sent(2))
    await world.courier.pass_once()
    both, one = world.receiver.got
    assert [both.signed_by(hook["secret"]), both.signed_by(fresh)] == [True, True]
    assert [one.signed_by(hook["secret"]), one.signed_by(fresh)] == [False, True]
    assert len(both.headers["webhook-signature"].split(" ")) == 2


async def test_a_webhook_rests_on_what_its_owner_may_read_today(world: World):
    hook = await world.register()
    async with world.gateway.db.transaction(machine("gateway")) as tx:
        ended = update(Appointment).where(Appointment.person_id == (await world.gateway.person("M0001"))["id"])
        await tx.execute(ended.values(to_on=tx.now.date()))
    await arrive(world.gateway.db, sent())
    assert await world.courier.pass_once() == 0
    [row] = await world.gateway.rows(Webhook.__table__)
    assert (str(row["id"]), row["status"], row["status_reason"]) == (hook["id"], "paused", "owner_ended")
    assert world.receiver.got == []


async def test_a_courier_that_starts_late_catches_up_once(world: World):
    await world.register()
    events = [sent(n) for n in range(12)]
    await arrive(world.gateway.db, *events)
    work = [asyncio.create_task(world.courier.run()) for _ in range(2)]
    async with asyncio.timeout(20):
        while len(world.receiver.got) < 12:  # noqa: ASYNC110 - the receiver tells by its list alone
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.7)
    for one in work:
        one.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    assert sorted(one.id for one in world.receiver.got) == sorted(one["id"] for one in events)
