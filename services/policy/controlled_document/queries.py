"""Documents, their custodians and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from services.policy.controlled_document.rules import Range
from services.policy.controlled_document.tables import ControlledDocument, Custodian, DocumentCount, DocumentMovement
from shared.clock import legal_day
from shared.database import Transaction
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force
from shared.ticks import unclaimed

DOCUMENTS = Listing(
    model=ControlledDocument,
    filters={
        "kind": Filter(ControlledDocument.kind),
        "prefix": Filter(ControlledDocument.prefix),
        "serial": Filter(ControlledDocument.serial),
        "status": Filter(ControlledDocument.status),
        "used_for": Filter(ControlledDocument.used_for),
        "holder_person_id": Filter(ControlledDocument.holder_person_id, UUID),
        "number": Filter(ControlledDocument.number, int, ranged=True),
    },
    search=(ControlledDocument.serial, ControlledDocument.used_for),
    sorts={"number": ControlledDocument.number, "serial": ControlledDocument.serial},
)
CUSTODIANS = Listing(
    model=Custodian,
    filters={"person_id": Filter(Custodian.person_id, UUID), "from_on": Filter(Custodian.from_on, date, ranged=True)},
)


async def longest_range(tx: Transaction) -> int:
    """How many documents one request may take."""
    return int((await in_force(tx, "policy_servicing")).content["controlled_documents"]["maximum_range"])


async def in_office(tx: Transaction, unit_code: str, on: date) -> Custodian | None:
    """The custodian of a unit on a day."""
    row = Custodian
    statement = select(row).where(
        row.unit_code == unit_code, row.from_on <= on, or_(row.to_on.is_(None), row.to_on >= on)
    )
    return await tx.scalar(statement.order_by(row.from_on.desc()).limit(1))


async def open_term(tx: Transaction, unit_code: str) -> Custodian | None:
    """The custodian whose term has no end yet, locked."""
    row = Custodian
    return await tx.scalar(select(row).where(row.unit_code == unit_code, row.to_on.is_(None)).with_for_update())


async def highest(tx: Transaction, kind: str, prefix: str) -> int | None:
    """The highest number of a series anywhere in the company: a series belongs to nobody alone."""
    row, scope = ControlledDocument, tx.scope
    await tx.use_scope("00")
    found = await tx.scalar(select(func.max(row.number)).where(row.kind == kind, row.prefix == prefix))
    await tx.use_scope(scope)
    return found


async def of_range(tx: Transaction, given: Range) -> Sequence[ControlledDocument]:
    """The registered documents of a range in the caller's scope, locked in order."""
    row = ControlledDocument
    statement = select(row).where(
        row.kind == given.kind, row.prefix == given.prefix, row.number.between(given.first, given.last)
    )
    return await tx.scalars(statement.order_by(row.number).with_for_update())


async def lowest_held(tx: Transaction, given: Range, unit_code: str) -> int | None:
    """The lowest number of a series that a unit has handed out and not used."""
    row = ControlledDocument
    return await tx.scalar(
        select(func.min(row.number)).where(
            row.kind == given.kind, row.prefix == given.prefix, row.unit_code == unit_code, row.status == "held"
        )
    )


async def stock(tx: Transaction, unit_code: str) -> list[tuple[str, str, str]]:
    """(kind, prefix, status) of everything that lies in a unit."""
    row = ControlledDocument
    statement = select(row.kind, row.prefix, row.status).where(
        row.unit_code == unit_code, row.status.in_(("in_stock", "held"))
    )
    return [(kind, prefix, status) for kind, prefix, status in await tx.execute(statement)]


async def to_reconcile(tx: Transaction, unit_code: str) -> Sequence[ControlledDocument]:
    """What a count settles: documents that were used, voided or lost, by series and number."""
    row = ControlledDocument
    statement = select(row).where(row.unit_code == unit_code, row.status.in_(("used", "voided", "lost")))
    return await tx.scalars(statement.order_by(row.kind, row.prefix, row.number).with_for_update())


async def movements_of(tx: Transaction, document: ControlledDocument) -> Sequence[DocumentMovement]:
    """Every movement of a document that was found for the caller, also of before it came to his unit."""
    row, scope = DocumentMovement, tx.scope
    statement = select(row).where(
        row.kind == document.kind, row.prefix == document.prefix, row.first_number <= document.number,
        row.last_number >= document.number,
    )  # fmt: skip
    await tx.use_scope("00")
    found = await tx.scalars(statement.order_by(row.created_at, row.id))
    await tx.use_scope(scope)
    return found


async def count_of(tx: Transaction, unit_code: str, month: str) -> DocumentCount | None:
    row = DocumentCount
    return await tx.scalar(select(row).where(row.unit_code == unit_code, row.month == month))


def last_month(today: date) -> tuple[str, date]:
    """The month before that of a day, and its last day."""
    last = today.replace(day=1) - timedelta(days=1)
    return f"{last:%Y-%m}", last


async def uncounted(tx: Transaction, limit: int) -> Sequence[tuple[UUID, date]]:
    """Custodians whose unit has not counted the month that is over, once each."""
    month, last = last_month(legal_day(tx.now))
    row, count = Custodian, DocumentCount
    counted = select(count.id).where(count.unit_code == row.unit_code, count.month == month).exists()
    keeps: Any = select(ControlledDocument.id).where(ControlledDocument.unit_code == row.unit_code).exists()
    due = select(row.id).where(
        row.to_on.is_(None), row.from_on <= last, ~counted, keeps, unclaimed("document_count", row.id, last)
    )
    found = await tx.scalars(due.order_by(row.id).limit(limit))
    return [(one, last) for one in found]
