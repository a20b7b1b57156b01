"""Service figures over HTTP. There is no way to enter one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from services.crm.figure.rules import read_metric
from services.crm.kpi import handlers
from services.crm.kpi.schemas import KpiRecordOut, KpisOut
from shared.pagination import Page
from shared.routing import Reads, Room, shown

room = Room(tags=["service_kpis"])


@room.reads("/v1/service-kpis", KpisOut, may="crm.kpi.read")
async def read_service_kpis(
    call: Reads,
    unit_code: Annotated[str | None, Query(max_length=20)] = None,
    period: Annotated[str | None, Query(max_length=7)] = None,
) -> Response:
    """The figures of a unit (default: the caller's) and a month, quarter or year (default: this month), with trends."""
    async with call.db.transaction(call.actor) as tx:
        return shown(await handlers.kpis(tx, unit_code, period))


@room.reads("/v1/service-kpis/{metric}/records", Page[KpiRecordOut], may="crm.kpi.read", free_query=True)
async def list_service_kpi_records(metric: str, request: Request, call: Reads) -> Response:
    """The records behind a figure: `counted=part` those in the numerator, `counted=missed` those that fell short."""
    async with call.db.transaction(call.actor) as tx:
        query = request.query_params.multi_items()
        return shown(await handlers.records(tx, read_metric(metric), query, call.state.secret))
