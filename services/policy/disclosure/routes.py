"""Pack, acknowledgements and answers over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.application.handlers import PATH
from services.policy.disclosure import handlers
from services.policy.disclosure.schemas import (
    Acknowledge,
    AcknowledgementOut,
    AnswersOut,
    GiveAnswers,
    HandOver,
    PackOut,
)
from shared.routing import Changes, Room, sent

room = Room(tags=["applications"])


@room.posts(PATH + "/{application_id}/disclosures", PackOut, may="policy.application.disclose")
async def hand_over(application_id: UUID, command: HandOver, call: Changes) -> Response:
    """The clauses, scope, limits, deductibles and procedures as the customer got them, with version and proof."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.hand_over(*known, command, call.state))


@room.posts(PATH + "/{application_id}/acknowledgements", AcknowledgementOut, may="policy.application.acknowledge")
async def acknowledge(application_id: UUID, command: Acknowledge, call: Changes) -> Response:
    """What the customer acknowledged separately: exclusions, duties, a special agreement, or consent to death cover."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.acknowledge(*known, command, call.state))


@room.posts(PATH + "/{application_id}/answers", AnswersOut, may="policy.application.answer")
async def give_answers(application_id: UUID, command: GiveAnswers, call: Changes) -> Response:
    """The customer's answers to the questions in their present version."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.give_answers(*known, command, call.state))
