"""Decisions, tellings, withdrawals and mergers over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.complaints.complaint.schemas import FactOut
from services.complaints.decision import handlers
from services.complaints.decision.schemas import Decide, Merge, Notify, Withdraw
from shared.routing import Changes, Room, sent

room = Room(tags=["complaints"])


@room.posts("/v1/complaints/{complaint_id}/decisions", FactOut, may="complaints.complaint.decide")
async def decide_complaint(complaint_id: UUID, command: Decide, call: Changes) -> Response:
    """Decide at the branch or above: findings, basis, reasons, remedies."""
    return sent(await handlers.decide_complaint(call.db, call.actor, call.key, complaint_id, call.version, command))


@room.posts("/v1/complaints/{complaint_id}/notifications", FactOut, may="complaints.complaint.notify")
async def notify(complaint_id: UUID, command: Notify, call: Changes) -> Response:
    """Record that the complainant was told, and how."""
    return sent(await handlers.notify(call.db, call.actor, call.key, complaint_id, call.version, command))


@room.posts("/v1/complaints/{complaint_id}/withdrawals", FactOut, may="complaints.complaint.withdraw")
async def withdraw(complaint_id: UUID, command: Withdraw, call: Changes) -> Response:
    """End the procedure because the complainant withdrew."""
    return sent(await handlers.withdraw(call.db, call.actor, call.key, complaint_id, call.version, command))


@room.posts("/v1/complaints/{complaint_id}/merges", FactOut, may="complaints.complaint.merge")
async def merge(complaint_id: UUID, command: Merge, call: Changes) -> Response:
    """Join a repeated complaint to the one that is kept."""
    return sent(await handlers.merge(call.db, call.actor, call.key, complaint_id, call.version, command))
