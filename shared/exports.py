"""Exports: a declared collection as a table that leaves the system, for a stated purpose.

A service declares its collections (a listing, its columns as they are shown, masked ones masked) and gets the routes
and the worker's handler. The rows are those that a list gives the same person: the job runs in that person's own row
scope. Many rows need a second person; what one person takes within a day counts together. Rule set: `exports`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Column as Stored
from sqlalchemy import DateTime, Integer, LargeBinary, Table, Uuid, func, insert, select, update
from sqlalchemy import Text as Words
from sqlalchemy.dialects.postgresql import JSONB

from shared import directory
from shared.actor import Actor, claims_of, machine
from shared.actor import read as actor_of
from shared.audit import Entry
from shared.clock import SHANGHAI
from shared.database import Database, Transaction
from shared.errors import (
    Fault,
    Forbidden,
    NotFound,
    Refused,
    SeparationOfDuties,
    StateConflict,
    Text,
    UnknownParameter,
    ValidationFailed,
)
from shared.export_files import written
from shared.file_store import in_worker
from shared.ids import uuid7
from shared.job_runner import Handler
from shared.jobs import queue
from shared.kernel import kernel
from shared.pagination import Asked, Listing, read_query
from shared.rule_sets import in_force
from shared.ticks import Tick

EXPORT = "export"
DAY = timedelta(days=1)

exports = Table(
    "exports", kernel,
    Stored("id", Uuid, primary_key=True), Stored("org_path", Words, nullable=False),
    Stored("created_at", DateTime(timezone=True), nullable=False), Stored("collection", Words, nullable=False),
    Stored("filters", JSONB, nullable=False), Stored("columns", JSONB, nullable=False),
    Stored("format", Words, nullable=False), Stored("purpose", Words, nullable=False),
    Stored("row_count", Integer, nullable=False), Stored("state", Words, nullable=False),
    Stored("person_id", Uuid, nullable=False), Stored("principal_id", Uuid), Stored("actor", JSONB, nullable=False),
    Stored("expires_at", DateTime(timezone=True), nullable=False), Stored("decided_by", Uuid),
    Stored("decided_at", DateTime(timezone=True)), Stored("decision_reason", Words), Stored("job_id", Uuid),
    Stored("made_at", DateTime(timezone=True)), Stored("sha256", LargeBinary), Stored("content", LargeBinary),
)  # fmt: skip
_TOLD = [column for column in exports.c if column.name != "content"]


class ExportTooLarge(Refused):
    """Members: `rows`, `max_rows`."""

    code = "export_too_large"
    title = Text("导出行数过多", "Too many rows")
    detail = Text("共 {rows} 行以上，最多 {max_rows} 行。", "There are {rows} rows or more; at most {max_rows} leave.")


class ExportApprovalMissing(Forbidden):
    """Member: `second_person_above`, in rows a person takes within a day."""

    code = "export_approval_missing"
    title = Text("导出未经第二人批准", "A second person has not agreed")
    detail = Text(
        "一日内导出超过 {second_person_above} 行，须经第二人批准。",
        "More than {second_person_above} rows within a day need the consent of a second person.",
    )


@dataclass(frozen=True)
class Column:
    """One column: its title, and its value of a row as the service shows it, masked where that is masked."""

    title: str
    value: Callable[[Any], Any]


@dataclass(frozen=True)
class Collection:
    """What can be exported: the rows of a listing to whoever holds the permission `read`."""

    listing: Listing
    read: str
    columns: Mapping[str, Column]


Collections = Mapping[str, Collection]


class RequestTable(BaseModel):
    """`filters`: the parameters of the collection's list, a value or several."""

    model_config = ConfigDict(extra="forbid")

    collection: str = Field(max_length=60)
    filters: dict[str, str | list[str]] = Field(default_factory=dict, max_length=40)
    columns: list[str] = Field(min_length=1, max_length=60)
    format: Literal["csv", "xlsx"]
    purpose: str = Field(min_length=3, max_length=200)


class DecideTable(BaseModel):
    model_config = ConfigDict(extra="forbid")

    outcome: Literal["approve", "reject"] = "approve"
    reason: str = Field(min_length=3, max_length=200)


def _persons(actor: Actor) -> set[UUID | None]:
    return {actor.person_id, actor.on_behalf_of} - {None}


