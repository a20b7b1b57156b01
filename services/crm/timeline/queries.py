"""Whose record it is, what crm knows of it, and the entries of one customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from services.crm.reference.tables import ClaimReference, PolicyReference, RecordReference
from services.crm.timeline.tables import TimelineEntry
from shared.database import Transaction
from shared.pagination import Filter, Listing

_LOCK = text("select pg_advisory_xact_lock(hashtextextended('crm.reference.' || cast(:record_id as text), 0))")

DEEPEST = 5
"""A case lies below a complaint, that below a claim, that below a policy."""

ENTRIES = Listing(
    model=TimelineEntry,
    filters={
        "kind": Filter(TimelineEntry.kind),
        "about_kind": Filter(TimelineEntry.about_kind),
        "about_id": Filter(TimelineEntry.about_id, UUID),
        "occurred_at": Filter(TimelineEntry.occurred_at, datetime, ranged=True),
    },
    sorts={"occurred_at": TimelineEntry.occurred_at},
    default_sort="-occurred_at",
)


async def hold(tx: Transaction, record_id: UUID) -> None:
    """Wait until nobody else is learning whose record this is, and keep others waiting until the commit.

    Always from a record upwards to its parents, so that two never wait for each other.
    """
    await tx.execute(_LOCK, {"record_id": str(record_id)})


async def reference(tx: Transaction, record_id: UUID) -> RecordReference | None:
    return await tx.scalar(
        select(RecordReference).where(RecordReference.record_id == record_id).execution_options(populate_existing=True)
    )


async def customer_of(tx: Transaction, record_id: UUID) -> UUID | None:
    """Whose record it is, by itself or by the records above it; every one of them is held."""
    for _ in range(DEEPEST):
        await hold(tx, record_id)
        found = await reference(tx, record_id)
        if found is None or found.customer_id is not None:
            return None if found is None else found.customer_id
        if found.parent_id is None:
            return None
        record_id = found.parent_id
    return None


async def owner_of(tx: Transaction, record_id: UUID) -> tuple[UUID | None, str | None]:
    """The customer as it stands at the record itself, and where the record lies; nothing is held."""
    found = await reference(tx, record_id)
    return (None, None) if found is None else (found.customer_id, found.path)


async def below(tx: Transaction, record_id: UUID) -> list[UUID]:
    """The records below this one, as far as they are known, nearest first."""
    found: list[UUID] = []
    step = [record_id]
    for _ in range(DEEPEST):
        statement = select(RecordReference.record_id).where(RecordReference.parent_id.in_(step))
        step = [one for one in await tx.scalars(statement) if one not in found]
        if not step:
            break
        found += step
    return found


async def numbers_of(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Numbers of claims and policies, as far as they have come in."""
    if not ids:
        return {}
    claims = select(ClaimReference.claim_id, ClaimReference.claim_no).where(ClaimReference.claim_id.in_(ids))
    policies = select(PolicyReference.policy_id, PolicyReference.policy_no).where(PolicyReference.policy_id.in_(ids))
    rows = [*await tx.execute(claims), *await tx.execute(policies)]
    return {record_id: number for record_id, number in rows if number is not None}


async def claims_among(tx: Transaction, ids: Sequence[UUID]) -> Mapping[UUID, ClaimReference]:
    """The claims among these records."""
    found = await tx.scalars(select(ClaimReference).where(ClaimReference.claim_id.in_(ids))) if ids else ()
    return {one.claim_id: one for one in found}


def entries_of(customer_id: UUID) -> Any:
    """The statement of one customer's entries."""
    return select(TimelineEntry).where(TimelineEntry.customer_id == customer_id)
