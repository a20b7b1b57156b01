"""Acceptance, further surveys, and who may be sent, over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.claim.queries import facts_of
from services.claims.claim.tables import Claim
from services.claims.resurvey import handlers
from services.claims.survey import queries, shapes
from services.claims.survey.schemas import AnswerDispatch, AnswerOut, CandidatesOut, DispatchOut, OrderResurvey
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/resurveys", DispatchOut, may="claims.survey.dispatch")
async def order_resurvey(claim_id: UUID, command: OrderResurvey, call: Changes) -> Response:
    """Have the loss surveyed once more, with the reason; ordered again, the further survey goes to another surveyor."""
    return sent(
        await handlers.order_resurvey(call.db, call.actor, call.key, claim_id, call.version, command, call.state)
    )


@room.posts("/v1/claims/{claim_id}/acceptances", AnswerOut, may="claims.survey.report")
async def answer_dispatch(claim_id: UUID, command: AnswerDispatch, call: Changes) -> Response:
    """Accept or decline, as the surveyor who was sent; who declines says why."""
    return sent(await handlers.answer_dispatch(call.db, call.actor, call.key, claim_id, call.version, command))


@room.reads("/v1/claims/{claim_id}/surveyor-candidates", CandidatesOut, may="claims.survey.dispatch")
async def read_candidates(claim_id: UUID, call: Reads) -> Response:
    """Surveyors of the branch: those who may go first, then those of the place, then those with the least to do."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        found = await queries.candidates(tx, await facts_of(tx, claim, call.state))
        return shown(CandidatesOut(items=[shapes.candidate(one) for one in found]), version=claim.version)
