"""Keep a piece of news, and make the figures of its record agree with all that is known of it.

A room of crm that is measured states what its record counts for, in the transaction that changed it:

    about = ("enquiry", enquiry.id, enquiry.org_path)
    await record(tx, Metric.ENQUIRY_ON_TIME, about, on=due_on, part=0)   # promised
    await record(tx, Metric.ENQUIRY_ON_TIME, about, on=due_on, part=1)   # kept
    await withdraw(tx, Metric.ENQUIRY_ON_TIME, about, on=due_on)         # taken back

The last statement of a record (and of an `n` of it) holds; a share counts on `on`, the day it is judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from services.crm.customer.tables import Customer
from services.crm.figure import queries
from services.crm.figure.rules import Metric
from services.crm.figure.rules.folding import STATED, Figure
from services.crm.figure.rules.grouping import counts, figures_of, group_of, kind_of
from services.crm.figure.tables import KeptNews, ServiceFigure
from services.crm.timeline.handlers import Fact, remember
from services.crm.timeline.queries import hold
from shared.database import Transaction
from shared.events import Consumer, Received
from shared.ids import uuid7

TOLD_HERE = "crm.timeline.told.v1"
"""What happened in crm itself; never published under this name."""
Place = tuple[str, UUID, str]
"""Kind, id and org path of the record that counts."""


async def record(
    tx: Transaction, metric: Metric, about: Place, *, on: date, part: int | Decimal, whole: int | Decimal = 1,
    n: str = "",
) -> None:  # fmt: skip
    """State what a record of crm adds to a figure on the day `on`: `part` of `whole`. The last statement holds.

    Only the service's own transactions call it: nobody enters a figure by hand.
    """
    kind, record_id, path = about
    data = {
        "metric": str(metric), "n": n, "on": on.isoformat(), "part": str(part), "whole": str(whole), "about_kind": kind,
    }  # fmt: skip
    row = {
        "event_id": uuid7(), "subject": STATED, "group_id": record_id, "record_id": record_id, "record_version": 0,
        "source": "crm", "at": tx.now, "path": path, "data": data,
    }  # fmt: skip
    await hold(tx, record_id)
    await tx.execute(insert(KeptNews).values(**row))
    await refresh(tx, record_id)


async def withdraw(tx: Transaction, metric: Metric, about: Place, *, on: date, n: str = "") -> None:
    """Take back what a record was stated to add: it never counted."""
    await record(tx, metric, about, on=on, part=0, whole=0, n=n)


async def tell_here(tx: Transaction, customer: Customer, kind: str, about: Place, **summary: Any) -> None:
    """Put what happened in crm itself on the customer's timeline (`crm.return_visit.completed`); ids, codes and days
    alone. Kept like the news of others, so that the timeline can be made again.
    """
    about_kind, record_id, path = about
    fact = Fact(
        event_id=uuid7(), kind=kind, occurred_at=tx.now, about_kind=about_kind, about_id=record_id, record_version=0,
        path=path, summary=_plain(summary),
    )  # fmt: skip
    await tell_fact(tx, fact, customer)


async def tell_fact(tx: Transaction, fact: Fact, customer: Customer | None = None) -> None:
    """A fact of crm itself, kept and placed; `customer` where he is known, else he is found through the record."""
    data = {"kind": fact.kind, "about_kind": fact.about_kind, "summary": dict(fact.summary)}
    if customer is not None:
        data["customer_id"] = str(customer.id)
    row = {
        "event_id": fact.event_id, "subject": TOLD_HERE, "group_id": fact.about_id, "record_id": fact.about_id,
        "record_version": 0, "source": "crm", "at": fact.occurred_at, "path": fact.path, "data": data,
    }  # fmt: skip
    seq = await tx.scalar(insert(KeptNews).values(**row).returning(KeptNews.seq))
    placed = fact_here(fact.event_id, fact.about_id, fact.path, fact.occurred_at, int(seq or 0), data)
    await remember(tx, placed, customer)


def fact_here(event_id: UUID, record_id: UUID, path: str, at: datetime, seq: int, data: Mapping[str, Any]) -> Fact:
    """The entry of what crm told itself; in one instant the order of telling is the order of the entries."""
    return Fact(
        event_id=event_id, kind=data["kind"], occurred_at=at, about_kind=data["about_kind"], about_id=record_id,
        record_version=seq % 4096, path=path, summary=data["summary"],
    )  # fmt: skip


def _plain(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, bool | int | list) else str(value)
        for name, value in summary.items()
        if value is not None
    }


async def keep(tx: Transaction, consumer: Consumer, event: Received[Any]) -> None:
    """Keep an event as crm reads it, and the figures that follow. The same event kept twice changes nothing."""
    data = event.data.model_dump(mode="json", by_alias=True, exclude_none=True)
    group_id = group_of(consumer.subject, data, event.record_id)
    row = {
        "event_id": event.id, "subject": consumer.subject, "group_id": group_id, "record_id": event.record_id,
        "record_version": event.record_version, "source": event.source or consumer.subject.partition(".")[0],
        "at": event.time, "path": event.org_path, "data": data,
    }  # fmt: skip
    matters = counts(consumer.subject, data)
    if matters:
        await hold(tx, group_id)
    new = insert(KeptNews).values(**row).on_conflict_do_nothing(index_elements=["event_id"])
    if await tx.scalar(new.returning(KeptNews.event_id)) is not None and matters:
        await refresh(tx, group_id)


async def refresh(tx: Transaction, group_id: UUID) -> None:
    """Make the figures of one record agree with its news; whoever works on the same record waits."""
    known = await queries.news_of(tx, group_id)
    figures = figures_of([one for one, _ in known], await queries.allowed(tx))
    telling = next((one for one, _ in known if counts(one.subject, one.data)), None)
    if telling is None:
        return
    before = tx.scope
    if before != "00":  # the record may have counted where it lay before, outside of the caller's scope
        await tx.use_scope("00")
    await _write(tx, group_id, kind_of(telling.subject, telling.data), figures)
    if before != "00":
        await tx.use_scope(before)


async def _write(tx: Transaction, group_id: UUID, kind: str, figures: Sequence[Figure]) -> None:
    await tx.execute(delete(ServiceFigure).where(ServiceFigure.group_id == group_id))
    rows = [
        {
            "id": uuid5(group_id, f"{one.metric}:{one.n}"), "group_id": group_id, "metric": str(one.metric),
            "n": one.n, "org_path": one.path, "on_day": one.on, "until_day": one.until, "part": one.part,
            "whole": one.whole, "about_kind": kind, "about_id": group_id,
        }
        for one in figures
    ]  # fmt: skip
    if rows:
        await tx.execute(insert(ServiceFigure), rows)
