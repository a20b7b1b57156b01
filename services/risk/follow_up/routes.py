"""Following a hazard up over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.risk.follow_up import handlers
from services.risk.follow_up.schemas import CloseHazard, Extend, GiveEvidence
from services.risk.hazard.schemas import HazardFactOut
from shared.routing import Changes, Room, sent

room = Room(tags=["hazards"])


@room.posts("/v1/hazards/{hazard_id}/extensions", HazardFactOut, may="risk.hazard.extend")
async def extend_hazard(hazard_id: UUID, command: Extend, call: Changes) -> Response:
    """Put off the day of a hazard, once."""
    return sent(await handlers.extend(call.db, call.actor, call.key, hazard_id, call.version, command))


@room.posts("/v1/hazards/{hazard_id}/evidence", HazardFactOut, may="risk.hazard.evidence")
async def give_evidence(hazard_id: UUID, command: GiveEvidence, call: Changes) -> Response:
    """Show that a hazard is cured: the customer's evidence, or what another visit saw."""
    return sent(await handlers.give_evidence(call.db, call.actor, call.key, hazard_id, call.version, command))


@room.posts("/v1/hazards/{hazard_id}/closures", HazardFactOut, may="risk.hazard.close")
async def close_hazard(hazard_id: UUID, command: CloseHazard, call: Changes) -> Response:
    """Close a hazard by the evidence of re-inspection."""
    return sent(await handlers.close(call.db, call.actor, call.key, hazard_id, call.version, command))
