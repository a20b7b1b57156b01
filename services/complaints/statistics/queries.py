"""Counts of complaints from what is kept of each: every complaint in scope, whatever became of it.

A complaint has one narrow row of figures, written by the transaction that changed it; so a count is right at every
instant and reads no complaint. Whoever is kept out of a complaint gets figures without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from services.complaints.cause.rules import CauseTree
from services.complaints.statistics.rules import NOT_STATED, GroupKey, Period, bucket, folded
from shared.database import Transaction
from shared.rule_sets import in_force

_DAY = {
    Period.DAY: "received_on",
    Period.WEEK: "received_on - (extract(isodow from received_on)::int - 1)",
    Period.MONTH: "received_month",
}
_COLUMN = {
    GroupKey.BRANCH: "branch",
    GroupKey.CENTRAL: "central",
    GroupKey.UNIT: "unit",
    GroupKey.CAUSE: "cause",
    GroupKey.CHANNEL: "channel",
    GroupKey.PRODUCT: "product",
    GroupKey.OUTCOME: "outcome",
    # the stage of the service is read from the tree of causes, afterwards
    GroupKey.STAGE: "cause",
    GroupKey.SALESPERSON: "seller_id",
    GroupKey.TIMELINESS: "timeliness",
}
_KEPT_OUT = "select complaint_id from complaint_exclusions where person_id = any(cast(:persons as uuid[]))"


@dataclass(frozen=True)
class Wanted:
    """Groups and periods, of the complaints received in [first, last], both inclusive, at or below a unit."""

    keys: Sequence[GroupKey]
    period: Period
    first: date | None = None
    last: date | None = None
    path: str | None = None


async def counts(tx: Transaction, wanted: Wanted, tree: CauseTree) -> dict[tuple[str, ...], int]:
    """Counts by period and keys in the caller's scope."""
    # the common case: nothing is hidden from this person, and the figures are read alone
    persons = [str(one) for one in (tx.actor.person_id, tx.actor.on_behalf_of) if one]
    hidden = await tx.scalar(text(f"select exists ({_KEPT_OUT})"), {"persons": persons})
    where, given = _where(wanted)
    if hidden:
        where.append(f"complaint_id not in ({_KEPT_OUT})")
        given["persons"] = persons
    rows = (await tx.execute(text(_statement(wanted, " and ".join(where) or "true")), given)).all()
    words = await _words(tx, {value for row in rows for value in row[1:-1] if isinstance(value, int)})
    stages = {code: node.stage for code, node in tree.nodes.items()}
    named = [((bucket(row[0], wanted.period), *(_named(one, words) for one in row[1:-1])), row[-1]) for row in rows]
    return folded(named, wanted.keys, stages)


async def _words(tx: Transaction, ids: set[int]) -> dict[int, str]:
    found = await tx.execute(text("select id, word from complaint_words where id = any(:ids)"), {"ids": sorted(ids)})
    return {row.id: row.word for row in found}


def _where(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    where, given = [], {}
    for name, value, condition in (
        ("first", wanted.first, "received_on >= :first"),
        ("last", wanted.last, "received_on <= :last"),
        ("path", wanted.path, "org_path >= :path and org_path < :path || '/'"),
    ):
        if value is not None:
            where.append(condition)
            given[name] = value
    return where, given


def _statement(wanted: Wanted, where: str) -> str:
    chosen = ", ".join([_DAY[wanted.period], *(_COLUMN[key] for key in wanted.keys)])
    groups = ", ".join(str(n + 1) for n in range(len(wanted.keys) + 1))
    return f"select {chosen}, count(*) from complaint_figures where {where} group by {groups}"  # noqa: S608


def _named(value: Any, words: Mapping[int, str]) -> str:
    return NOT_STATED if value is None else words[value] if isinstance(value, int) else str(value)


async def policies(tx: Transaction, wanted: Wanted) -> dict[tuple[str, ...], int] | None:
    """Policies known in the caller's scope by the same keys, without those that ended before the first day; None where
    a policy has no such key.
    """
    if any(key not in (GroupKey.UNIT, GroupKey.BRANCH, GroupKey.CENTRAL, GroupKey.PRODUCT) for key in wanted.keys):
        return None
    here = wanted.path or tx.scope
    rows = await tx.execute(_POLICIES, {"here": here, "first": wanted.first or date.min})
    found: dict[tuple[str, ...], int] = {}
    for row in rows:
        steps = row.path.split(".")
        values = {
            GroupKey.UNIT: row.unit_code, GroupKey.PRODUCT: row.product, GroupKey.BRANCH: steps[:2][-1],
            GroupKey.CENTRAL: steps[:3][-1],
        }  # fmt: skip
        name = tuple(values[key] for key in wanted.keys)
        found[name] = found.get(name, 0) + int(row.policies)
    return found


_POLICIES = text("""
  with every as (select unit_code, product, count(*) as policies from policy_references group by unit_code, product),
  ended as (
    select p.unit_code, p.product, count(*) as policies from ended_policies e join policy_references p using (policy_id)
    where e.ended_on < :first group by p.unit_code, p.product),
  counted as (
    select unit_code, product, every.policies - coalesce(ended.policies, 0) as policies
    from every left join ended using (unit_code, product))
  select u.path, u.code as unit_code, c.product, c.policies
  from counted c join directory_units u on u.code = c.unit_code
  where u.path >= :here and u.path < :here || '/'""")


async def minimum_for_rank(tx: Transaction) -> int:
    """How many complaints a group needs to be ranked, by the rule set in force."""
    return int((await in_force(tx, "complaint_statistics")).content["minimum_for_rank"])
