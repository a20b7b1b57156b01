"""The reported visits of a site, each beside the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.risk.checklist import queries as checklists
from services.risk.checklist.tables import Checklist
from services.risk.comparison import rules
from services.risk.comparison.schemas import ComparedVisit, ComparisonOut
from services.risk.exposure.tables import Site
from services.risk.inspection.tables import Hazard, Inspection
from shared.clock import legal_day
from shared.database import Transaction

NEWEST = 40


async def comparison(tx: Transaction, site: Site) -> ComparisonOut:
    """The newest 40 reports on a site, the earliest first."""
    made = select(Inspection).where(Inspection.site_id == site.id, Inspection.reported_at.is_not(None))
    rows = (await tx.scalars(made.order_by(Inspection.inspected_at.desc(), Inspection.id.desc()).limit(NEWEST)))[::-1]
    hazards: dict[UUID, list[Hazard]] = {}
    for one in await tx.scalars(select(Hazard).where(Hazard.inspection_id.in_([row.id for row in rows]))):
        hazards.setdefault(one.inspection_id, []).append(one)
    lists = await checklists.by_id(tx, [row.checklist_id for row in rows])
    visits = [
        _visit(row, before, hazards.get(row.id, []), lists)
        for row, before in zip(rows, [None, *rows][: len(rows)], strict=True)
    ]
    return ComparisonOut(site_id=site.id, visits=visits)


def _visit(
    row: Inspection, before: Inspection | None, hazards: Sequence[Hazard], lists: Mapping[UUID, Checklist]
) -> ComparedVisit:
    same = before is not None and before.checklist_id == row.checklist_id
    held = {} if before is None else _points(before.scores)
    asked = lists.get(row.checklist_id or UUID(int=0))
    changes = rules.changes_of(_points(row.scores), held, same_list=same)
    return ComparedVisit(
        inspection_id=row.id, inspection_no=row.inspection_no, kind=row.kind, risk_level=row.risk_level,
        inspected_on=legal_day(row.inspected_at or row.created_at),
        checklist=None if asked is None else f"{asked.industry} {asked.list_version}",
        score=_text(row.score), scores=row.scores, changes={name: f"{value:.1f}" for name, value in changes.items()},
        change=_text(rules.change_of(row.score, None if before is None else before.score, same_list=same)),
        hazards=dict(Counter(one.hazard_class for one in hazards)),
        open_hazards=sum(1 for one in hazards if one.status != "closed"),
        probable_maximum_loss=max((one.probable_maximum_loss for one in hazards), default=None),
    )  # fmt: skip


def _points(scores: Mapping[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in scores.items()}


def _text(points: Decimal | None) -> str | None:
    return None if points is None else f"{points:.1f}"
