"""An open task opens exactly one record to the person of the task, while it is open; lists never.

Looked up only after the ordinary look-up found nothing: an `or` in the row policy would cost the index.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Table, Text, Uuid, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.ids import uuid7
from shared.kernel import kernel

task_grants = Table(
    "task_grants",
    kernel,
    Column("id", Uuid, primary_key=True, default=uuid7),
    Column("person_id", Uuid, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("record_path", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True), nullable=True),
)


async def path_of(session: AsyncSession, person_id: UUID, record_id: UUID) -> str | None:
    """The record's org path if `person_id` has a task open on it, else None."""
    grants = task_grants.c
    statement = (
        select(grants.record_path)
        .where(grants.person_id == person_id, grants.record_id == record_id, grants.closed_at.is_(None))
        .limit(1)
    )
    return await session.scalar(statement)


async def open_for(session: AsyncSession, person_id: UUID, record_id: UUID, record_path: str, now: datetime) -> None:
    """Open the record to the person until `close` is called."""
    row = {"id": uuid7(), "person_id": person_id, "record_id": record_id, "record_path": record_path, "opened_at": now}
    await session.execute(insert(task_grants).values(**row))


async def close(session: AsyncSession, record_id: UUID, now: datetime, *, person_id: UUID | None = None) -> None:
    """Close the record to the person, or to everybody who had a task on it."""
    grants = task_grants.c
    statement = update(task_grants).where(grants.record_id == record_id, grants.closed_at.is_(None))
    if person_id is not None:
        statement = statement.where(grants.person_id == person_id)
    await session.execute(statement.values(closed_at=now))
