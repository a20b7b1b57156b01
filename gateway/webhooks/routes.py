"""Webhooks over HTTP."""

from __future__ import annotations

import ipaddress
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from gateway.organisation.queries import paths_of
from gateway.settings import GatewaySettings
from gateway.webhooks import handlers, queries, shapes
from gateway.webhooks.schemas import (
    ChangeWebhook,
    DeliveryOut,
    RedeliveryOut,
    RegisteredOut,
    RegisterWebhook,
    RenewSecret,
    SecretOut,
    WebhookItem,
    WebhookOut,
    WebhookState,
)
from gateway.webhooks.sealing import Seal
from gateway.webhooks.tables import Webhook
from gateway.webhooks.targets import Terms
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Edits, Reads, Room, sent, shown


def terms_of(settings: GatewaySettings) -> Terms:
    """Which targets this installation allows."""
    networks = [ipaddress.ip_network(one) for one in settings.webhook_networks]
    return Terms(http=settings.webhook_http, networks=networks)


def webhook_room(known: tuple[str, ...]) -> Room:
    """The routes; `known` are the types of all events."""
    room = Room(tags=["webhooks"])
    _reading(room)
    _changing(room, known)
    return room


def _reading(room: Room) -> None:
    @room.reads("/v1/webhooks", Page[WebhookItem], may="organisation.webhook.read", free_query=True)
    async def list_webhooks(request: Request, call: Reads) -> Response:
        """Webhooks within the caller's scope, the newest first."""
        async with call.db.transaction(call.actor) as tx:
            paths = await paths_of(tx, request.query_params.getlist("unit_code"))
            asked = read_query(queries.WEBHOOKS, request.query_params.multi_items(), paths.get)
            rows, cursor, total = await page(tx, queries.WEBHOOKS, asked, call.state.secret)
            return shown(shaped([shapes.webhook_item(row) for row in rows], cursor, total), fields=asked.fields)

    @room.reads("/v1/webhooks/{webhook_id}", WebhookOut, may="organisation.webhook.read")
    async def read_webhook(webhook_id: UUID, call: Reads) -> Response:
        """One webhook; its secret is never shown again."""
        async with call.db.transaction(call.actor) as tx:
            row = await tx.find(Webhook, webhook_id)
            return shown(shapes.webhook_alone(row, call.actor, call.language), version=row.version)

    @room.reads(
        "/v1/webhooks/{webhook_id}/deliveries", Page[DeliveryOut], may="organisation.webhook.read", free_query=True
    )
    async def list_deliveries(webhook_id: UUID, request: Request, call: Reads) -> Response:
        """What was sent and what waits, the newest first."""
        async with call.db.transaction(call.actor) as tx:
            await tx.find(Webhook, webhook_id)
            asked = read_query(queries.DELIVERIES, request.query_params.multi_items(), {}.get)
            mine = queries.deliveries_of(webhook_id)
            rows, cursor, total = await page(tx, queries.DELIVERIES, asked, call.state.secret, mine)
            return shown(shaped([shapes.delivery_out(row) for row in rows], cursor, total), fields=asked.fields)


def _changing(room: Room, known: tuple[str, ...]) -> None:
    @room.posts("/v1/webhooks", RegisteredOut, may="organisation.webhook.register")
    async def register_webhook(command: RegisterWebhook, call: Creates) -> Response:
        """Have events pushed to an address; the answer holds the secret, this once."""
        terms, seal = terms_of(call.state.settings), Seal(call.state.secret)
        return sent(await handlers.register(call.db, call.actor, call.key, command, terms, seal, known))

    @room.patches("/v1/webhooks/{webhook_id}", WebhookOut, may="organisation.webhook.change")
    async def change_webhook(webhook_id: UUID, command: ChangeWebhook, call: Edits) -> Response:
        """Another address, other events, a pause or its end."""
        terms = terms_of(call.state.settings)
        answer = await handlers.change(
            call.db, call.actor, call.key, webhook_id, call.version, command, terms, known
        )  # fmt: skip
        return sent(answer)

    @room.deletes("/v1/webhooks/{webhook_id}", WebhookState, may="organisation.webhook.remove")
    async def remove_webhook(webhook_id: UUID, call: Edits) -> Response:
        """No further event, and no log of the former ones."""
        return sent(await handlers.remove(call.db, call.actor, call.key, webhook_id, call.version))

    @room.posts("/v1/webhooks/{webhook_id}/secrets", SecretOut, may="organisation.webhook.change")
    async def renew_webhook_secret(webhook_id: UUID, command: RenewSecret, call: Changes) -> Response:
        """A new secret, shown this once; the former one goes on for a while beside it."""
        seal = Seal(call.state.secret)
        answer = await handlers.renew_secret(
            call.db, call.actor, call.key, webhook_id, call.version, command, seal
        )  # fmt: skip
        return sent(answer)

    @room.posts(
        "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliveries", RedeliveryOut,
        may="organisation.webhook.redeliver",
    )  # fmt: skip
    async def redeliver_event(webhook_id: UUID, delivery_id: UUID, call: Creates) -> Response:
        """Send an event again that was delivered or given up."""
        return sent(await handlers.redeliver(call.db, call.actor, call.key, webhook_id, delivery_id))
