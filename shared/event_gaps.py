"""What is missing between outbox and stream: what the relay's audit found, whoever asks, and the command that replays.

`python -m <deployable>.worker replay` sends everything again that the stream has lost, however long ago;
`… replay AFTER [UNTIL]` sends the outbox rows AFTER < id ≤ UNTIL, for a stream made anew or a new consumer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import structlog
from pydantic import BaseModel
from sqlalchemy import Column, DateTime, Integer, Table, Text, Uuid, func, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert
from starlette.responses import Response

from shared.actor import machine
from shared.clock import Instant
from shared.database import Transaction
from shared.ids import Id
from shared.kernel import kernel
from shared.outbox import outbox
from shared.routing import Reads, Room, shown
from shared.streams import own_stream

if TYPE_CHECKING:
    from shared.database import Database

log = structlog.get_logger()

MAY = "organisation.event_gap.read"
MOST = 500
LATE = timedelta(minutes=1)
"""What is not published by then is missing in the stream, whatever the reason."""
_SHOWN_FOR = timedelta(days=30)

event_gaps = Table(
    "event_gaps",
    kernel,
    Column("event_id", Uuid, primary_key=True),
    Column("org_path", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("record_version", Integer, nullable=False),
    Column("found_at", DateTime(timezone=True), nullable=False),
    Column("sent_again_at", DateTime(timezone=True), nullable=True),
)
stream_audits = Table(
    "stream_audits",
    kernel,
    Column("stream", Text, primary_key=True),
    Column("audited_at", DateTime(timezone=True), nullable=False),
    Column("missing", Integer, nullable=False),
)


class Missing(Protocol):
    @property
    def event_id(self) -> UUID: ...


async def note_found(database: Database, missing: Sequence[Missing]) -> None:
    """Keep the result of one look at the stream: when it was, and which events were not there."""
    async with database.transaction(machine(database.service)) as tx:
        row = {"stream": own_stream(database.service), "audited_at": tx.now, "missing": len(missing)}
        await tx.execute(insert(stream_audits).values(**row).on_conflict_do_update(index_elements=["stream"], set_=row))
        if not missing:
            return
        kept = (outbox.c.event_id, outbox.c.org_path, outbox.c.subject, outbox.c.record_id, outbox.c.record_version)
        lost = select(*kept, literal(tx.now), null()).where(outbox.c.event_id.in_([one.event_id for one in missing]))
        add = insert(event_gaps).from_select([one.name for one in event_gaps.columns], lost)
        again = {"found_at": tx.now, "sent_again_at": None}
        await tx.execute(add.on_conflict_do_update(index_elements=["event_id"], set_=again))


async def note_sent_again(database: Database, missing: Sequence[Missing]) -> None:
    """The stream has acknowledged these events again."""
    async with database.transaction(machine(database.service)) as tx:
        mine = event_gaps.c.event_id.in_([one.event_id for one in missing])
        await tx.execute(update(event_gaps).where(mine).values(sent_again_at=tx.now))


class GapOut(BaseModel):
    """`lost`: it was published and the stream does not have it; `unsent`: it waits in the outbox for too long;
    `sent_again`: it was lost and is back."""

    event_id: Id
    type: str
    record_id: Id
    record_version: int
    state: str
    found_at: Instant
    sent_again_at: Instant | None = None


class GapsOut(BaseModel):
    items: list[GapOut]
    audited_at: Instant | None = None
    truncated: bool | None = None


async def gaps_seen(tx: Transaction) -> GapsOut:
    """What is missing within the caller's scope, and what was until lately."""
    gaps, kept = event_gaps.c, ("event_id", "subject", "record_id", "record_version")
    found = select(event_gaps).where(gaps.found_at > tx.now - _SHOWN_FOR)
    rows = (await tx.execute(found.order_by(gaps.sent_again_at.nulls_first(), gaps.found_at).limit(MOST))).mappings()
    late = select(*(outbox.c[name] for name in kept), outbox.c.created_at.label("found_at"))
    late = late.where(outbox.c.sent_at.is_(None), outbox.c.created_at < tx.now - LATE).order_by(outbox.c.id).limit(MOST)
    items = [_shaped(row, "unsent") for row in (await tx.execute(late)).mappings()]
    items += [_shaped(row, "sent_again" if row["sent_again_at"] else "lost") for row in rows]
    audited_at = await tx.scalar(select(func.max(stream_audits.c.audited_at)))
    return GapsOut(items=items[:MOST], audited_at=audited_at, truncated=len(items) >= MOST or None)


def _shaped(row: Any, state: str) -> GapOut:
    kept = {name: row[name] for name in ("event_id", "record_id", "record_version", "found_at")}
    again = row.get("sent_again_at")
    return GapOut(type=row["subject"].rpartition(".")[0], state=state, sent_again_at=again, **kept)


def event_gap_routes() -> Room:
    """`GET /internal/event-gaps`: for the gateway's view over all services."""
    room = Room(include_in_schema=False)

    @room.reads("/internal/event-gaps", GapsOut, may=MAY)
    async def list_event_gaps(call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            return shown(await gaps_seen(tx))

    return room
