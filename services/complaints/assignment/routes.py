"""Identity checks, candidates and assignments over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.complaints.assignment import handlers, queries
from services.complaints.assignment.schemas import Assign, CandidateOut, CandidatesOut, CheckIdentity
from services.complaints.complaint.queries import facts_of
from services.complaints.complaint.schemas import FactOut
from services.complaints.complaint.tables import Complaint
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["complaints"])


@room.posts("/v1/complaints/{complaint_id}/identity-checks", FactOut, may="complaints.complaint.check_identity")
async def check_identity(complaint_id: UUID, command: CheckIdentity, call: Changes) -> Response:
    """Record whose complaint it is."""
    return sent(await handlers.check_identity(call.db, call.actor, call.key, complaint_id, call.version, command))


@room.posts("/v1/complaints/{complaint_id}/assignments", FactOut, may="complaints.complaint.assign")
async def assign(complaint_id: UUID, command: Assign, call: Changes) -> Response:
    """Give the complaint to an officer who may handle it."""
    return sent(await handlers.assign(call.db, call.actor, call.key, complaint_id, call.version, command))


@room.reads("/v1/complaints/{complaint_id}/officer-candidates", CandidatesOut, may="complaints.officer.read")
async def list_candidates(complaint_id: UUID, call: Reads) -> Response:
    """Officers of the branch and of head office: open work, and why one may not."""
    async with call.db.transaction(call.actor) as tx:
        facts = await facts_of(tx, await tx.find(Complaint, complaint_id))
        items = [
            CandidateOut(
                person_id=one.person_id, staff_no=one.staff_no, unit_code=one.unit_code, open_items=one.open_items,
                duty=one.duty, eligible=one.eligible, reason=one.reason,
            )
            for one in await queries.candidates(tx, facts)
        ]  # fmt: skip
        return shown(CandidatesOut(items=items))
