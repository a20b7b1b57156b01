"""The tree as a test changes it: by request, by the tick of its day, and a service that says what is open at a unit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
from aiohttp import web

from gateway.forwarding.upstreams import Upstreams
from gateway.organisation.tables import UnitRow
from gateway.structure.handlers import due_changes
from gateway.structure.queries import Elsewhere, elsewhere
from shared.clock import legal_day, process_now
from shared.ids import uuid7
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.forwarding_world import StandIn
from tests.support.gateway import GatewayUnderTest, SignedIn

OUTBOX = kernel.tables["outbox"]
UNIT_CHANGED = "organisation.unit.changed.v1"


def today() -> date:
    return legal_day(process_now())


def on(days: int) -> str:
    """The day so many days from today."""
    return (today() + timedelta(days=days)).isoformat()


@dataclass
class Tree:
    """Changes units as the security administrator of the branch, unless a test says who."""

    gateway: GatewayUnderTest
    who: SignedIn
    asked: list[str] = field(default_factory=list)
    """Paths that the services were asked about."""

    async def row(self, code: str) -> Mapping[str, Any]:
        return (await self.gateway.rows(UnitRow.__table__, UnitRow.code == code))[0]

    async def change(
        self, code: str, what: str, *, version: int | None = None, who: SignedIn | None = None, query: str = "",
        **body: Any,
    ) -> httpx.Response:  # fmt: skip
        """POST `moves`, `mergers` or `closures` of the unit at its present version."""
        unit = await self.row(code)
        body = {"effective_on": on(0)} | body
        at = version if version is not None else unit["version"]
        return await self.gateway.post(who or self.who, f"/v1/units/{unit['id']}/{what}{query}", body, version=at)

    async def rename(self, code: str, **body: Any) -> httpx.Response:
        unit = await self.row(code)
        return await self.gateway.call(self.who, "PATCH", f"/v1/units/{unit['id']}", body, version=unit["version"])

    async def read(self, code: str, who: SignedIn | None = None) -> Mapping[str, Any]:
        unit = await self.row(code)
        return (await self.gateway.get(who or self.who, f"/v1/units/{unit['id']}")).json()

    async def tick(self, *, partial: list[str] | None = None) -> int:
        """One pass of the gateway's worker over what is due."""

        async def ask(path: str, request_id: UUID) -> Elsewhere:
            self.asked.append(path)
            state = self.gateway.app.state
            found = await elsewhere(state.upstreams, state.signing_key, path, request_id)
            return Elsewhere(found.work, found.records, found.partial + (partial or []))

        return await run_once(self.gateway.db, due_changes(ask))

    async def events(self, code: str) -> list[Mapping[str, Any]]:
        """What was told of the unit, in order."""
        unit = await self.row(code)
        found = await self.gateway.rows(OUTBOX, OUTBOX.c.record_id == unit["id"], OUTBOX.c.subject == UNIT_CHANGED)
        return [one["event"] for one in sorted(found, key=lambda one: one["record_version"])]


def item(path: str, **changes: Any) -> dict[str, Any]:
    """An open work item as a service answers it."""
    return {
        "id": str(uuid7()), "kind": "survey", "title": {"zh": "查勘", "en": "Survey"},
        "record": {"type": "claim", "id": str(uuid7()), "number": "C2026-32-000001"},
        "unit_code": path.rpartition(".")[2], "org_path": path, "priority": "normal",
        "action": {"href": "/v1/claims", "method": "POST"}, "opened_at": "2026-11-01T10:00:00+08:00",
    } | changes  # fmt: skip


@asynccontextmanager
async def claims_saying(gateway: GatewayUnderTest, work: list[dict[str, Any]]) -> AsyncIterator[StandIn]:
    """A claims service behind the gateway that has this work open; the list may change while it stands."""

    async def answer(request: web.Request) -> web.StreamResponse:
        stand_in.remember(request)
        if request.path == "/internal/unit-records":
            return web.json_response({"items": [{"table": "claims", "count": 3}]})
        return web.json_response({"items": work})

    stand_in = StandIn("claims", behaviour=answer)
    async with stand_in.running():
        upstreams = Upstreams({"claims": f"http://localhost:{stand_in.port}"})
        await upstreams.open()
        before, gateway.app.state.upstreams = gateway.app.state.upstreams, upstreams
        try:
            yield stand_in
        finally:
            gateway.app.state.upstreams = before
            await upstreams.close()
