"""Live and ready. Live: the event loop answers. Ready: the database answers at this code's schema, and the deployable
holds what it needs to judge (unit `00` and an authority table in force); the answer names its parts."""

from __future__ import annotations

import time
from typing import Any

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.responses import JSONResponse, Response

from shared.clock import process_now, shift
from shared.database import Database
from shared.migrations import head
from shared.routing import Room

_CACHED_S = 1.0
_MAX_SKEW_S = 1.0

_SCHEMA = text("select version_num from alembic_version")
_TIME = text("select clock_timestamp()")
_DIRECTORY = text(
    "select exists (select 1 from directory_units where code = '00')"
    " and exists (select 1 from directory_authority_tables where effective_from <= current_date)"
)


async def parts_of(database: Database, *, directory: bool) -> dict[str, str]:
    """Each part and `ok`, or what is wrong with it."""
    parts: dict[str, str] = {}
    try:
        async with database.connect() as connection:
            known, held = head(database.service), (await connection.execute(_SCHEMA)).scalar_one()
            parts["schema"] = "ok" if known == held else f"code {known}, database {held}"
            skew = abs(((await connection.execute(_TIME)).scalar_one() - (process_now() - shift())).total_seconds())
            parts["clock"] = "ok" if skew <= _MAX_SKEW_S else f"{skew:.1f} s apart"
            if directory:
                filled = (await connection.execute(_DIRECTORY)).scalar_one()
                parts["directory"] = "ok" if filled else "waiting for organisation events"
        parts["database"] = "ok"
    except Exception as fault:
        parts["database"] = type(fault).__name__
    return parts


def health_routes() -> Room:
    """`/healthz`, `/readyz` and `/metrics` of a deployable; the gateway never forwards to them."""
    room = Room(include_in_schema=False)

    @room.reads("/healthz", None, public=True)
    async def alive() -> Response:
        return JSONResponse({"status": "ok"})

    @room.reads("/readyz", None, public=True)
    async def ready(request: Request) -> Response:
        state: Any = request.app.state
        cached = getattr(state, "readiness", None)
        if cached is None or time.monotonic() - cached[0] > _CACHED_S:
            parts = await parts_of(state.db, directory=state.service != "gateway")
            state.readiness = cached = (time.monotonic(), parts)
        good = all(value == "ok" for value in cached[1].values())
        return JSONResponse({"status": "ready" if good else "not_ready", "parts": cached[1]}, 200 if good else 503)

    @room.reads("/metrics", None, public=True)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return room
