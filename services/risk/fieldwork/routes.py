"""The package and the sections of a visit over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.risk.fieldwork import handlers, queries, schemas
from services.risk.inspection.tables import Inspection
from shared.routing import Reads, Room, sent, shown

room = Room(tags=["inspections"])


@room.reads("/v1/inspections/{inspection_id}/package", schemas.PackageOut, may="risk.inspection.record")
async def read_package(inspection_id: UUID, call: Reads) -> Response:
    """Everything that an engineer takes along, for work without a connection."""
    async with call.db.transaction(call.actor) as tx:
        inspection = await tx.find(Inspection, inspection_id)
        return shown(await queries.package(tx, inspection), version=inspection.version)


@room.puts("/v1/inspections/{inspection_id}/sections/{section}", schemas.SectionOut, may="risk.inspection.record")
async def put_section(inspection_id: UUID, section: str, command: schemas.PutSection, call: Reads) -> Response:
    """Send one of the eight sections before the report; safe to send again and in any order."""
    return sent(await handlers.put_section(call.db, call.actor, call.key, inspection_id, section, command))
