"""Opening applications over HTTP."""

from __future__ import annotations

from starlette.responses import Response

from services.policy.application.handlers import PATH
from services.policy.application.schemas import ApplicationOut, OpenApplication
from services.policy.opening import handlers
from shared.routing import Creates, Room, sent

room = Room(tags=["applications"])


@room.posts(PATH, ApplicationOut, may="policy.application.open", max_bytes=8 * 1024 * 1024)
async def open_application(command: OpenApplication, call: Creates) -> Response:
    """Begin a proposal, an endorsement or a cancellation."""
    return sent(await handlers.open_application(call.db, call.actor, call.key, command, call.state))
