"""Submissions over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.application.handlers import PATH
from services.policy.submission import handlers
from services.policy.submission.schemas import SubmissionOut, Submit
from shared.routing import Changes, Room, sent

room = Room(tags=["applications"])


@room.posts(PATH + "/{application_id}/submissions", SubmissionOut, may="policy.application.submit")
async def submit(application_id: UUID, command: Submit, call: Changes) -> Response:
    """Put the application, complete and signed by the customer, before the insurer."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.submit(*known, command, call.state))
