"""Make timeline and figures again from the news that was kept: the command `python -m services.crm.worker rebuild`.

Every piece of news is read by the same code as when it came, without what followed from it then: no visit, no task, no
finding is made or ended a second time. The worker stands still meanwhile, or goes on: news has its effect once either
way. What was placed under a customer who was merged since comes to the one that was kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import delete, select

from services.crm.customer.handlers import heard_of
from services.crm.figure.handlers import TOLD_HERE, fact_here, refresh
from services.crm.figure.tables import KeptNews, ServiceFigure
from services.crm.reference.tables import RecordReference
from services.crm.timeline.handlers import remember
from services.crm.timeline.tables import TimelineEntry, WaitingEntry
from shared.actor import machine
from shared.database import Database, Transaction
from shared.events import Consumer, Received
from shared.unit_moves import former_units

log = structlog.get_logger()

SLICE = 200
"""Pieces of news in one transaction."""
REBUILDING = "rebuilding"


class Rebuilt(NamedTuple):
    """How many pieces of news were read, and of how many records figures were made."""

    news: int
    records: int


def rebuilding(tx: Transaction) -> bool:
    """Whether news is read again: then nothing follows from it but its entry."""
    return bool(tx.remembered.get(REBUILDING))


async def rebuild(database: Database, consumers: Sequence[Consumer]) -> Rebuilt:
    """Empty timeline, ownership and figures, and make them again from all that was kept, in slices."""
    by_subject = {one.subject: one for one in consumers}
    async with _begun(database) as tx:
        for table in (TimelineEntry, WaitingEntry, RecordReference, ServiceFigure):
            await tx.execute(delete(table))
    after, total = 0, 0
    while True:
        async with _begun(database) as tx:
            leads = await _leads(tx)
            kept = select(KeptNews).where(KeptNews.seq > after).order_by(KeptNews.seq).limit(SLICE)
            rows = await tx.scalars(kept)
            for row in rows:
                await _again(tx, row, by_subject, leads)
        if not rows:
            break
        after, total = rows[-1].seq, total + len(rows)
        log.info("rebuilding", news=total)
    return Rebuilt(total, await _figures(database))


def _begun(database: Database) -> Any:
    return database.transaction(machine(database.service))


async def _leads(tx: Transaction) -> Mapping[str, str]:
    """Where the paths of units that moved lead now: what is placed again lies where it would have followed to."""
    gone = former_units.c
    rows = await tx.execute(select(gone.path, gone.leads_to).where(gone.leads_to.is_not(None)))
    tx.remembered[REBUILDING] = True
    return {row.path: row.leads_to for row in rows}


async def _again(tx: Transaction, row: KeptNews, consumers: Mapping[str, Consumer], leads: Mapping[str, str]) -> None:
    path = leads.get(row.path, row.path)
    if row.subject == TOLD_HERE:
        whose = row.data.get("customer_id")
        customer = None if whose is None else await heard_of(tx, UUID(whose), path)
        await remember(tx, fact_here(row.event_id, row.record_id, path, row.at, row.seq, row.data), customer)
    elif (consumer := consumers.get(row.subject)) is not None:
        await consumer.handler(tx, _received(row, consumer, path))


def _received(row: KeptNews, consumer: Consumer, path: str) -> Received[Any]:
    at: datetime = row.at
    return Received(
        id=row.event_id, type=row.subject.rpartition(".")[0], record_id=row.record_id, time=at, org_path=path,
        record_version=row.record_version, data=consumer.view.model_validate(row.data), source=row.source,
    )  # fmt: skip


async def _figures(database: Database) -> int:
    """The figures of every record, in slices of records."""
    after, total = UUID(int=0), 0
    while True:
        async with _begun(database) as tx:
            more = select(KeptNews.group_id).where(KeptNews.group_id > after).distinct()
            groups = await tx.scalars(more.order_by(KeptNews.group_id).limit(SLICE))
            for group_id in groups:
                await refresh(tx, group_id)
        if not groups:
            return total
        after, total = groups[-1], total + len(groups)
