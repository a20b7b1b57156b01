"""Who may have which events pushed, and that a secret is shown once and kept sealed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.webhooks.delivering import forgetting
from gateway.webhooks.tables import Delivery, Webhook
from shared.actor import machine
from shared.kernel import kernel
from tests.support import engines
from tests.support.feeding import arrive
from tests.support.webhook_world import World, sent, webhook_world


@pytest.fixture
async def world(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[World]:
    async with webhook_world(database_urls["gateway"], tmp_path) as found:
        yield found


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
