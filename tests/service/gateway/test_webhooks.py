"""Webhooks: signed, in order, repeated for a day, paused, ended, sent again by hand; and only where they may go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text, update

from gateway.identity.machines import register_machine_key
from gateway.organisation.tables import Appointment
from gateway.webhooks.delivering import Courier, forgetting
from gateway.webhooks.routes import terms_of
from gateway.webhooks.sealing import Seal
from gateway.webhooks.tables import Delivery, Webhook
from shared.actor import machine
from shared.kernel import kernel
from tests.service.gateway.test_machines import KEY, assertion, sign_in
from tests.support import engines
from tests.support.feeding import HANGZHOU, arrive, event
from tests.support.gateway import GatewayUnderTest, running
from tests.support.receiving_webhooks import Receiver, receiving
from tests.support.tokens import MATRIX

ORDERED, CANCELLED = "claims.payment.ordered.v1", "claims.claim.cancelled.v1"


@dataclass
class World:
    """A core system that has signed in, a receiver, and the courier between."""

    gateway: GatewayUnderTest
    receiver: Receiver
    courier: Courier
    token: str

    async def register(self, **changes: Any) -> dict[str, Any]:
        body = {"url": self.receiver.url, "events": ["claims.payment.ordered"], "org_path": "00.32"} | changes
        answer = await self.gateway.post(self.token, "/v1/webhooks", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def read(self, webhook_id: str) -> dict[str, Any]:
        return (await self.gateway.get(self.token, f"/v1/webhooks/{webhook_id}")).json()

    async def log(self, webhook_id: str, query: str = "") -> list[dict[str, Any]]:
        answer = await self.gateway.get(self.token, f"/v1/webhooks/{webhook_id}/deliveries{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def later(self, ago: timedelta) -> None:
        """As if so much time had gone by since everything that happened."""
        async with self.gateway.db.transaction(machine("gateway")) as tx:
            for statement in (
                "update webhook_deliveries set next_at = next_at - :a, began_at = began_at - :a",
                "update webhooks set failing_since = failing_since - :a, former_until = former_until - :a",
            ):
                await tx.execute(text(statement.replace(":a", "cast(:a as interval)")), {"a": ago})


def sent(number: int = 1, **more: Any) -> dict[str, Any]:
    return event(more.pop("subject", ORDERED), amount=f"{number}.00", **more)


@pytest.fixture
async def world(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[World]:
    changes = {"webhook_http": True, "webhook_networks": ["127.0.0.0/8"]}
    async with running(database_urls["gateway"], tmp_path, **changes) as gateway, receiving() as receiver:
        await register_machine_key(gateway.db, "M0001", KEY.as_dict(private=False))
        token = (await sign_in(gateway, assertion())).json()["access_token"]
        settings = gateway.app.state.settings
        courier = Courier(gateway.db, terms_of(settings), Seal(settings.secret()), MATRIX, settings.public_url)
        yield World(gateway, receiver, courier, token)


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


async def test_the_secret_is_sealed_and_a_repeat_of_the_registration_does_not_show_it(world: World):
    body = {"url": world.receiver.url, "events": ["claims.*"], "org_path": "00.32"}
    first = await world.gateway.post(world.token, "/v1/webhooks", body, key="once")
    again = await world.gateway.post(world.token, "/v1/webhooks", body, key="once")
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.json()["id"], "secret" in again.json()) == (first.json()["id"], False)
    secret = first.json()["secret"].removeprefix("whsec_")
    [row] = await world.gateway.rows(Webhook.__table__)
    answers = await world.gateway.rows(kernel.tables["stored_answers"])
    history = await world.gateway.rows(kernel.tables["history"])
    assert secret not in str((row, answers, history))
    assert len(row["sealed_secret"]) == 12 + 32 + 16


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


async def test_whoever_may_not_read_an_event_cannot_have_it_pushed(world: World):
    admin = await world.gateway.enter("system_admin", "00")
    body = {"url": world.receiver.url, "events": ["claims.payment.ordered"], "org_path": "00"}
    refusal = await world.gateway.post(admin, "/v1/webhooks", body)
    assert (refusal.status_code, refusal.json()["code"]) == (403, "events_not_readable")
    hook = await world.register(events=["*"])
    path = f"/v1/webhooks/{hook['id']}"
    for change in ({"url": "http://127.0.0.1:9/mine"}, {"events": ["organisation.*"]}):
        moved = await world.gateway.call(admin, "PATCH", path, change, version=1)
        assert (moved.status_code, moved.json()["code"]) == (403, "webhook_of_another")
    renewed = await world.gateway.post(admin, f"{path}/secrets", {}, version=1)
    assert (renewed.status_code, renewed.json()["code"]) == (403, "webhook_of_another")
    paused = await world.gateway.call(admin, "PATCH", path, {"status": "paused"}, version=1)
    assert (paused.status_code, paused.json()["status_reason"]) == (200, "asked")


async def test_bad_registrations_are_refused(world: World):
    good = {"url": world.receiver.url, "events": ["claims.*"], "org_path": "00.32"}
    for changes, code in (
        ({"events": ["claims.claim.vanished"]}, "validation_failed"),
        ({"events": []}, "validation_failed"),
        ({"org_path": "00.99"}, "reference_not_found"),
        ({"org_path": "nowhere"}, "validation_failed"),
        ({"secret": "mine"}, "unknown_property"),
    ):
        refusal = await world.gateway.post(world.token, "/v1/webhooks", good | changes)
        assert (refusal.status_code, refusal.json()["code"]) == (422, code), changes
    tried = await world.gateway.post(world.token, "/v1/webhooks?dry_run=true", good)
    assert (tried.status_code, "id" in tried.json(), "secret" in tried.json()) == (200, False, False)
    assert await world.gateway.rows(Webhook.__table__) == []


async def test_a_webhook_is_removed_with_its_log_and_old_deliveries_leave_the_log(world: World):
    hook = await world.register()
    await arrive(world.gateway.db, sent())
    await world.courier.pass_once()
    async with world.gateway.db.transaction(machine("gateway")) as tx:
        await tx.execute(text("update webhook_deliveries set created_at = created_at - interval '91 days'"))
    assert await forgetting(90).function(world.gateway.db, 10) == 1
    await arrive(world.gateway.db, sent(2))
    await world.courier.pass_once()
    assert len(await world.log(hook["id"])) == 1
    gone = await world.gateway.call(world.token, "DELETE", f"/v1/webhooks/{hook['id']}", version=1)
    assert gone.status_code == 200, gone.text
    assert await world.gateway.rows(Delivery.__table__) == []
    assert (await world.gateway.get(world.token, f"/v1/webhooks/{hook['id']}")).status_code == 404
