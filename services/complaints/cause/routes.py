"""Actions against causes over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.complaints.cause import handlers
from services.complaints.cause.schemas import CompleteRootCause, RecordRootCause, RootCauseOut
from shared.routing import Changes, Room, sent

room = Room(tags=["complaints"])
BELOW = "/v1/complaints/{complaint_id}/root-causes"


@room.posts(BELOW, RootCauseOut, may="complaints.root_cause.record")
async def record_root_cause(complaint_id: UUID, command: RecordRootCause, call: Changes) -> Response:
    """Decide on an action against the cause."""
    return sent(await handlers.record_root_cause(call.db, call.actor, call.key, complaint_id, call.version, command))


@room.posts(BELOW + "/{root_cause_id}/completions", RootCauseOut, may="complaints.root_cause.record")
async def complete_root_cause(
    complaint_id: UUID, root_cause_id: UUID, command: CompleteRootCause, call: Changes
) -> Response:
    """The action is done."""
    answer = await handlers.complete_root_cause(
        call.db, call.actor, call.key, complaint_id, root_cause_id, call.version, command
    )
    return sent(answer)
