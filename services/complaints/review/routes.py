"""Reviews over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.complaints.complaint.schemas import FactOut
from services.complaints.review import handlers
from services.complaints.review.schemas import DecideReview, RequestReview
from shared.routing import Changes, Room, sent

room = Room(tags=["complaints"])


@room.posts("/v1/complaints/{complaint_id}/reviews", FactOut, may="complaints.review.request")
async def request_review(complaint_id: UUID, command: RequestReview, call: Changes) -> Response:
    """Take in a written review request within 30 days of the decision."""
    return sent(await handlers.request_review(call.db, call.actor, call.key, complaint_id, call.version, command))


@room.posts("/v1/complaints/{complaint_id}/review-decisions", FactOut, may="complaints.review.decide")
async def decide_review(complaint_id: UUID, command: DecideReview, call: Changes) -> Response:
    """Decide the review at the unit above, by other persons."""
    return sent(await handlers.decide_review_of(call.db, call.actor, call.key, complaint_id, call.version, command))
