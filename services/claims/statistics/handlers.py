"""Count what has changed, and answer what is asked for."""

from __future__ import annotations

from datetime import date, timedelta

from services.claims.claim.rules import sees
from services.claims.statistics import queries, rules, shapes
from services.claims.statistics.queries import Wanted
from services.claims.statistics.rules import Share
from services.claims.statistics.schemas import StatisticsOut
from shared import directory
from shared.actor import machine
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import NotFound
from shared.ticks import Tick

AT_ONCE = 50
"""Months of units counted in one transaction: a fraction of a second where a unit has hundreds of claims a month."""


async def count(database: Database, _limit: int) -> int:
    """One batch of what has changed."""
    async with database.transaction(machine(database.service)) as tx:
        return await queries.count_changed(tx, AT_ONCE)


TICKS = (Tick("statistics", timedelta(seconds=5), count),)


async def statistics(
    tx: Transaction, group_by: str, months: tuple[date | None, date | None], *, unit_code: str | None = None,
    product: str | None = None, line: str | None = None, rank_by: Share | None = None,
) -> StatisticsOut:  # fmt: skip
    """The figures in the caller's scope. A unit outside of it does not exist (404); an unknown key, a wrong month and
    too many groups are refused (422)."""
    keys = rules.read_keys(group_by)
    asked = rules.read_months(*months, legal_day(tx.now))
    path = None if unit_code is None else await _path(tx, unit_code)
    groups = await queries.counted(tx, Wanted(keys, *asked, path, product, line))
    rules.refuse_too_many(len(groups))
    return shapes.statistics(keys, asked, groups, await queries.minimum_cases(tx), rank_by)


async def _path(tx: Transaction, unit_code: str) -> str:
    found = await directory.unit_by_code(tx, unit_code)
    if found is None or not sees(tx.actor, found.path):
        raise NotFound()
    return found.path
