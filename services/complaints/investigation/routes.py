"""Investigations, extensions and pauses over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.complaints.complaint.schemas import FactOut
from services.complaints.investigation import handlers
from services.complaints.investigation.schemas import Extend, Investigate, NewFacts, PausePeriod
from shared.routing import Changes, Room, sent

room = Room(tags=["complaints"])


@room.posts("/v1/complaints/{complaint_id}/investigations", FactOut, may="complaints.complaint.investigate")
async def investigate(complaint_id: UUID, command: Investigate, call: Changes) -> Response:
    """Record one step of the investigation."""
    return sent(await handlers.investigate(call.db, call.actor, call.key, complaint_id, call.version, command))


@room.posts("/v1/complaints/{complaint_id}/extensions", FactOut, may="complaints.complaint.extend")
async def extend(complaint_id: UUID, command: Extend, call: Changes) -> Response:
    """Lengthen the period: 15 days to 30, 30 more with approval; told before it ends."""
    return sent(await handlers.extend(call.db, call.actor, call.key, complaint_id, call.version, command))


@room.posts("/v1/complaints/{complaint_id}/pauses", FactOut, may="complaints.complaint.pause")
async def pause(complaint_id: UUID, command: PausePeriod, call: Changes) -> Response:
    """Stop the clock for an appraisal or a mediation, told to the complainant; or let it run again."""
    return sent(await handlers.pause(call.db, call.actor, call.key, complaint_id, call.version, command))


@room.posts("/v1/complaints/{complaint_id}/new-facts", FactOut, may="complaints.complaint.add_facts")
async def add_facts(complaint_id: UUID, command: NewFacts, call: Changes) -> Response:
    """New facts with new material: the shortest period runs again from the day on which the material came."""
    return sent(await handlers.add_facts(call.db, call.actor, call.key, complaint_id, call.version, command))
