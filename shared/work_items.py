"""Work items: what somebody has to do about a record, with its legal due time; the gateway's inbox shows all
services' together.

An item addressed to a person opens exactly its record to that person until it is closed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Column, DateTime, Table, Text, Uuid, func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared import open_tasks
from shared.clock import Instant
from shared.database import Record, Transaction
from shared.errors import Text as Words
from shared.ids import Id, uuid7
from shared.kernel import kernel

work_items = Table(
    "work_items",
    kernel,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("record_type", Text, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("record_number", Text, nullable=True),
    Column("org_path", Text, nullable=False),
    Column("unit_code", Text, nullable=False),
    Column("position", Text, nullable=True),
    Column("person_id", Uuid, nullable=True),
    Column("due_at", DateTime(timezone=True), nullable=True),
    Column("basis", Text, nullable=True),
    Column("priority", Text, nullable=False),
    Column("action_href", Text, nullable=False),
    Column("action_method", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True), nullable=True),
)


async def open_item(
    tx: Transaction, kind: str, about: Record, title: Words, *, number: str | None, unit_code: str, href: str,
    method: str = "POST", position: str | None = None, person_id: UUID | None = None, due_at: datetime | None = None,
    basis: str | None = None, priority: str = "normal",
) -> None:  # fmt: skip
    """Open one item about a record, for a person or for a position of a unit; the same item is not opened twice.

    `unit_code` is the unit that has to act. `kind` names the work (`approve`, `survey`, `assign_unit`).
    """
    row = {
        "id": uuid7(), "kind": kind, "title_zh": title.zh, "title_en": title.en, "record_type": about.record_type,
        "record_id": about.id, "record_number": number, "org_path": about.org_path, "unit_code": unit_code,
        "position": position, "person_id": person_id, "due_at": due_at, "basis": basis, "priority": priority,
        "action_href": href, "action_method": method, "opened_at": tx.now,
    }  # fmt: skip
    opened = await tx.scalar(insert(work_items).values(**row).on_conflict_do_nothing().returning(work_items.c.id))
    if opened is not None and person_id is not None:
        await open_tasks.open_for(tx.session, person_id, about.id, about.org_path, tx.now)


async def close_items(tx: Transaction, record_id: UUID, *kinds: str, person_id: UUID | None = None) -> None:
    """Close the record's open items of these kinds (all where none is named), and with them the persons' access."""
    items = work_items.c
    statement = update(work_items).where(items.record_id == record_id, items.closed_at.is_(None))
    if kinds:
        statement = statement.where(items.kind.in_(kinds))
    if person_id is not None:
        statement = statement.where(items.person_id == person_id)
    rows = await tx.execute(statement.values(closed_at=tx.now).returning(items.person_id))
    for (person,) in rows:
        if person is not None:
            await open_tasks.close(tx.session, record_id, tx.now, person_id=person)


class WorkItemOut(BaseModel):
    id: Id
    kind: str
    title: dict[str, str]
    record: dict[str, Any]
    unit_code: str
    org_path: str
    position: str | None = None
    assignee_person_id: Id | None = None
    due_at: Instant | None = None
    basis: str | None = None
    priority: str
    action: dict[str, str]
    opened_at: Instant


def shape(row: Any) -> WorkItemOut:
    return WorkItemOut(
        id=row["id"], kind=row["kind"], title={"zh": row["title_zh"], "en": row["title_en"]},
        record={"type": row["record_type"], "id": str(row["record_id"]), "number": row["record_number"]},
        unit_code=row["unit_code"], org_path=row["org_path"], position=row["position"],
        assignee_person_id=row["person_id"], due_at=row["due_at"], basis=row["basis"], priority=row["priority"],
        action={"href": row["action_href"], "method": row["action_method"]}, opened_at=row["opened_at"],
    )  # fmt: skip


async def open_counts(tx: Transaction, person_ids: list[UUID]) -> dict[UUID, int]:
    """How many items each person has open, for assignee pickers."""
    items = work_items.c
    statement = select(items.person_id, func.count()).where(items.closed_at.is_(None), items.person_id.in_(person_ids))
    return {key: value for key, value in await tx.execute(statement.group_by(items.person_id))}
