"""Endorsements over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.endorsement import handlers
from services.policy.endorsement.schemas import EndorsementOut, MakeEndorsement
from shared.routing import Changes, Room, sent

room = Room(tags=["applications"])


@room.posts("/v1/applications/{application_id}/endorsements", EndorsementOut, may="policy.policy.endorse")
async def endorse_policy(application_id: UUID, command: MakeEndorsement, call: Changes) -> Response:
    """Make an approved change of a policy; never from a past moment."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.endorse(*known, command, call.state))
