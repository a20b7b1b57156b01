"""A service of one record type, with files, uploads and jobs: the machinery by itself, over a database of its own.

`POST /v1/things` makes a record and takes uploads; `POST /v1/things/imports` spools NDJSON whose lines make records.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from alembic.migration import MigrationContext
from alembic.operations import Operations
from fastapi import Request
from pydantic import BaseModel
from sqlalchemy import Connection, String, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.responses import Response

from embedded import databases
from shared.actor import machine
from shared.attachments import record_files, take_uploads, uploads_room
from shared.clock import Instant
from shared.database import Database, Record, Transaction
from shared.errors import ReferenceNotFound, StateConflict
from shared.ids import Id
from shared.job_routes import job_routes
from shared.jobs import spool
from shared.migrations import scoped
from shared.routing import Creates, Room, sent
from shared.service import build_app
from shared.settings import DeployableSettings
from tests.support import event_world
from tests.support.engines import EngineRun
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, write_keys

NANJING = actor("adjuster", "00.32.3201", name="Nanjing")
SUZHOU = actor("adjuster", "00.32.3205", name="Suzhou")
MAX_IMPORT = 8 * 1024 * 1024
KIND = "thing_import"


class Base(DeclarativeBase):
    """The tables of this world."""


class Thing(Record, Base):
    __tablename__ = "things"
    record_type = "thing"

    name: Mapped[str] = mapped_column(String, unique=True)
    person_id: Mapped[UUID]


class NewThing(BaseModel):
    name: str
    upload_ids: list[UUID] = []
    refuse: bool = False


class ThingOut(BaseModel):
    id: Id
    version: int
    created_at: Instant
    name: str


EXTRA = """create table things (
  id uuid primary key, version integer not null, org_path text collate "C" not null, created_at timestamptz not null,
  updated_at timestamptz not null, name text not null unique, person_id uuid not null
)"""


async def make_thing(tx: Transaction, name: str) -> Thing:
    """A record at the unit of whoever acts."""
    thing = Thing(name=name, org_path=tx.actor.scope, person_id=tx.actor.person_id)
    tx.add(thing)
    await tx.flush()
    return thing


async def import_thing(tx: Transaction, document: dict[str, Any], _payload: Mapping[str, Any]) -> dict[str, Any]:
    """Make the thing that the line names; `of` names one that must be there; `broken` fails after the effect."""
    wanted = NewThing.model_validate(document)
    thing = await make_thing(tx, wanted.name)
    if "of" in document and await tx.scalar(select(Thing.id).where(Thing.name == document["of"])) is None:
        raise ReferenceNotFound.at("#/of")
    if wanted.refuse:
        raise StateConflict(current_state="made", legal_moves=[])
    if document.get("broken"):
        raise RuntimeError("a defect")
    return {"id": thing.id, "made_at": tx.now}


def things_room() -> Room:
    """Records with uploads, and their import."""
    room = Room()

    @room.posts("/v1/things", ThingOut, may="claims.attachment.add")
    async def make(command: NewThing, call: Creates) -> Response:
        async with call.db.transaction(call.actor, call.key) as tx:
            thing = await make_thing(tx, command.name)
            await take_uploads(tx, command.upload_ids, thing)
            if command.refuse:
                raise StateConflict(current_state="made", legal_moves=[])
            out = ThingOut(id=thing.id, version=thing.version, created_at=thing.created_at, name=thing.name)
            answer = tx.answer(out, location=f"/v1/things/{thing.id}", version=1)
        return sent(answer)

    @room.posts("/v1/things/imports", None, may="claims.attachment.add", status=202, max_bytes=2 * MAX_IMPORT)
    async def import_things(request: Request, call: Creates, part: int = 1) -> Response:
        async with call.db.transaction(call.actor, call.key) as tx:
            answer = await spool(tx, KIND, request.stream(), {"part": part}, MAX_IMPORT)
        return sent(answer)

    return room


async def make_database(run: EngineRun, worker: str) -> str:
    """A database with the technical tables and `things`; the address for the application role."""
    name = await event_world.make_database(run, "claims", worker, purpose="files")
    engine = create_async_engine(run.url(databases.OWNER, name))
    async with engine.begin() as owner:
        await owner.run_sync(_build)
    await engine.dispose()
    return run.url("anlan_claims", name)


def _build(connection: Connection) -> None:
    connection.execute(text(EXTRA))
    with Operations.context(MigrationContext.configure(connection)):
        scoped("things")


async def empty(run: EngineRun, url: str) -> None:
    """Take every row away, as the superuser: history and audit entries refuse everybody else."""
    import asyncpg

    connection = await asyncpg.connect(run.superuser_dsn(url.rpartition("/")[2]), timeout=10)
    try:
        await connection.execute("set session_replication_role = replica")
        for name in ("things", "attachments", "jobs", "job_lines", "stored_answers", "audit_entries", "audit_heads",
                     "history", "outbox", "task_grants"):  # fmt: skip
            await connection.execute(f"delete from {name}")
    finally:
        await connection.close()


def settings_in(folder: Path, url: str, **changes: Any) -> DeployableSettings:
    """Settings with secrets and files of their own below `folder`."""
    secret = folder / "secret"
    secret.write_bytes(b"s" * 32)
    facts: dict[str, Any] = {
        "database_url": url, "keys_file": write_keys(folder / "keys.json"), "secret_file": secret, "database_pool": 8,
        "attachments_dir": folder / "files",
    }  # fmt: skip
    return DeployableSettings(**(facts | changes))


class World(ServiceUnderTest):
    """The service in process; its files lie in `folder`."""

    folder: Path

    async def thing(self, name: str | None = None, **who: Any) -> str:
        """A new record of Nanjing; its id."""
        made = await self.post(who.get("who", NANJING), "/v1/things", {"name": name or uuid4().hex})
        assert made.status_code == 201, made.text
        return made.json()["id"]

    async def send(
        self, path: str, content: bytes, name: str = "a.pdf", *, who: Any = NANJING, data: Any = None, **options: Any
    ) -> httpx.Response:
        """Upload one file."""
        return await self.call(who, "POST", path, files={"file": (name, content)}, data=data or {}, **options)

    async def import_lines(self, *lines: bytes | str, who: Any = NANJING, key: str | None = None) -> httpx.Response:
        """Post lines as NDJSON."""
        body = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
        return await self.import_body(body, who=who, key=key)

    async def import_body(self, content: Any, *, who: Any = NANJING, key: str | None = None) -> httpx.Response:
        headers = {"Content-Type": "application/x-ndjson"}
        return await self.call(who, "POST", "/v1/things/imports", key=key, headers=headers, content=content)

    def files(self) -> Sequence[Path]:
        """Every file on disk, drafts included."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    async def names(self) -> list[str]:
        """The names of all things, sorted."""
        async with self.db.transaction(machine("claims")) as tx:
            return sorted(await tx.scalars(select(Thing.name)))


@asynccontextmanager
async def running(settings: DeployableSettings, *, at_most: int = 50) -> AsyncIterator[World]:
    """The application, started."""
    rooms = (
        things_room(),
        record_files(
            Thing, "/v1/things", read="claims.attachment.read", write="claims.attachment.add", at_most=at_most
        ),
        uploads_room("/v1/things", may="claims.attachment.add"),
        job_routes("claims", read="claims.job.read", cancel="claims.job.cancel"),
    )
    app = build_app("claims", settings, rooms)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            world = World("claims", app, client, app.state.db)
            world.folder = settings.attachments_dir
            yield world


def database_of(settings: DeployableSettings) -> Database:
    """Another process's connection to the same database."""
    return Database("claims", settings.database(), pool=4)
