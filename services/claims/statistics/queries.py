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

_DAY = "timezone('Asia/Shanghai', c.{})::date"
_OVER = "('closed', 'archived', 'cancelled')"
_KEYS = """select org_path, month, timezone('Asia/Shanghai', month::timestamp) as begins,
    timezone('Asia/Shanghai', (month + interval '1 month')::timestamp) as ends"""
"""Units and months to count. The bounds are columns: a function there would keep row security from the index."""


def _late(deadlines: str, start: str) -> str:
    return (
        f"exists (select from claim_deadline_marks m where m.claim_id = c.id and m.mark = 'breached'"
        f" and m.deadline in ({deadlines}) and m.started_on = {_DAY.format(start)})"
    )


def _days(until: str) -> str:
    return f"{_DAY.format(until)} - {_DAY.format('reported_at')}"


def _happened(source: str, at: str, **figures: str) -> str:
    """One row for each thing that happened in a month to be counted, with what it adds to each figure.

    Month by month (`offset 0`): a plan that reads a whole table once for a few months takes as long as for all.
    """
    added = ", ".join(
        f"({figures[name]})::numeric as {name}" if name in figures else f"0 as {name}" for name in FIGURES
    )
    row = at.partition(".")[0]
    named = f"coalesce(c.line, '') as line, coalesce(c.product, '') as product, {added}"
    within = f"{row}.org_path = k.org_path and {at} >= k.begins and {at} < k.ends"
    happened = f"select {named} from {source} where {within} offset 0"  # noqa: S608 - names of this module only
    return f"select k.org_path, k.month, one.* from keys k cross join lateral ({happened}) one"  # noqa: S608


_CLAIMS = "claims c"
_PAID_OUT = "c.outcome in ('paid', 'partial') and c.agreed_at is not null"
_TIMED = "c.documents_received_at is not null"
_LATE_DECISION = _late("'DL-CL-1', 'DL-CL-1a'", "documents_received_at")
_LATE_PAYMENT = _late("'DL-CL-3'", "agreed_at")
_OVERTURNED = """a.outcome = 'refuse' and exists (select from approval_steps b where b.claim_id = a.claim_id
    and b.kind = 'decision' and b.side_id is null and b.outcome = 'approve' and b.created_at > a.created_at)"""
_DECISIONS = """approval_steps a join claims c on c.id = a.claim_id and a.kind = 'decision' and a.side_id is null
    and a.outcome in ('approve', 'refuse')"""
_PAYMENTS = "payments p join claims c on c.id = p.claim_id and p.status = 'paid'"
_EVENTS = " union all ".join(
    (
        _happened(
            _CLAIMS, "c.reported_at", reported_count="1", open_count=f"(c.status not in {_OVER})::int",
            cancelled_count="(c.status = 'cancelled')::int",
            reserve_amount=f"case when c.status in {_OVER} then 0 else coalesce(c.reserve_amount, 0) end",
        ),
        _happened(
            _CLAIMS, "c.determined_at", determined_count="1", determination_days=_days("determined_at"),
            timed_decision_count=f"({_TIMED})::int", late_decision_count=f"({_TIMED} and {_LATE_DECISION})::int",
        ),
        _happened(
            _DECISIONS, "a.created_at", decided_count="1", refused_count="(a.outcome = 'refuse')::int",
            overturned_count=f"({_OVERTURNED})::int",
        ),
        _happened(
            _CLAIMS, "c.settled_at", settled_count="1", settlement_days=_days("settled_at"),
            timed_payment_count=f"({_PAID_OUT})::int", late_payment_count=f"({_PAID_OUT} and {_LATE_PAYMENT})::int",
        ),
        _happened(_CLAIMS, "c.closed_at", closed_count="1"),
        _happened(_PAYMENTS, "p.paid_at", payment_count="1", paid_amount="p.amount"),
    )
)  # fmt: skip
_KEY = "org_path, line, product, month"
_SUMS = ", ".join(f"sum({name}) as {name}" for name in FIGURES)
_MEASURED = f"select {_KEY}, {_SUMS} from ({_EVENTS}) happened group by {_KEY}"  # noqa: S608 - names of this module only

_TAKEN = text("""
  with oldest as (select org_path, month from claim_statistic_changes
    group by org_path, month order by min(created_at), org_path, month limit :limit)
  delete from claim_statistic_changes x using oldest o where x.org_path = o.org_path and x.month = o.month
  returning x.org_path, x.month""")
_GIVEN = f"""keys as materialized ({_KEYS}
    from unnest(cast(:paths as text[]), cast(:months as date[])) as given(org_path, month))"""
_FORGET = text(f"""
  with {_GIVEN} delete from claim_statistic_cells x using keys k
  where x.org_path = k.org_path and x.month = k.month""")  # noqa: S608 - names of this module only
_COUNT = text(f"""
  with {_GIVEN}, counted as ({_MEASURED})
  insert into claim_statistic_cells (id, created_at, {_KEY}, {", ".join(FIGURES)})
  select gen_random_uuid(), :now, {_KEY}, {", ".join(FIGURES)} from counted""")  # noqa: S608 - names of this module only


async def count_changed(tx: Transaction, limit: int) -> int:
    """Count up to `limit` changed months of units afresh, the oldest change first; how many changes that were.

    A change that commits in between keeps its row, so its month is counted once more.
    """
    rows = (await tx.execute(_TAKEN, {"limit": limit})).all()
    if not rows:
        return 0
    keys = sorted({tuple(row) for row in rows})
    given = {"paths": [path for path, _ in keys], "months": [month for _, month in keys]}
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
    part = []
    for name in ("product", "line"):
        if (value := getattr(wanted, name)) is not None:
            part.append(f"{name} = :{name}")
            given |= {name: value}
    rows = await tx.execute(text(_statement(wanted.keys, " and ".join(where), " and ".join(part) or "true")), given)
    return [_group(row, wanted.keys) for row in rows.mappings()]


def _statement(keys: Sequence[GroupKey], where: str, part: str) -> str:
    names = [f"key_{at}" for at in range(len(keys))]
    shown = ", ".join(f"{_EXPRESSION[key]} as {name}" for key, name in zip(keys, names, strict=True))
    return f"""
      with keys as materialized ({_KEYS} from (
        select distinct org_path, month from claim_statistic_changes where {where}) changed),
      counted as (
        select {_KEY}, {", ".join(FIGURES)} from claim_statistic_cells x
        where {where} and not exists (select from keys k where k.org_path = x.org_path and k.month = x.month)
        union all ({_MEASURED}))
      select {shown}, {_SUMS} from counted where {part}
      group by {", ".join(names)} order by {", ".join(names)}"""  # noqa: S608 - names of this module only


def _group(row: Any, keys: Sequence[GroupKey]) -> Counted:
    units = (GroupKey.BRANCH, GroupKey.CENTRAL, GroupKey.UNIT)
    told = [str(row[f"key_{at}"]) for at in range(len(keys))]
    shown = tuple(value.rpartition(".")[2] if key in units else value for key, value in zip(keys, told, strict=True))
    return Counted(shown, {name: int(row[name]) for name in COUNTS}, {name: row[name] for name in AMOUNTS})


async def minimum_cases(tx: Transaction) -> int:
    """How many cases a group needs to be ranked, by the rule set in force."""
    return int((await in_force(tx, "claim_statistics")).content["minimum_cases"])
