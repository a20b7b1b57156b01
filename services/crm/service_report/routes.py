"""Reports of a month over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from services.crm.service_report import handlers
from services.crm.service_report.schemas import ServiceReportOut
from shared.downloads import disposition
from shared.routing import Reads, Room, shown

room = Room(tags=["service_kpis"])
Unit = Annotated[str | None, Query(max_length=20)]


@room.reads("/v1/service-reports/{month}", ServiceReportOut, may="crm.kpi.read")
async def read_service_report(month: str, call: Reads, unit_code: Unit = None) -> Response:
    """The report of a unit (default: the caller's) and month: published figures, or those of this moment as a draft."""
    async with call.db.transaction(call.actor) as tx:
        return shown(await handlers.report_of(tx, month, unit_code))


@room.reads("/v1/service-reports/{month}/{form}", None, may="crm.kpi.read")
async def take_service_report(month: str, form: str, call: Reads, unit_code: Unit = None) -> Response:
    """The report as a page with charts (`pdf`) or as a table (`xlsx`)."""
    async with call.db.transaction(call.actor) as tx:
        content = await handlers.file_of(tx, month, unit_code, form)
    headers = {
        "Content-Disposition": disposition(f"客户服务月报-{month}.{form}"), "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }  # fmt: skip
    return Response(content, 200, headers, media_type=handlers.FORMS[form])
