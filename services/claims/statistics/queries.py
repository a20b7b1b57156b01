"""Cells counted afresh from the claims, and the sums of them that are asked for.

What has changed since its cell was counted is counted from the claims themselves in the same statement: the answer is
right at every instant, however long nobody has counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from services.claims.statistics.rules import Counted, GroupKey
from services.claims.statistics.tables import StatisticCell
from shared.database import Transaction
from shared.rule_sets import in_force

_COLUMNS = [column.name for column in StatisticCell.__table__.columns]
COUNTS = tuple(name for name in _COLUMNS if name.endswith(("_count", "_days")))
AMOUNTS = tuple(name for name in _COLUMNS if name.endswith("_amount"))
FIGURES = (*COUNTS, *AMOUNTS)

_DAY = "timezone('Asia/Shanghai', {})::date"
_BEGINS = "timezone('Asia/Shanghai', k.month::timestamp)"
_ENDS = "timezone('Asia/Shanghai', (k.month + interval '1 month')::timestamp)"
_CLAIM = "coalesce(c.line, '') = k.line and coalesce(c.product, '') = k.product"


def _own(column: str) -> str:
    """The claims of a cell by one of their own times."""
    return f"c.org_path = k.org_path and c.{column} >= {_BEGINS} and c.{column} < {_ENDS} and {_CLAIM}"


def _late(deadlines: str, start: str) -> str:
    day = _DAY.format(f"c.{start}")
    return (
        f"exists (select from claim_deadline_marks m where m.claim_id = c.id and m.mark = 'breached'"
        f" and m.deadline in ({deadlines}) and m.started_on = {day})"
    )


_OVER = "('closed', 'archived', 'cancelled')"
_MEASURED = f"""
  select k.org_path, k.line, k.product, k.month, {", ".join(FIGURES)}
  from keys k
  cross join lateral (
    select count(*) as reported_count, count(*) filter (where status not in {_OVER}) as open_count,
      count(*) filter (where status = 'cancelled') as cancelled_count,
      coalesce(sum(reserve_amount) filter (where status not in {_OVER}), 0) as reserve_amount
    from claims c where {_own("reported_at")}) reported
  cross join lateral (
    select count(*) as determined_count,
      coalesce(sum({_DAY.format("determined_at")} - {_DAY.format("reported_at")}), 0) as determination_days,
      count(documents_received_at) as timed_decision_count,
      count(documents_received_at) filter (where {_late("'DL-CL-1', 'DL-CL-1a'", "documents_received_at")})
        as late_decision_count
    from claims c where {_own("determined_at")}) determined
  cross join lateral (
    select count(*) as decided_count, count(*) filter (where a.outcome = 'refuse') as refused_count,
      count(*) filter (where a.outcome = 'refuse' and exists (
        select from approval_steps b where b.claim_id = a.claim_id and b.kind = 'decision' and b.side_id is null
          and b.outcome = 'approve' and b.created_at > a.created_at)) as overturned_count
    from approval_steps a join claims c on c.id = a.claim_id
    where a.kind = 'decision' and a.side_id is null and a.outcome in ('approve', 'refuse')
      and a.org_path = k.org_path and a.created_at >= {_BEGINS} and a.created_at < {_ENDS} and {_CLAIM}) decided
  cross join lateral (
    select count(*) as settled_count,
      coalesce(sum({_DAY.format("settled_at")} - {_DAY.format("reported_at")}), 0) as settlement_days,
      count(agreed_at) filter (where outcome in ('paid', 'partial')) as timed_payment_count,
      count(agreed_at) filter (where outcome in ('paid', 'partial') and {_late("'DL-CL-3'", "agreed_at")})
        as late_payment_count
    from claims c where {_own("settled_at")}) settled
  cross join lateral (select count(*) as closed_count from claims c where {_own("closed_at")}) closed
  cross join lateral (
    select count(*) as payment_count, coalesce(sum(p.amount), 0) as paid_amount
    from payments p join claims c on c.id = p.claim_id
    where p.status = 'paid' and p.org_path = k.org_path and p.paid_at >= {_BEGINS} and p.paid_at < {_ENDS}
      and {_CLAIM}) paid"""  # noqa: S608 - names of this module only
_KEY = "org_path, line, product, month"

_TAKEN = text(f"""
  delete from claim_statistic_changes where id in (
    select id from claim_statistic_changes order by created_at, id limit :limit for update skip locked)
  returning {_KEY}""")  # noqa: S608 - names of this module only
_GIVEN = """keys as (select * from unnest(cast(:paths as text[]), cast(:lines as text[]), cast(:products as text[]),
    cast(:months as date[])) as k(org_path, line, product, month))"""
_FORGET = text(f"""
  with {_GIVEN} delete from claim_statistic_cells x using keys k
  where x.org_path = k.org_path and x.month = k.month and x.line = k.line and x.product = k.product""")  # noqa: S608 - names of this module only
_COUNT = text(f"""
  with {_GIVEN}, counted as ({_MEASURED})
  insert into claim_statistic_cells (id, created_at, {_KEY}, {", ".join(FIGURES)})
  select gen_random_uuid(), :now, {_KEY}, {", ".join(FIGURES)} from counted
  where reported_count + determined_count + decided_count + settled_count + closed_count + payment_count > 0""")  # noqa: S608 - names of this module only


async def count_changed(tx: Transaction, limit: int) -> int:
    """Count the cells of up to `limit` changes afresh, the oldest first; how many changes that were.

    A change that commits in between keeps its row, so its cell is counted once more.
    """
    rows = (await tx.execute(_TAKEN, {"limit": limit})).all()
    if not rows:
        return 0
    keys = sorted({tuple(row) for row in rows})
    given = dict(zip(("paths", "lines", "products", "months"), map(list, zip(*keys, strict=True)), strict=True))
    await tx.execute(_FORGET, given)
    await tx.execute(_COUNT, {**given, "now": tx.now})
    return len(rows)


@dataclass(frozen=True)
class Wanted:
    """What is asked for: groups, the first days of the first and last month, and which part of it."""

    keys: Sequence[GroupKey]
    first: date
    last: date
    path: str | None = None
    """Only this unit and what is below it."""
    product: str | None = None
    line: str | None = None


_STEP = "array_to_string((string_to_array(org_path, '.'))[1:{}], '.')"
_EXPRESSION = {
    GroupKey.BRANCH: _STEP.format(2),
    GroupKey.CENTRAL: _STEP.format(3),
    GroupKey.UNIT: "org_path",
    GroupKey.LINE: "line",
    GroupKey.PRODUCT: "product",
    GroupKey.MONTH: "to_char(month, 'YYYY-MM')",
}


async def counted(tx: Transaction, wanted: Wanted) -> list[Counted]:
    """The sums by group in the caller's scope, in the order of their keys; units by their codes."""
    where, given = ["month >= :first", "month <= :last"], {"first": wanted.first, "last": wanted.last}
    if wanted.path is not None:
        where.append("org_path >= :path and org_path < :path || '/'")
        given |= {"path": wanted.path}
    for name in ("product", "line"):
        if (value := getattr(wanted, name)) is not None:
            where.append(f"{name} = :{name}")
            given |= {name: value}
    rows = await tx.execute(text(_statement(wanted.keys, " and ".join(where))), given)
    return [_group(row, wanted.keys) for row in rows.mappings()]


