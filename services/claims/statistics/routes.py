"""Statistics over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator
from starlette.responses import Response

from services.claims.claim.rules import Line
from services.claims.statistics import handlers
from services.claims.statistics.rules import Share
from services.claims.statistics.schemas import StatisticsOut
from shared.routing import Reads, Room, shown

room = Room(tags=["claims"])


def _first_day(value: object) -> object:
    """`2026-11` is its first day; a whole day stays as it is."""
    return f"{value}-01" if isinstance(value, str) and len(value) == 7 else value


Month = Annotated[date | None, BeforeValidator(_first_day)]


@room.reads("/v1/claims/statistics", StatisticsOut, may="claims.statistics.read")
async def read_statistics(
    call: Reads, group_by: Annotated[str, Query(max_length=100)] = "unit",
    from_month: Annotated[Month, Query(alias="from")] = None, to_month: Annotated[Month, Query(alias="to")] = None,
    unit_code: Annotated[str | None, Query(max_length=20)] = None,
    product: Annotated[str | None, Query(max_length=100)] = None,
    line: Line | None = None, rank_by: Share | None = None,
) -> Response:  # fmt: skip
    """Counts, reserves, payments, times and shares in the caller's scope by `branch, central, unit, line, product,
    month`; months as `2026-11`. `rank_by` ranks the groups that have enough cases."""
    part = {"unit_code": unit_code, "product": product, "line": line and str(line), "rank_by": rank_by}
    async with call.db.transaction(call.actor) as tx:
        return shown(await handlers.statistics(tx, group_by, (from_month, to_month), **part))