async def _asked(tx: Transaction, collection: Collection, filters: Mapping[str, Any]) -> Asked:
    """The filters as the list reads them. Raises `ValidationFailed` with a pointer for each that it does not know."""
    query = [(name, one) for name, value in filters.items() for one in ([value] if isinstance(value, str) else value)]
    units = await directory.paths_of(tx, [one for name, one in query if name == "unit_code"])
    paging = [name for name in ("limit", "cursor", "fields", "include_total") if name in filters]
    try:
        if paging:
            words = Text("导出不分页。", "An export has no pages.")
            raise UnknownParameter(*(Fault("unknown_parameter", words, parameter=name) for name in paging))
        return read_query(collection.listing, query, units.get)
    except ValidationFailed as refusal:
        told = [replace(one, parameter=None, pointer=f"#/filters/{one.parameter}") for one in refusal.faults]
        raise ValidationFailed(*told) from refusal


def _chosen(collections: Collections, command: RequestTable, actor: Actor) -> Collection:
    """The collection asked for. Refuses an unknown one or unknown columns (422), and who may not read it (403)."""
    collection = collections.get(command.collection)
    if collection is None:
        words = Text("没有这一集合。", "There is no such collection.")
        raise ValidationFailed(Fault("collection_unknown", words, pointer="#/collection"))
    actor.require(collection.read)
    words = Text("没有这一列，或列重复。", "There is no such column, or it stands twice.")
    bad = [
        n for n, name in enumerate(command.columns)
        if name not in collection.columns or name in command.columns[:n]
    ]  # fmt: skip
    if bad:
        raise ValidationFailed(*(Fault("column_unknown", words, pointer=f"#/columns/{n}") for n in bad))
    return collection


async def _checked(tx: Transaction, rows: int, limits: Mapping[str, Any], before: Any = None) -> bool:
    """Whether a second person is needed for `rows` more today. Raises `ExportTooLarge`.

    Counted are the rows of the last day that nobody agreed to; with `before`, those asked for before that export.
    """
    if rows > limits["max_rows"]:
        raise ExportTooLarge(rows=rows, max_rows=limits["max_rows"])
    own, since = exports.c, (tx.now if before is None else before["created_at"]) - DAY
    taken = select(func.coalesce(func.sum(own.row_count), 0)).where(
        own.person_id == tx.actor.person_id, own.created_at > since, own.decided_by.is_(None),
        own.state.in_(("queued", "made")),
    )  # fmt: skip
    if before is not None:
        taken = taken.where(own.id < before["id"])
    return int(await tx.scalar(taken)) + rows > limits["second_person_above"]


async def request(tx: Transaction, collections: Collections, command: RequestTable) -> dict[str, Any]:
    """Write the request down and queue its job, or leave it waiting for a second person; the row."""
    collection = _chosen(collections, command, tx.actor)
    limits = (await in_force(tx, "exports")).content
    asked = await _asked(tx, collection, command.filters)
    inner = select(collection.listing.model.id).where(*asked.condition).limit(limits["max_rows"] + 1).subquery()
    rows = int(await tx.scalar(select(func.count()).select_from(inner)))
    waits = await _checked(tx, rows, limits)
    row: dict[str, Any] = {
        "id": uuid7(), "org_path": tx.actor.scope, "created_at": tx.now, **command.model_dump(), "row_count": rows,
        "state": "waiting" if waits else "queued", "person_id": tx.actor.person_id,
        "principal_id": tx.actor.on_behalf_of, "actor": claims_of(tx.actor),
        "expires_at": tx.now + timedelta(days=limits["kept_days"]),
    }  # fmt: skip
    await tx.execute(insert(exports).values(**row))
    note(tx, "request_export", row, after={"rows": rows, "columns": command.columns, "state": row["state"]})
    return row if waits or tx.dry_run else await _queued(tx, row, tx.actor)


