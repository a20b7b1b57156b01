"""The report of a month over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from services.risk.report import handlers
from shared.downloads import disposition
from shared.routing import Reads, Room

room = Room(tags=["risk-statistics"])
Month = Annotated[str, Path(max_length=36, examples=["2026-10"])]


@room.reads("/v1/risk/reports/{month}", None, may="risk.statistics.read")
async def print_risk_report(
    month: Month, call: Reads, unit_code: Annotated[str | None, Query(max_length=20)] = None
) -> Response:
    """The report of a month with its charts (PDF): of a unit and below, else of the caller's whole scope."""
    async with call.db.transaction(call.actor) as tx:
        page = await handlers.make_report(tx, month, unit_code)
    headers = {
        "Content-Disposition": disposition(f"防灾防损月报-{month}.pdf"), "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }  # fmt: skip
    return Response(page, 200, headers, media_type="application/pdf")
