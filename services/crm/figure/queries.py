"""The news of one record, and what is allowed by the rules of a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.crm.figure.rules.folding import Allowed, News
from services.crm.figure.tables import KeptNews
from shared.database import Transaction
from shared.rule_sets import rule_sets

RULES = "service_kpis"


async def news_of(tx: Transaction, group_id: UUID) -> Sequence[tuple[News, UUID]]:
    """What came about a record, with the record each piece is about."""
    kept = KeptNews.__table__.c
    rows = await tx.execute(select(*kept).where(kept.group_id == group_id))
    return [
        (News(row.event_id, row.subject, row.record_version, row.at, row.path, row.data, row.seq), row.record_id)
        for row in rows
    ]


async def allowed(tx: Transaction) -> Allowed:
    """The days allowed for deliveries and notices, by every version of the rules."""
    if "service_kpis" not in tx.remembered:
        sets = rule_sets.c
        found = select(sets.effective_from, sets.version, sets.content).where(sets.name == RULES)
        rows = (await tx.execute(found.order_by(sets.effective_from, sets.version))).all()
        tx.remembered["service_kpis"] = [(row.effective_from, row.content) for row in rows]
    versions: list[tuple[date, dict[str, Any]]] = tx.remembered["service_kpis"]

    def of(name: str, on: date) -> int | None:
        held = [content for since, content in versions if since <= on]
        return int(held[-1][name]) if held else None

    return Allowed(lambda on: of("delivery_within_days", on), lambda on: of("notice_within_days", on))
