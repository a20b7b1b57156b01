"""The tree of causes, and actions against causes, over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.complaints.cause import handlers
from services.complaints.cause.rules import CauseTree
from services.complaints.cause.schemas import CauseOut, CausesOut, CompleteRootCause, RecordRootCause, RootCauseOut
from shared.routing import Changes, Reads, Room, sent, shown
from shared.rule_sets import in_force

room = Room(tags=["complaints"])
BELOW = "/v1/complaints/{complaint_id}/root-causes"


@room.reads("/v1/complaints/causes", CausesOut, may="complaints.complaint.read")
async def list_causes(call: Reads) -> Response:
    """The tree of causes in force; a complaint is registered with a leaf."""
    async with call.db.transaction(call.actor) as tx:
        found = await in_force(tx, "causes")
        nodes = found.parsed(CauseTree.from_content).nodes.values()
        items = [CauseOut(code=n.code, parent=n.parent, zh=n.zh, en=n.en, stage=n.stage, leaf=n.leaf) for n in nodes]
        return shown(CausesOut(version=found.version, items=items))


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
