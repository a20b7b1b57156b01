"""Named reads of tables of limits and rule sets. They belong to the head office: read in scope `00`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from gateway.authority.tables import AuthorityTableRow, RuleSetRow
from shared.database import Transaction
from shared.errors import Conflict, Text
from shared.pagination import Filter, Listing

AUTHORITY_TABLES = Listing(
    model=AuthorityTableRow,
    filters={
        "table_version": Filter(AuthorityTableRow.table_version),
        "effective_from": Filter(AuthorityTableRow.effective_from, date, ranged=True),
    },
    sorts={"effective_from": AuthorityTableRow.effective_from},
    default_sort="-effective_from",
)
RULE_SETS = Listing(
    model=RuleSetRow,
    filters={"effective_from": Filter(RuleSetRow.effective_from, date, ranged=True)},
    sorts={"effective_from": RuleSetRow.effective_from},
    default_sort="-effective_from",
)


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