def _statement(keys: Sequence[GroupKey], where: str) -> str:
    names = [f"key_{at}" for at in range(len(keys))]
    shown = ", ".join(f"{_EXPRESSION[key]} as {name}" for key, name in zip(keys, names, strict=True))
    sums = ", ".join(f"sum({name}) as {name}" for name in FIGURES)
    return f"""
      with keys as materialized (select distinct {_KEY} from claim_statistic_changes where {where}),
      counted as (
        select {_KEY}, {", ".join(FIGURES)} from claim_statistic_cells x where {where} and not exists (
          select from keys k where (k.org_path, k.line, k.product, k.month) = (x.org_path, x.line, x.product, x.month))
        union all ({_MEASURED}))
      select {shown}, {sums} from counted
      where reported_count + determined_count + decided_count + settled_count + closed_count + payment_count > 0
      group by {", ".join(names)} order by {", ".join(names)}"""  # noqa: S608 - names of this module only


def _group(row: Any, keys: Sequence[GroupKey]) -> Counted:
    units = (GroupKey.BRANCH, GroupKey.CENTRAL, GroupKey.UNIT)
    told = [str(row[f"key_{at}"]) for at in range(len(keys))]
    shown = tuple(value.rpartition(".")[2] if key in units else value for key, value in zip(keys, told, strict=True))
    return Counted(shown, {name: int(row[name]) for name in COUNTS}, {name: row[name] for name in AMOUNTS})


async def minimum_cases(tx: Transaction) -> int:
    """How many cases a group needs to be ranked, by the rule set in force."""
    return int((await in_force(tx, "statistics")).content["minimum_cases"])
