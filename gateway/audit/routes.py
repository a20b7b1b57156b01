"""The audit trail over HTTP, for auditors."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from gateway.audit import queries
from gateway.audit.schemas import AuditPage, AuditSearch, VerificationOut
from shared.audit_routes import MAY
from shared.routing import Reads, Room, shown

room = Room(tags=["audit"])


@room.reads("/v1/audit-entries", AuditPage, may=MAY)
async def list_audit_entries(call: Reads, search: Annotated[AuditSearch, Query()]) -> Response:
    """Who did or tried what, newest first, over all services."""
    return shown(await queries.page(call, search))


@room.reads("/v1/audit-entries/verification", VerificationOut, may=MAY)
async def verify_audit_entries(call: Reads) -> Response:
    """Recompute every chain in the caller's scope and name the first broken entry of each."""
    return shown(await queries.verification(call))
