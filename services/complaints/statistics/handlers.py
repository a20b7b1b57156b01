"""Answer what is counted."""

from __future__ import annotations

from dataclasses import replace

from services.complaints.cause.rules import CauseTree
from services.complaints.statistics import queries, rules, shapes
from services.complaints.statistics.queries import Wanted
from services.complaints.statistics.rules import GroupKey
from services.complaints.statistics.schemas import StatisticsOut
from shared import directory
from shared.database import Transaction
from shared.errors import NotFound
from shared.rule_sets import in_force


async def tree_of(tx: Transaction) -> CauseTree:
    """The causes in force."""
    return (await in_force(tx, "causes")).parsed(CauseTree.from_content)


async def statistics(tx: Transaction, wanted: Wanted, unit_code: str | None) -> StatisticsOut:
    """The counts in the caller's scope. A unit outside of it does not exist (404); days in the wrong order and too
    many groups are refused (422)."""
    rules.check_days(wanted.first, wanted.last)
    wanted = replace(wanted, path=await path_of_unit(tx, unit_code))
    tree = await tree_of(tx)
    counted = await queries.counts(tx, wanted, tree)
    rules.refuse_too_many(len(counted))
    at = [n for n, key in enumerate(wanted.keys, 1) if key in (GroupKey.UNIT, GroupKey.BRANCH, GroupKey.CENTRAL)]
    codes = {name[n] for name in counted for n in at} | ({unit_code} if unit_code else set())
    paths = await directory.paths_of(tx, codes)
    minimum = await queries.minimum_for_rank(tx)
    return shapes.statistics(wanted, counted, minimum, await queries.policies(tx, wanted), tree, paths)


async def path_of_unit(tx: Transaction, unit_code: str | None) -> str | None:
    """Where a unit in the caller's scope lies. Raises `NotFound`."""
    if unit_code is None:
        return None
    found = await directory.unit_by_code(tx, unit_code)
    if found is None or not (found.path == tx.actor.scope or found.path.startswith(f"{tx.actor.scope}.")):
        raise NotFound()
    return found.path
