"""The database: one visible transaction for each use case, in the caller's row scope.

`async with db.transaction(actor, key) as tx:` sets scope, person and `now` in its first statement, finds the answer
of a repeated request before anything else, and ends by writing what the use case staged (events, audit entries, the
answer) and committing. Nothing else commits. Row scope is PostgreSQL row-level security: without a scope nothing is
visible.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import URL, DateTime, Integer, Text, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Mapped, mapped_column, validates

from shared import audit, clock, idempotency, open_tasks, outbox
from shared.actor import Actor
from shared.crashpoints import crashpoint
from shared.database_faults import database_faults
from shared.errors import NotFound, SeparationOfDuties, VersionStale
from shared.events import Payload
from shared.idempotency import Answer, RequestKey
from shared.idle_connections import ask_idle_connections
from shared.ids import uuid7

_WHO = (
    "select set_config('anlan.scope', :scope, true), set_config('anlan.person', :person, true),"
    " set_config('anlan.principal', :principal, true), transaction_timestamp() as now"
)
_BEGIN, _BEGIN_KEYED = text(_WHO), text(_WHO + ", pg_try_advisory_xact_lock(:lock) as locked")
_SCOPE = text("select set_config('anlan.scope', :scope, true)")
_SCOPE_NOW = text("select current_setting('anlan.scope')")

OrgPath = Text(collation="C")


class Located(Protocol):
    """Whatever has an id and a place in the tree: the record an event or an audit entry is about."""

    @property
    def id(self) -> Any: ...
    @property
    def org_path(self) -> Any: ...


class Record:
    """Columns of a record that is read, changed and listed on its own. Mixed into a service's mapped classes."""

    record_type: ClassVar[str]
    """The name of this kind of record in history, audit, attachments and work items: `claim`."""

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    version: Mapped[int] = mapped_column(Integer, default=1)
    org_path: Mapped[str] = mapped_column(OrgPath)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @validates("updated_at")
    def _never_earlier(self, _: str, now: datetime) -> datetime:
        """Of two transactions the one that began first may change the record last: its time does not go back."""
        return max(now, self.__dict__.get("updated_at") or now)


class Part:
    """Columns of a fact or row that belongs to a record; a trigger keeps `org_path` that of its parent."""

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    org_path: Mapped[str] = mapped_column(OrgPath)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


