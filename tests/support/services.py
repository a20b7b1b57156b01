"""One service in process: its application over its real database, called as somebody."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from embedded.demonstration.network import units
from shared.actor import Actor, machine
from shared.database import Database
from shared.directory import directory_authority_tables, directory_units
from shared.rule_sets import load, read_files
from tests.support.tokens import ROOT, token, write_keys

AUTHORITY = ROOT / "gateway/authority/rule_sets"


def settings_of(service: str, url: str, folder: Path) -> Any:
    """The service's settings, with secrets of its own below `folder`."""
    secret, digest = folder / "secret", folder / "digest"
    secret.write_bytes(b"s" * 32)
    digest.write_bytes(b"d" * 32)
    module = importlib.import_module(f"services.{service}.settings")
    kind = getattr(module, f"{service.capitalize()}Settings")
    return kind(
        database_url=url, keys_file=write_keys(folder / "keys.json"), secret_file=secret, digest_key_file=digest,
        attachments_dir=folder / "attachments", database_pool=5,
    )  # fmt: skip


async def fill_directory(db: Database, provinces: tuple[str, ...] = ("32",)) -> None:
    """The tree and the seed authority table, as organisation events would have brought them; and the rule sets."""
    async with db.transaction(machine(db.service)) as tx:
        rows = [
            {
                "code": one["code"], "path": one["path"], "level": one["level"], "kind": one["kind"],
                "name": one["name"],
                "parent_code": one["parent_code"], "area_codes": one["area_codes"], "teams": [],
                "effective_on": date(2020, 1, 1), "closed_on": None, "record_version": 1,
            }
            for one in units(provinces)
        ]  # fmt: skip
        await tx.execute(directory_units.insert(), rows)
        for one in read_files(AUTHORITY):
            if one.name == "authority_tables":
                table = {
                    "version": one.version,
                    "effective_from": one.effective_from,
                    "entries": one.content["entries"],
                }
                await tx.execute(directory_authority_tables.insert().values(**table))
        await load(tx, AUTHORITY)
        await load(tx, ROOT / f"services/{db.service}/rule_sets")


@dataclass
class ServiceUnderTest:
    """Calls a service as whoever the test says, with a fresh idempotency key unless it gives one."""

    service: str
    app: FastAPI
    client: httpx.AsyncClient
    db: Database
    answers: list[httpx.Response] = field(default_factory=list)

    async def call(
        self, who: Actor | None, method: str, path: str, body: Any = None, *, key: str | None = None,
        version: int | None = None, headers: Mapping[str, str] | None = None, **options: Any,
    ) -> httpx.Response:  # fmt: skip
        sent = dict(headers or {})
        if who is not None:
            sent.setdefault("Authorization", f"Bearer {token(who, self.service)}")
        if method == "POST":
            sent.setdefault("Idempotency-Key", f'"{key or uuid4()}"')
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        return await self.client.request(method, path, json=body, headers=sent, **options)

    async def get(self, who: Actor, path: str, **options: Any) -> httpx.Response:
        return await self.call(who, "GET", path, **options)

    async def post(self, who: Actor, path: str, body: Any, **options: Any) -> httpx.Response:
        return await self.call(who, "POST", path, body, **options)

    async def rows(self, table: Any, **where: Any) -> list[Mapping[str, Any]]:
        """All rows of a table that match, whatever their scope."""
        from sqlalchemy import select

        async with self.db.transaction(machine(self.service)) as tx:
            statement = select(table)
            for name, value in where.items():
                statement = statement.where(table.c[name] == value)
            return [dict(row) for row in (await tx.execute(statement)).mappings()]


@asynccontextmanager
async def running(service: str, url: str, folder: Path) -> AsyncIterator[ServiceUnderTest]:
    """The service's application, started, over the database at `url` (its own application role)."""
    create_app = importlib.import_module(f"services.{service}.app").create_app
    app = create_app(settings_of(service, url, folder))
    await fill_directory(app.state.db)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield ServiceUnderTest(service, app, client, app.state.db)
