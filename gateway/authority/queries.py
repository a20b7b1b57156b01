"""Named reads of tables of limits and rule sets. They belong to the head office: read in scope `00`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select

from gateway.authority import rules
from gateway.authority.tables import AuthorityTableRow, RuleSetRow
from gateway.organisation.queries import holds_on
from gateway.organisation.tables import Appointment, Person, UnitRow
from shared.database import Transaction
from shared.errors import Conflict, Text
from shared.pagination import Filter, Listing

STRUCTURES = Path(__file__).parent / "rule_sets" / "structures"
_TABLE, _RULES = AuthorityTableRow, RuleSetRow


@cache
def structures() -> Mapping[str, rules.Schema]:
    """The structure of every kind of rule set, by kind. Raises `ValueError` for one that is not wholly checked."""
    found = {one.stem: json.loads(one.read_text(encoding="utf-8")) for one in sorted(STRUCTURES.glob("*.json"))}
    for schema in found.values():
        rules.refuse_unknown_words(schema)
    return found


def tables(day: date) -> Listing:
    """The list as it is asked on `day`: which version is in force depends on it."""
    begun = _first_day_on(_TABLE.effective_from, _TABLE.published, day)
    standing = {
        "proposed": _TABLE.published.is_(False),
        "published": and_(_TABLE.published, _TABLE.effective_from > day),
        "in_force": and_(_TABLE.published, _TABLE.effective_from == begun),
        "superseded": and_(_TABLE.published, _TABLE.effective_from < begun),
    }
    return Listing(
        model=_TABLE,
        filters={
            "table_version": Filter(_TABLE.table_version),
            "effective_from": Filter(_TABLE.effective_from, date, ranged=True),
            "proposed_by": Filter(_TABLE.proposed_by, UUID),
            "published_by": Filter(_TABLE.published_by, UUID),
        },
        sorts={"effective_from": _TABLE.effective_from, "created_at": _TABLE.created_at},
        default_sort="-effective_from",
        conditions={
            "status": _chosen(standing),
            "on": lambda text: and_(
                _TABLE.published, _TABLE.effective_from
                == _first_day_on(_TABLE.effective_from, _TABLE.published, date.fromisoformat(text)),
            ),
        },
    )  # fmt: skip


def rule_sets(kind: str, day: date) -> Listing:
    """The versions of one kind, as they stand on `day`; nothing is proposed here, a version is published at once."""
    begun = _first_day_on(_RULES.effective_from, _RULES.kind == kind, day)
    standing = {
        "published": _RULES.effective_from > day,
        "in_force": _RULES.effective_from == begun,
        "superseded": _RULES.effective_from < begun,
    }
    return Listing(
        model=_RULES,
        filters={"effective_from": Filter(_RULES.effective_from, date, ranged=True)},
        sorts={"effective_from": _RULES.effective_from},
        default_sort="-effective_from",
        conditions={
            "status": _chosen(standing),
            "on": lambda text: _RULES.effective_from
            == _first_day_on(_RULES.effective_from, _RULES.kind == kind, date.fromisoformat(text)),
        },
    )  # fmt: skip


def _first_day_on(column: Any, condition: Any, day: date) -> Any:
    """The first day of the version in force on `day`."""
    return select(func.max(column)).where(condition, column <= day).correlate(None).scalar_subquery()


def _chosen(standing: Mapping[str, Any]) -> Callable[[str], Any]:
    def condition(text: str) -> Any:
        if text not in standing:
            raise ValueError(text)
        return standing[text]

    return condition


class NoTableInForce(Conflict):
    code = "no_authority_table"
    title = Text("当日没有生效的权限表", "No authority table in force")
    detail = Text("当日没有生效的权限表。", "No authority table is in force on that day.")


async def first_days(tx: Transaction) -> Sequence[date]:
    """The first days of all published tables."""
    return await tx.scalars(select(AuthorityTableRow.effective_from).where(AuthorityTableRow.published))


async def table_in_force(tx: Transaction, day: date) -> AuthorityTableRow:
    """The published table that counts on `day`. Raises `NoTableInForce`."""
    statement = (
        select(AuthorityTableRow)
        .where(AuthorityTableRow.published, AuthorityTableRow.effective_from <= day)
        .order_by(AuthorityTableRow.effective_from.desc())
        .limit(1)
    )
    found = await tx.scalar(statement)
    if found is None:
        raise NoTableInForce()
    return found


async def published_tables(tx: Transaction) -> Sequence[AuthorityTableRow]:
    return await tx.scalars(select(AuthorityTableRow).where(AuthorityTableRow.published))


async def versions_of(tx: Transaction, kind: str) -> Sequence[RuleSetRow]:
    """Every version of a kind, the earliest first; empty for a kind that does not exist."""
    return await tx.scalars(select(RuleSetRow).where(RuleSetRow.kind == kind).order_by(RuleSetRow.effective_from))


async def rule_set_in_force(tx: Transaction, kind: str, day: date) -> RuleSetRow | None:
    """The version of a kind that counts on `day`; None where none was ever published."""
    begun = select(RuleSetRow).where(RuleSetRow.kind == kind, RuleSetRow.effective_from <= day)
    return await tx.scalar(begun.order_by(RuleSetRow.effective_from.desc()).limit(1))


Place = tuple[str, str]


async def units_at(tx: Transaction, places: Iterable[Place]) -> dict[Place, list[str]]:
    """The codes of all open units at each kind of place (level, kind of unit)."""
    found: dict[Place, list[str]] = {place: [] for place in places}
    levels = {level for level, _ in found}
    statement = select(UnitRow.level, UnitRow.kind, UnitRow.code).where(
        UnitRow.level.in_(levels), UnitRow.closed_on.is_(None)
    )
    for level, kind, code in await tx.execute(statement.order_by(UnitRow.code)):
        if (level, kind) in found:
            found[level, kind].append(code)
    return found


async def holders_at(tx: Transaction, positions: Iterable[str], day: date) -> dict[tuple[str, str, str], int]:
    """Level, kind of unit and position → how many persons hold it on `day`."""
    statement = (
        select(UnitRow.level, UnitRow.kind, Appointment.position, func.count(func.distinct(Appointment.person_id)))
        .join(UnitRow, UnitRow.id == Appointment.unit_id)
        .join(Person, Person.id == Appointment.person_id)
        .where(Appointment.position.in_(list(positions)), holds_on(day), Person.active)
        .group_by(UnitRow.level, UnitRow.kind, Appointment.position)
    )
    return {(level, kind, position): count for level, kind, position, count in await tx.execute(statement)}