R = TypeVar("R", bound=Record)
Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Transaction:
    """One use case: its instant, its caller, its session, and what it leaves for the commit."""

    def __init__(self, database: Database, session: AsyncSession, actor: Actor, key: RequestKey | None, now: datetime):
        self.database = database
        self.session = session
        self.actor = actor
        self.key = key
        self.now = now
        self.scope = actor.scope
        """The row scope that statements run in now."""
        self.remembered: dict[Any, Any] = {}
        """What was read once and does not change within the use case, by a key of whoever read it."""
        self._events: list[outbox.Staged] = []
        self._entries: list[audit.Entry] = []
        self._answer: Answer | None = None

    @property
    def dry_run(self) -> bool:
        """Whether everything is rolled back at the end."""
        return self.key is not None and self.key.dry_run

    @property
    def has_staged(self) -> bool:  # events or audit entries that the commit will write
        return bool(self._events or self._entries)

    def add(self, row: object) -> None:
        """Insert `row` with the next flush; a `Record` or `Part` without times gets this transaction's."""
        for name in ("created_at", "updated_at"):
            if hasattr(type(row), name) and getattr(row, name, None) is None:
                setattr(row, name, self.now)
        self.session.add(row)

    def add_all(self, rows: Sequence[object]) -> None:
        for row in rows:
            self.add(row)

    async def flush(self) -> None:
        await self.session.flush()

    async def execute(self, statement: Any, params: Rows | None = None) -> Any:
        return await self.session.execute(statement, params)

    async def scalar(self, statement: Any, params: Mapping[str, Any] | None = None) -> Any:
        return await self.session.scalar(statement, params)

    async def scalars(self, statement: Any) -> Sequence[Any]:
        return (await self.session.scalars(statement)).all()

    async def find(self, kind: type[R], record_id: UUID, *, lock: bool = False) -> R:
        """The record in the caller's scope, else through an open task of the caller; otherwise `NotFound`."""
        statement = select(kind).where(kind.id == record_id)
        if lock:
            statement = statement.with_for_update()
        found = await self.session.scalar(statement)
        if found is None:
            path = await open_tasks.path_of(self.session, self.actor.person_id, record_id)
            if path is None:
                raise NotFound()
            await self.use_scope(path)
            found = await self.session.scalar(statement)
        if found is None:
            raise NotFound()
        return found

    async def find_for_change(self, kind: type[R], record_id: UUID, version: int | None) -> R:
        """The record with its row locked, at the version the caller has seen, counted up once.

        `version` None: a change that needs no precondition. Who acts for another changes nothing that either of the two
        has made. Raises `NotFound`, `SeparationOfDuties`, `VersionStale`.
        """
        found = await self.find(kind, record_id, lock=True)
        if self.actor.on_behalf_of is not None:
            await self._refuse_own(kind, record_id)
        if version is not None and found.version != version:
            raise VersionStale(current_version=found.version)
        found.version += 1
        found.updated_at = self.now
        return found

    async def _refuse_own(self, kind: type[Record], record_id: UUID) -> None:
        """Refuse (403) the delegate where he or the delegator made the record, wherever it lay at that time."""
        scope = await self.session.scalar(_SCOPE_NOW)
        await self.use_scope("00")
        makers = await audit.makers_of(self.session, kind.record_type, record_id)
        await self.use_scope(str(scope))
        if makers & {self.actor.person_id, self.actor.on_behalf_of}:
            raise SeparationOfDuties(conflicting_duty="maker")

    async def use_scope(self, org_path: str) -> None:
        """Continue in another row scope: the record's own (open task) or the service's (`00`, intake for another
        unit).

        Only after the rules have decided that this request may; the flush before it is still in the old scope.
        """
        await self.session.flush()
        await self.session.execute(_SCOPE, {"scope": org_path})
        self.scope = org_path

    def publish(self, payload: Payload, about: Located) -> None:
        """Stage an event about a record; it becomes an outbox row before the commit."""
        self._events.append(outbox.Staged(payload=payload, record_id=about.id, org_path=about.org_path))

    def note(
        self,
        action: str,
        about: Record,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        """Stage the one audit entry of this change and its line in the record's history; no personal data in either."""
        entry = audit.Entry(
            action=action, object_type=about.record_type, object_id=about.id, org_path=about.org_path,
            before=before, after=after, reason=reason,
        )  # fmt: skip
        self._entries.append(entry)

    def note_act(self, entry: audit.Entry) -> None:
        """Stage an audit entry of an act that is no change of a record (a reveal, a sign-in, an export)."""
        self._entries.append(entry)

    def answer(
        self, out: BaseModel, *, status: int = 201, location: str | None = None, version: int | None = None
    ) -> Answer:
        """Shape the answer of this use case; it is stored with the key and committed before it is sent.

        `version` is that of the record changed and becomes the ETag. With `dry_run` the answer is the representation
        that would result, without its id, as a 200.
        """
        if self.dry_run:
            body = out.model_dump_json(
                by_alias=True, exclude_none=True, exclude={"id"} if "id" in type(out).model_fields else None
            )
            return Answer(200, body.encode())
        headers = {} if location is None else {"Location": location}
        if version is not None:
            headers["ETag"] = f'"{version}"'
        self._answer = Answer(status, out.model_dump_json(by_alias=True, exclude_none=True).encode(), headers)
        return self._answer

    def answer_unstored(self, out: BaseModel) -> Answer:
        """The answer of an act that is carried out anew each time: the values of a reveal are never stored."""
        return Answer(200 if self.dry_run else 201, out.model_dump_json(by_alias=True, exclude_none=True).encode())

    async def finish(self) -> None:
        """Write what was staged, the contended rows last: events, the answer, then the audit chain."""
        await self.session.flush()
        if self._events:
            await outbox.write(self.session, self._events, now=self.now, source=self.database.service)
        if self.key is not None and self.key.key is not None and self._answer is not None:
            await idempotency.store(self.session, self.actor.person_id, self.key, self._answer, self.now)
        if self._entries:
            await audit.write(self.session, self.database.service, self.actor, self.now, self._entries)


class Database:
    """One deployable's database in one process."""

    def __init__(self, service: str, url: URL | str, *, pool: int = 10, application: str = "") -> None:
        self.service = service
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool,
            max_overflow=0,
            pool_timeout=2,
            hide_parameters=True,  # the text of an error goes to the log, and parameters are personal data
            connect_args={"timeout": 5, "server_settings": {"application_name": application or service}},
        )
        ask_idle_connections(self.engine)

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A raw connection, for session-level advisory locks and start-up checks."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self, actor: Actor, key: RequestKey | None = None) -> AsyncIterator[Transaction]:
        """One use case. Raises `Replayed` at its first line where the key has its answer already.

        Leaving with an exception, or with `dry_run`, rolls everything back.
        """
        session = AsyncSession(self.engine, expire_on_commit=False, autoflush=True)
        try:
            with database_faults():
                tx = await self._begin(session, actor, key)
                yield tx
                await tx.finish()
                if tx.dry_run:
                    await session.rollback()
                    return
                await session.commit()
        finally:
            await session.close()
        if tx._events:
            crashpoint("outbox.after_commit")
            outbox.wake(self)

    async def _begin(self, session: AsyncSession, actor: Actor, key: RequestKey | None) -> Transaction:
        params = {"scope": actor.scope, "person": str(actor.person_id), "principal": str(actor.on_behalf_of or "")}
        if key is not None and key.key is not None and not key.dry_run:
            row = (await session.execute(_BEGIN_KEYED, {**params, "lock": key.lock(actor.person_id)})).one()
            await idempotency.find(session, actor.person_id, key, locked=row.locked)
        else:
            row = (await session.execute(_BEGIN, params)).one()
        now = (row.now + clock.shift()).astimezone(clock.SHANGHAI)
        actor.refuse_past_delegation(now)
        return Transaction(self, session, actor, key, now)


def path_range(column: Any, org_path: str) -> Any:
    """The condition `at or below org_path` on a text column, in the form an index serves."""
    upper = bindparam(None, org_path + "/", unique=True)
    return (column >= bindparam(None, org_path, unique=True)) & (column < upper)
