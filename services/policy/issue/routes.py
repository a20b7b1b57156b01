"""The issue of a policy over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.issue import handlers
from services.policy.issue.schemas import IssuedOut, IssuePolicy
from shared.routing import Changes, Room, sent

room = Room(tags=["applications"])


@room.posts("/v1/applications/{application_id}/issues", IssuedOut, may="policy.policy.issue")
async def issue_policy(application_id: UUID, command: IssuePolicy, call: Changes) -> Response:
    """Issue the policy of an approved proposal; the number has no gap, whatever happens."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.issue(*known, command, call.state))
