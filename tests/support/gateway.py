"""The gateway's own rooms in process: one province in the database, and people who sign in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from joserfc.jwk import OKPKey

from embedded.demonstration.network import teams, units
from embedded.demonstration.people import people, staff_by
from gateway.authority import routes as authority
from gateway.authority.tables import AuthorityTableRow
from gateway.consumers import EVENT_TYPES
from gateway.delegation import routes as delegation
from gateway.delegation.tables import DelegationRow
from gateway.directives import routes as directives
from gateway.directives.tables import Directive
from gateway.directory import routes as directory
from gateway.feed import routes as feed
from gateway.forwarding.upstreams import Upstreams
from gateway.identity import routes as identity
from gateway.identity.callers import authenticate, install
from gateway.identity.passwords import hash_of
from gateway.organisation import routes as organisation
from gateway.organisation.tables import Person, UnitRow
from gateway.seed import seed_network
from gateway.settings import GatewaySettings
from gateway.structure import routes as structure
from gateway.webhooks.routes import webhook_room
from gateway.webhooks.tables import Webhook
from gateway.workbench import routes as workbench
from shared.actor import ALGORITHM, machine
from shared.database import Database
from shared.records import record_routes
from shared.service import build_app

PASSWORD = "Anlan-2026-demo"  # of the test run alone
HASH = hash_of(PASSWORD)
SIGNING = OKPKey.generate_key("Ed25519", parameters={"kid": "gateway-test", "alg": ALGORITHM, "use": "sig"})


def settings_of(url: str, folder: Path, **changes: Any) -> GatewaySettings:
    """The gateway's settings, with keys and secrets of its own below `folder`."""
    files = {
        "keys.json": json.dumps({"keys": [SIGNING.as_dict(private=False)]}),
        "signing.json": json.dumps(SIGNING.as_dict(private=True)),
        "secret": "s" * 32,
        "digest": "d" * 32,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="ascii")
    given = {
        "database_url": url, "keys_file": folder / "keys.json", "signing_key_file": folder / "signing.json",
        "secret_file": folder / "secret", "digest_key_file": folder / "digest", "database_pool": 5,
        "public_url": "http://gateway",
    }  # fmt: skip
    return GatewaySettings(**(given | changes))


def rooms_app(settings: GatewaySettings) -> FastAPI:
    """The gateway's own rooms alone, nothing forwarded."""
    rooms = (
        identity.room,
        organisation.room,
        structure.room,
        directives.room,
        authority.room,
        delegation.room,
        directory.room,
        workbench.room,
        feed.room,
        webhook_room(EVENT_TYPES),
        record_routes(Webhook, "/v1/webhooks", read="organisation.webhook.read"),
        record_routes(UnitRow, "/v1/units", read="organisation.unit.read"),
        record_routes(Person, "/v1/people", read="organisation.person.read"),
        record_routes(DelegationRow, "/v1/delegations", read="organisation.delegation.read"),
        record_routes(Directive, "/v1/directives", read="organisation.directive.read"),
        record_routes(AuthorityTableRow, "/v1/authority-tables", read="organisation.authority.read"),
    )
    app = build_app("gateway", settings, rooms, authenticate=authenticate)
    install(app, settings)
    app.state.upstreams = Upstreams({})  # no service stands behind the rooms alone
    return app


async def fill(db: Database, *, whole: bool = False) -> dict[str, int]:
    """The demonstration network of one province; its story units only, unless `whole`."""
    everyone = people()
    if not whole:
        kept = {"00", "32", "3200", "3201", "3202", "320102", "320104", "320205"}
        everyone = [one for one in everyone if one["appointments"][0]["unit_code"] in kept]
    return await seed_network(db, units(), teams(), everyone, HASH)


@dataclass
class SignedIn:
    """Somebody with an access token."""

    login: str
    access_token: str
    refresh_token: str
    told: Mapping[str, Any]

    @property
    def id(self) -> str:
        return self.told["person"]["id"]


@dataclass
class GatewayUnderTest:
    """Calls the gateway as whoever has signed in."""

    app: FastAPI
    client: httpx.AsyncClient
    db: Database
    signed_in: dict[str, SignedIn] = field(default_factory=dict)

    async def sign_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        return await self.client.post("/v1/session", json={"login": login, "password": password})

    async def enter(self, position: str, unit_code: str, number: int = 0) -> SignedIn:
        """The `number`-th holder of the position at the unit, signed in."""
        return await self.enter_as(staff_by(position, unit_code)[number]["login"])

    async def enter_as(self, login: str, password: str = PASSWORD) -> SignedIn:
        answer = await self.sign_in(login, password)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        return SignedIn(login, told["access_token"], told["refresh_token"], told)

    async def call(
        self, who: SignedIn | str | None, method: str, path: str, body: Any = None, *, key: str | None = None,
        version: int | None = None, headers: Mapping[str, str] | None = None, **options: Any,
    ) -> httpx.Response:  # fmt: skip
        sent = dict(headers or {})
        if who is not None:
            sent["Authorization"] = f"Bearer {who if isinstance(who, str) else who.access_token}"
        if method == "POST":
            sent.setdefault("Idempotency-Key", f'"{key or uuid4()}"')
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        return await self.client.request(method, path, json=body, headers=sent, **options)

    async def get(self, who: SignedIn | str, path: str, **options: Any) -> httpx.Response:
        return await self.call(who, "GET", path, **options)

    async def post(self, who: SignedIn | str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self.call(who, "POST", path, body, **options)

    async def rows(self, table: Any, *conditions: Any) -> list[dict[str, Any]]:
        """All rows of a table that match, whatever their scope."""
        from sqlalchemy import select

        async with self.db.transaction(machine("gateway")) as tx:
            return [dict(row) for row in (await tx.execute(select(table).where(*conditions))).mappings()]

    async def warm(self, connections: int = 4) -> None:
        """Open so many connections, so that requests sent at once run at once; one more of the pool listens."""
        async with AsyncExitStack() as held:
            for _ in range(connections):
                await held.enter_async_context(self.db.connect())

    async def person(self, staff_no: str) -> Mapping[str, Any]:
        found = await self.rows(Person.__table__, Person.staff_no == staff_no)
        return found[0]


@asynccontextmanager
async def running(url: str, folder: Path, *, filled: bool = True, **changes: Any) -> AsyncIterator[GatewayUnderTest]:
    """The gateway's rooms, started over the database at `url` (its own application role)."""
    app = rooms_app(settings_of(url, folder, **changes))
    if filled:
        await fill(app.state.db)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield GatewayUnderTest(app, client, app.state.db)


def codes(faults: Iterable[Mapping[str, Any]]) -> set[str]:
    """The codes of the faults of a refusal."""
    return {one["code"] for one in faults}