async def _queued(tx: Transaction, row: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    job = await queue(tx, EXPORT, [{"export_id": str(row["id"])}], {}, actor)
    told = {"state": "queued", "job_id": job["id"]}
    await tx.execute(update(exports).where(exports.c.id == row["id"]).values(**told))
    return {**row, **told}


def note(tx: Transaction, action: str, row: Mapping[str, Any], **more: Any) -> None:
    more.setdefault("reason", row["purpose"])
    entry = Entry(
        action=action, object_type="export", object_id=row["id"], org_path=row["org_path"], in_history=False, **more
    )
    tx.note_act(entry)


async def find(tx: Transaction, export_id: UUID, *, approve: str | None = None, lock: bool = False) -> dict[str, Any]:
    """An export of the caller, or with `approve` also one that a holder of that permission may decide on; else 404."""
    statement = select(*_TOLD).where(exports.c.id == export_id)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).mappings().one_or_none()
    if row is None or not (row["person_id"] == tx.actor.person_id or (approve and tx.actor.may(approve))):
        raise NotFound()
    return dict(row)


async def decide(tx: Transaction, export_id: UUID, command: DecideTable, approve: str) -> dict[str, Any]:
    """The second person's yes or no, by neither of the two who asked (403); once, while it waits (409)."""
    row = await find(tx, export_id, approve=approve, lock=True)
    if _persons(tx.actor) & {row["person_id"], row["principal_id"]}:
        raise SeparationOfDuties(conflicting_duty="export_requester")
    if row["state"] != "waiting" or row["expires_at"] <= tx.now:
        state = "expired" if row["state"] == "waiting" else row["state"]
        raise StateConflict(current_state=state, legal_moves=[])
    told = {
        "state": "rejected" if command.outcome == "reject" else "queued", "decided_by": tx.actor.person_id,
        "decided_at": tx.now, "decision_reason": command.reason,
    }  # fmt: skip
    await tx.execute(update(exports).where(exports.c.id == export_id).values(**told))
    row |= told
    note(tx, f"{command.outcome}_export", row, after={"rows": row["row_count"]}, reason=command.reason)
    return row if told["state"] == "rejected" or tx.dry_run else await _queued(tx, row, actor_of(row["actor"]))


def making(collections: Collections) -> Handler:
    """The worker's part: reads the rows in the scope of who asked, writes the file, keeps it."""

    async def made(tx: Transaction, document: dict[str, Any], _payload: Mapping[str, Any]) -> Mapping[str, Any]:
        row = await find(tx, UUID(document["export_id"]), lock=True)
        collection, limits = collections[row["collection"]], (await in_force(tx, "exports")).content
        asked = await _asked(tx, collection, row["filters"])
        columns = [collection.columns[name] for name in row["columns"]]
        cells = await _cells(tx, collection, asked, columns, limits["max_rows"])
        if await _checked(tx, len(cells), limits, row) and row["decided_by"] is None:
            raise ExportApprovalMissing(second_person_above=limits["second_person_above"])
        content = await in_worker(written, row["format"], [one.title for one in columns], cells, _watermark(tx, row))
        kept = {"state": "made", "made_at": tx.now, "row_count": len(cells), "content": content}
        kept["sha256"] = hashlib.sha256(content).digest()
        await tx.execute(update(exports).where(exports.c.id == row["id"]).values(**kept))
        note(tx, "make_export", row, after={"rows": len(cells), "sha256": kept["sha256"].hex()})
        return {"export_id": str(row["id"]), "row_count": len(cells), "sha256": kept["sha256"].hex()}

    return made


async def _cells(
    tx: Transaction, collection: Collection, asked: Asked, columns: Sequence[Column], at_most: int
) -> list[list[Any]]:
    """All rows, one more than may leave at most."""
    order = [column.desc() if down else column.asc() for _, column, down in asked.keys]
    statement = select(collection.listing.model).where(*asked.condition).order_by(*order).limit(at_most + 1)
    found = await tx.session.stream_scalars(statement.execution_options(yield_per=500))
    return [[column.value(one) for column in columns] async for one in found]


def _watermark(tx: Transaction, row: Mapping[str, Any]) -> str:
    at = tx.now.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return f"导出人 {tx.actor.staff_no}；时间 {at}；用途：{row['purpose']}；编号 {row['id']}；仅限上述用途，不得外传"


async def _erase(database: Database, limit: int) -> int:
    """Remove files whose time is over; who took what stays known."""
    over = select(exports.c.id).where(exports.c.content.is_not(None)).order_by(exports.c.expires_at).limit(limit)
    async with database.transaction(machine(database.service)) as tx:
        old = over.where(exports.c.expires_at <= tx.now)
        return (await tx.execute(update(exports).where(exports.c.id.in_(old)).values(content=None))).rowcount


ERASING = Tick("exports_over", timedelta(minutes=10), _erase)
