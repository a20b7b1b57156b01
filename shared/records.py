"""What every record has alike: its history, and reveals of its masked fields.

A deployable calls `record_routes` once for each record type. A reveal shows one plain value, to a position that may
see it, for a stated purpose; the value itself is never stored with the answer, so its repetition is a new reveal with
an entry of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from starlette.responses import Response

from shared.audit import Entry, history
from shared.clock import Instant
from shared.database import Record, Transaction
from shared.errors import Fault, Text, ValidationFailed
from shared.ids import Id, uuid7
from shared.routing import Creates, Reads, Room, sent, shown

REVEAL_FOR = timedelta(minutes=5)

PlainValues = Callable[[Transaction, Any], Awaitable[Mapping[str, str | None]]]


class HistoryEntryOut(BaseModel):
    at: Instant
    person: dict[str, str]
    on_behalf_of: Id | None = None
    position: str
    unit_code: str
    action: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str | None = None
    request_id: Id


class HistoryOut(BaseModel):
    items: list[HistoryEntryOut]


class Reveal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    field: str
    purpose: str = Field(min_length=3, max_length=200)


class RevealOut(BaseModel):
    id: Id
    created_at: Instant
    field: str
    purpose: str
    value: str
    expires_at: Instant
    record: dict[str, Any]


def _entry(row: Any) -> HistoryEntryOut:
    person = {"person_id": str(row["person_id"]), "staff_no": row["staff_no"]}
    kept = ("at", "on_behalf_of", "position", "unit_code", "action", "before", "after", "reason", "request_id")
    return HistoryEntryOut(person=person, **{name: row[name] for name in kept})


async def _history_of(tx: Transaction, kind: type[Record], record_id: UUID) -> HistoryOut:
    await tx.find(kind, record_id)
    await tx.use_scope("00")  # whoever sees the record sees its whole past, also that of before it moved to this unit
    lines = history.c
    statement = select(history).where(lines.record_type == kind.record_type, lines.record_id == record_id)
    rows = (await tx.execute(statement.order_by(lines.id))).mappings()
    return HistoryOut(items=[_entry(row) for row in rows])


async def _reveal(tx: Transaction, record: Record, values: Mapping[str, str | None], command: Reveal) -> RevealOut:
    value = values.get(command.field)
    if value is None:
        words = Text("该记录没有此脱敏字段。", "The record has no such masked field.")
        raise ValidationFailed(Fault("unknown_field", words, pointer="#/field"))
    tx.note_act(
        Entry(
            action="reveal",
            object_type=record.record_type,
            object_id=record.id,
            org_path=record.org_path,
            after={"field": command.field},
            reason=command.purpose,
        )
    )
    about = {"id": str(record.id), "version": record.version}
    return RevealOut(
        id=uuid7(), created_at=tx.now, field=command.field, purpose=command.purpose, value=value,
        expires_at=tx.now + REVEAL_FOR, record=about,
    )  # fmt: skip


def record_routes(
    kind: type[Record], path: str, *, read: str, reveal: str | None = None, plain_values: PlainValues | None = None
) -> Room:
    """`GET {path}/{id}/history`, and `POST {path}/{id}/reveals` where the record has masked fields.

    `plain_values(tx, record)` gives the plain value of each field that can be revealed.
    """
    room = Room(tags=[kind.record_type])
    name = kind.record_type

    async def read_history(record_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            return shown(await _history_of(tx, kind, record_id))

    read_history.__name__ = f"read_{name}_history"
    room.reads(f"{path}/{{record_id}}/history", HistoryOut, may=read)(read_history)
    if reveal is None or plain_values is None:
        return room

    async def reveal_field(record_id: UUID, command: Reveal, call: Creates) -> Response:
        async with call.db.transaction(call.actor, call.key) as tx:
            record = await tx.find(kind, record_id)
            out = await _reveal(tx, record, await plain_values(tx, record), command)
            answer = tx.answer_unstored(out)
        return sent(answer)

    reveal_field.__name__ = f"reveal_{name}_field"
    room.posts(f"{path}/{{record_id}}/reveals", RevealOut, may=reveal)(reveal_field)
    return room
