"""A core system that registers webhooks, a target that receives, and the courier between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from gateway.identity.machines import register_machine_key
from gateway.webhooks.delivering import Courier
from gateway.webhooks.routes import terms_of
from gateway.webhooks.sealing import Seal
from shared.actor import machine
from tests.service.gateway.test_machines import KEY, assertion, sign_in
from tests.support.feeding import event
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


@asynccontextmanager
async def webhook_world(url: str, folder: Path) -> AsyncIterator[World]:
    """The gateway's rooms over the database at `url`; targets on this machine are allowed."""
    changes: dict[str, Any] = {"webhook_http": True, "webhook_networks": ["127.0.0.0/8"]}
    async with running(url, folder, **changes) as gateway, receiving() as receiver:
        await register_machine_key(gateway.db, "M0001", KEY.as_dict(private=False))
        token = (await sign_in(gateway, assertion())).json()["access_token"]
        settings = gateway.app.state.settings
        courier = Courier(gateway.db, terms_of(settings), Seal(settings.secret()), MATRIX, settings.public_url)
        yield World(gateway, receiver, courier, token)
