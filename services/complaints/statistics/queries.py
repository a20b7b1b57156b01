"""Counts of complaints, made by the database: every complaint in scope, whatever became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, Text, case, cast, func, literal_column, null, or_, select

from services.complaints.cause.rules import CauseTree
from services.complaints.complaint.rules import ComplaintStatus
from services.complaints.complaint.tables import Complaint, PolicyReference
from services.complaints.statistics.rules import NOT_STATED, GroupKey, Period, bucket, folded
from shared.clock import at_midnight
from shared.database import Transaction, path_range
from shared.directory import directory_units

_ENDED_EARLY = {ComplaintStatus.MERGED: "merged", ComplaintStatus.WITHDRAWN: "withdrawn"}


def _columns() -> dict[GroupKey, Any]:
    early = [(Complaint.status == str(status), name) for status, name in _ENDED_EARLY.items()]
    running = Complaint.notified_at.is_(None) & ~(Complaint.lead & Complaint.decided_at.is_not(None))
    return {
        GroupKey.UNIT: Complaint.unit_code,
        GroupKey.CAUSE: Complaint.cause,
        GroupKey.CHANNEL: Complaint.channel,
        GroupKey.PRODUCT: Complaint.product,
        GroupKey.OUTCOME: case(*early, else_=Complaint.outcome),
        # The stage of the service is read from the tree of causes, afterwards.
        GroupKey.STAGE: Complaint.cause,
        GroupKey.SALESPERSON: cast(Complaint.seller_id, Text),
        GroupKey.TIMELINESS: case(
            (or_(Complaint.breached_at.is_not(None), Complaint.notified_at >= Complaint.due_at), "late"),
            (running & Complaint.status.not_in([str(one) for one in _ENDED_EARLY]), "running"),
            else_="in_time",
        ),
    }  # fmt: skip


async def counts(
    tx: Transaction, keys: Sequence[GroupKey], period: Period, first: date | None, last: date | None, tree: CauseTree
) -> dict[tuple[str, ...], int]:
    """Counts by period and keys of the complaints received in [first, last], both inclusive."""
    columns = _columns()
    day = cast(func.timezone("Asia/Shanghai", Complaint.received_at), Date).label("day")
    chosen = [func.coalesce(columns[key], NOT_STATED).label(f"k{n}") for n, key in enumerate(keys)]
    statement = select(day, *chosen, func.count())
    if first is not None:
        statement = statement.where(Complaint.received_at >= at_midnight(first))
    if last is not None:
        statement = statement.where(Complaint.received_at < at_midnight(last + timedelta(days=1)))
    names = [literal_column(str(n + 1)) for n in range(len(keys) + 1)]
    rows = await tx.execute(statement.group_by(*names))
    stages = {code: node.stage for code, node in tree.nodes.items()}
    named = [((bucket(row[0], period), *row[1:-1]), int(row[-1])) for row in rows]
    return folded(named, keys, stages)


_OF_POLICIES: Mapping[GroupKey, Any] = {
    GroupKey.UNIT: PolicyReference.unit_code,
    GroupKey.PRODUCT: PolicyReference.product,
}


async def policies(tx: Transaction, keys: Sequence[GroupKey]) -> dict[tuple[str, ...], int] | None:
    """Policies known in the caller's scope by the same keys; None where a policy has no such key."""
    if any(key not in _OF_POLICIES for key in keys):
        return None
    chosen = [_OF_POLICIES[key] for key in keys] or [null()]
    here = path_range(directory_units.c.path, tx.scope)
    joined = select(*chosen, func.count()).join(directory_units, directory_units.c.code == PolicyReference.unit_code)
    rows = await tx.execute(joined.where(here).group_by(*(_OF_POLICIES[key] for key in keys)))
    return {tuple(row[:-1]) if keys else (): int(row[-1]) for row in rows}
