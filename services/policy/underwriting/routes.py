"""The chain of an application, opinions and decisions over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.application.handlers import PATH
from services.policy.application.queries import facts_of
from services.policy.application.tables import Application
from services.policy.underwriting import handlers, queries, shapes
from services.policy.underwriting.schemas import ApprovalOut, GiveAnswer, StepOut
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["applications"])
STATED = {"pointer": "#/amount", "kind": "underwriting_limit"}


@room.reads(PATH + "/{application_id}/approval", ApprovalOut, may="policy.application.read")
async def read_approval(application_id: UUID, call: Reads) -> Response:
    """The chain, whose turn it is, what lifted it above the amount's level, and every act."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(Application, application_id)
        basis = await queries.basis_of(tx, await facts_of(tx, row, call.state))
        return shown(shapes.approval(row, basis, await queries.steps_of(tx, row.id)), version=row.version)


@room.posts(PATH + "/{application_id}/opinions", StepOut, may="policy.application.opine")
async def opine(application_id: UUID, command: GiveAnswer, call: Changes) -> Response:
    """The opinion of a level that does not decide; it has no limit."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.opine(*known, command, call.state))


@room.posts(PATH + "/{application_id}/decisions", StepOut, may="policy.application.decide", amount=STATED, step_up=True)
async def decide(application_id: UUID, command: GiveAnswer, call: Changes) -> Response:
    """Accept, accept with terms, offer something else, decline or return, by the level that decides."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.decide(*known, command, call.state))
