"""Signatures and explanations over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.risk.inspection.schemas import InspectionFactOut
from services.risk.inspection.tables import Inspection
from services.risk.signing import handlers, queries, schemas
from shared.letter_routes import letter_routes
from shared.routing import Changes, Room, sent

room = Room(tags=["inspections"])
letters_room = letter_routes(
    Inspection, "/v1/inspections", issue="risk.letter.issue", serve="risk.letter.serve", read="risk.attachment.read",
    data=queries.data_of,
)  # fmt: skip
"""The report as a page that both sides sign."""


@room.posts("/v1/inspections/{inspection_id}/signatures", InspectionFactOut, may="risk.inspection.sign")
async def sign_report(inspection_id: UUID, command: schemas.SignReport, call: Changes) -> Response:
    """Sign the report for one side, or record why the customer does not."""
    return sent(await handlers.sign(call.db, call.actor, call.key, inspection_id, call.version, command))


@room.posts("/v1/inspections/{inspection_id}/explanations", InspectionFactOut, may="risk.inspection.report")
async def explain_report(inspection_id: UUID, command: schemas.Explain, call: Changes) -> Response:
    """Explain what the report says otherwise than the claims."""
    return sent(await handlers.explain(call.db, call.actor, call.key, inspection_id, call.version, command))
