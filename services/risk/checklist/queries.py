"""Which checklists somebody sees, and which one a visit asks by.

A list lies at the unit that published it and holds for everybody below: so it is read from above, unlike a record.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from services.risk.checklist.rules import GENERAL
from services.risk.checklist.tables import Checklist
from shared.actor import Actor
from shared.database import Transaction, path_range
from shared.errors import NotFound
from shared.pagination import Filter, Listing

CHECKLISTS = Listing(
    model=Checklist,
    filters={
        "industry": Filter(Checklist.industry),
        "list_version": Filter(Checklist.list_version),
        "effective_from": Filter(Checklist.effective_from, date, ranged=True),
    },
    sorts={"effective_from": Checklist.effective_from},
    default_sort="-effective_from",
)


def _line(path: str) -> list[str]:
    """The path and those of all units above it."""
    steps = path.split(".")
    return [".".join(steps[: n + 1]) for n in range(len(steps))]


def seen_by(actor: Actor) -> Select[Any]:
    """Lists of the caller's unit, of those below it and of those above; run in the scope `00`."""
    mine = or_(Checklist.org_path.in_(_line(actor.scope)), path_range(Checklist.org_path, actor.scope))
    return select(Checklist).where(mine)


async def find(tx: Transaction, checklist_id: UUID) -> Checklist:
    """One list that the caller sees. Raises `NotFound`."""
    await tx.use_scope("00")
    found = await tx.scalar(seen_by(tx.actor).where(Checklist.id == checklist_id))
    if found is None:
        raise NotFound()
    return found


async def by_id(tx: Transaction, ids: Iterable[UUID | None]) -> dict[UUID, Checklist]:
    """The lists that visits were made by, wherever they were published."""
    scope = tx.scope
    await tx.use_scope("00")
    found = await tx.scalars(select(Checklist).where(Checklist.id.in_({one for one in ids if one is not None})))
    await tx.use_scope(scope)
    return {one.id: one for one in found}


async def in_force(tx: Transaction, path: str, industry: str, day: date) -> Checklist | None:
    """The list that a visit there asks by on that day: of its industry before the general one, of the nearest unit."""
    scope = tx.scope
    await tx.use_scope("00")
    statement = select(Checklist).where(
        Checklist.org_path.in_(_line(path)),
        Checklist.industry.in_((industry, GENERAL)),
        Checklist.effective_from <= day,
    )
    found = await tx.scalars(statement)
    await tx.use_scope(scope)
    return max(found, key=lambda one: (one.industry == industry, len(one.org_path), one.effective_from), default=None)


async def newest(tx: Transaction, path: str, industry: str) -> Checklist | None:
    """The list of this very unit that holds last."""
    statement = select(Checklist).where(Checklist.org_path == path, Checklist.industry == industry)
    return await tx.scalar(statement.order_by(Checklist.effective_from.desc()).limit(1))


async def of_version(tx: Transaction, path: str, industry: str, version: str) -> Checklist | None:
    return await tx.scalar(
        select(Checklist).where(
            Checklist.org_path == path, Checklist.industry == industry, Checklist.list_version == version
        )
    )
