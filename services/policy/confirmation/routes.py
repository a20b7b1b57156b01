"""Confirmations over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.application.handlers import PATH
from services.policy.application.schemas import RecordState
from services.policy.confirmation import handlers
from services.policy.confirmation.schemas import Confirm
from shared.routing import Changes, Room, sent

room = Room(tags=["applications"])


@room.posts(PATH + "/{application_id}/confirmations", RecordState, may="policy.application.acknowledge")
async def confirm(application_id: UUID, command: Confirm, call: Changes) -> Response:
    """The customer's answer to accepted terms or a counter-offer."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.confirm(*known, command, call.state))
