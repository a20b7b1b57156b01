"""Statistics of complaints over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from services.complaints.cause.rules import CauseTree
from services.complaints.statistics import queries, rules
from shared.database import Transaction
from shared.routing import Reads, Room, shown
from shared.rule_sets import in_force

room = Room(tags=["complaints"])


class CountOut(BaseModel):
    """`rank` within the period, absent for small numbers; `per_10_000_policies` where a policy has the same keys."""

    period: str
    group: dict[str, str]
    count: int
    rank: int | None = None
    per_10_000_policies: str | None = None


class StatisticsOut(BaseModel):
    """Withdrawn and merged complaints are counted; the counts add up to `total`."""

    items: list[CountOut]
    total: int
    minimum_for_rank: int


def shape(
    keys: Sequence[rules.GroupKey], counts: Mapping[tuple[str, ...], int], minimum: int,
    policies: Mapping[tuple[str, ...], int] | None,
) -> StatisticsOut:  # fmt: skip
    """The counts with the names of their keys."""
    ranks = rules.ranks(counts, minimum)
    items = []
    for name, count in counts.items():
        values = name[1:]
        rate = None if policies is None else rules.per_10_000(count, policies.get(values))
        items.append(
            CountOut(
                period=name[0], group=dict(zip(map(str, keys), values, strict=True)), count=count,
                rank=ranks.get(name), per_10_000_policies=None if rate is None else f"{rate:.2f}",
            )
        )  # fmt: skip
    return StatisticsOut(items=items, total=sum(counts.values()), minimum_for_rank=minimum)


async def _statistics(
    tx: Transaction, keys: list[rules.GroupKey], period: rules.Period, first: date | None, last: date | None
) -> StatisticsOut:
    tree = (await in_force(tx, "causes")).parsed(CauseTree.from_content)
    minimum = (await in_force(tx, "complaint_statistics")).content["minimum_for_rank"]
    counts = await queries.counts(tx, keys, period, first, last, tree)
    return shape(keys, counts, minimum, await queries.policies(tx, keys))


@room.reads("/v1/complaints/statistics", StatisticsOut, may="complaints.statistics.read")
async def read_statistics(
    call: Reads,
    group_by: str = "unit",
    period: rules.Period = rules.Period.MONTH,
    from_on: Annotated[date | None, Query(alias="from")] = None,
    to_on: Annotated[date | None, Query(alias="to")] = None,
) -> Response:
    """Counts in scope by unit, cause, stage, channel, product, outcome, salesperson or timeliness, and by period."""
    keys = rules.read_keys(group_by)
    async with call.db.transaction(call.actor) as tx:
        return shown(await _statistics(tx, keys, period, from_on, to_on))
