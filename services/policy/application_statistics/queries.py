"""Counting applications in the caller's scope, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from services.policy.application.tables import Application
from services.policy.application_statistics.schemas import GroupOut
from shared.clock import at_midnight
from shared.database import Transaction
from shared.errors import Fault, InvalidParameter, Text

GROUPS: dict[str, Any] = {
    "unit": Application.unit_code, "product": Application.product, "reason_code": Application.reason_code,
}  # fmt: skip
_NAMES = {"unit": "unit_code", "product": "product", "reason_code": "reason_code"}
_DECLINED = ("declined", "rejected")
_ACCEPTED = ("accepted",)
_WITH_TERMS = ("accepted_with_terms", "counter_offered")


def groups(asked: str) -> list[str]:
    """The names of `group_by`. Raises `InvalidParameter`."""
    names = [one for one in asked.split(",") if one]
    if not names or not set(names) <= set(GROUPS):
        words = Text("可按 unit、product、reason_code 分组。", "Group by unit, product, reason_code.")
        raise InvalidParameter(Fault("invalid_parameter", words, parameter="group_by"))
    return list(dict.fromkeys(names))


def _count(*outcomes: str) -> Any:
    return func.count().filter(Application.outcome.in_(outcomes))


async def counted(
    tx: Transaction, names: Sequence[str], first: date | None, last: date | None, kind: str | None
) -> list[GroupOut]:
    """One row for each group, by its names; `first` and `last` are legal days on which it was opened, included."""
    columns = [GROUPS[name].label(_NAMES[name]) for name in names]
    decided = _count(*_DECLINED, *_ACCEPTED, *_WITH_TERMS)
    statement = select(
        *columns, func.count().label("opened"), decided.label("decided"), _count(*_ACCEPTED).label("accepted"),
        _count(*_WITH_TERMS).label("accepted_with_terms"), _count(*_DECLINED).label("declined"),
        _count("expired").label("lapsed"), _count("withdrawn").label("withdrawn"),
    )  # fmt: skip
    if first is not None:
        statement = statement.where(Application.created_at >= at_midnight(first))
    if last is not None:
        statement = statement.where(Application.created_at < at_midnight(last + timedelta(days=1)))
    if kind is not None:
        statement = statement.where(Application.kind == kind)
    rows = (await tx.execute(statement.group_by(*columns).order_by(*columns))).mappings()
    return [GroupOut(**row, decline_rate=_rate(row["declined"], row["decided"])) for row in rows]


def _rate(declined: int, decided: int) -> str | None:
    return None if decided == 0 else f"{Decimal(declined) / Decimal(decided):.4f}"
