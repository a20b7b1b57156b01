"""The whole gateway before two real services, with work in their inboxes."""

from __future__ import annotations

import importlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select, text

from embedded.demonstration.people import staff_by
from gateway.app import create_app
from shared.actor import machine
from shared.clock import SHANGHAI
from shared.database import Database
from shared.errors import Text
from shared.events import encode
from shared.ids import uuid7
from shared.inbox import Arrival, Inbox, Outcome
from shared.work_items import open_item, work_items
from tests.support import gateway, services
from tests.support.forwarding_world import served
from tests.support.gateway import GatewayUnderTest, SignedIn

HEAD, SUB, OTHER_SUB = "32", "320102", "320205"
DUE = datetime(2026, 12, 1, 9, 0, tzinfo=SHANGHAI)


@dataclass(frozen=True)
class About:
    """A record by type, id and place."""

    id: UUID
    org_path: str = "00.32.3201.320102"
    record_type: str = "thing"


@dataclass
class World:
    """The whole gateway before claims and crm; nobody is where policy should be when `down` was asked for."""

    gate: GatewayUnderTest
    dbs: Mapping[str, Database]

    async def open(self, service: str, kind: str = "do", *, due: timedelta | None = None, **more: Any) -> UUID:
        """One item in a service's database."""
        about: Any = About(uuid7(), more.pop("org_path", "00.32.3201.320102"))
        given: dict[str, Any] = {"unit_code": SUB, "position": "service_agent"} | more
        async with self.dbs[service].transaction(machine(service)) as tx:
            due_at = None if due is None else DUE + due
            await open_item(tx, kind, about, Text("办", "Do"), number=None, href="/v1/x", due_at=due_at, **given)
            mine = select(work_items.c.id).where(work_items.c.record_id == about.id)
            return await tx.scalar(mine)

    async def items(self, who: SignedIn, query: str = "") -> dict[str, Any]:
        answer = await self.gate.get(who, f"/v1/work-items{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def rows(self, service: str, table: Any, *conditions: Any) -> list[Mapping[str, Any]]:
        async with self.dbs[service].transaction(machine(service)) as tx:
            return list((await tx.execute(select(table).where(*conditions))).mappings())

    async def move(self, who: SignedIn, items: list[Any], *, key: str | None = None, **more: Any) -> httpx.Response:
        body = {"items": [str(one) for one in items], "reason": "workload"} | more
        return await self.gate.post(who, "/v1/work-items/reassignments", body, key=key)


def person(position: str, unit: str, number: int = 0) -> str:
    return staff_by(position, unit)[number]["staff_no"]


@asynccontextmanager
async def inbox_world(database_urls: Mapping[str, str], tmp_path: Path) -> AsyncIterator[World]:
    """Servers for the gateway, claims and crm, which have heard of all people."""
    async with AsyncExitStack() as held:
        dbs, urls = {}, {}
        for name in ("claims", "crm"):
            folder = tmp_path / name
            folder.mkdir()
            chosen = services.settings_of(name, database_urls[name], folder)
            (folder / "keys.json").write_text(json.dumps({"keys": [gateway.SIGNING.as_dict(private=False)]}))
            app = importlib.import_module(f"services.{name}.app").create_app(chosen)
            await services.fill_directory(app.state.db)
            dbs[name] = app.state.db
            urls[name] = f"http://localhost:{await held.enter_async_context(served(app))}"
        settings = gateway.settings_of(database_urls["gateway"], tmp_path, service_urls=urls)
        front = create_app(settings)
        await gateway.fill(front.state.db)
        await _told(front.state.db, dbs)
        port = await held.enter_async_context(served(front))
        client = await held.enter_async_context(httpx.AsyncClient(base_url=f"http://localhost:{port}", timeout=30))
        yield World(GatewayUnderTest(front, client, front.state.db), dbs | {"gateway": front.state.db})


async def _told(source: Database, dbs: Mapping[str, Database]) -> None:
    """Every service hears of people and appointments, as the streams would tell."""
    async with source.transaction(machine("gateway")) as tx:
        events = (await tx.execute(text("select subject, event from outbox order by id"))).all()
    wanted = ("organisation.person.", "organisation.appointment.")
    for name, db in dbs.items():
        inbox = Inbox(db, importlib.import_module(f"services.{name}.consumers").CONSUMERS)
        for subject, body in events:
            if subject.startswith(wanted):
                taken = await inbox.take(Arrival.of(subject, encode(body)))
                assert taken.outcome is Outcome.APPLIED
