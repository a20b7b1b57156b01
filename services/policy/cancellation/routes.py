"""Cancellations over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.cancellation import handlers
from services.policy.cancellation.schemas import CancellationOut, CarryOutCancellation
from shared.routing import Changes, Room, sent

room = Room(tags=["applications"])


@room.posts("/v1/applications/{application_id}/cancellations", CancellationOut, may="policy.policy.cancel")
async def cancel_policy(application_id: UUID, command: CarryOutCancellation, call: Changes) -> Response:
    """Carry out an accepted cancellation; open claims go on and hold nothing."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.cancel(*known, command, call.state))
