"""Agreements, notices and explanations over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.agreement import handlers
from services.claims.agreement.schemas import (
    AgreementOut,
    ExplanationOut,
    NoticeOut,
    RecordAgreement,
    RecordExplanation,
    ServeNotice,
)
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/settlement-agreements", AgreementOut, may="claims.agreement.record")
async def record_agreement(claim_id: UUID, command: RecordAgreement, call: Changes) -> Response:
    """The amount is agreed with whoever claims it; from this day it is paid within the legal period."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.record_agreement(*known, command, call.state))


@room.posts("/v1/claims/{claim_id}/notices", NoticeOut, may="claims.notice.serve")
async def serve_notice(claim_id: UUID, command: ServeNotice, call: Changes) -> Response:
    """A notice of the result was served; a refusal states its reasons and clauses."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.serve_notice(*known, command, call.state))


@room.posts("/v1/claims/{claim_id}/explanations", ExplanationOut, may="claims.explanation.record")
async def record_explanation(claim_id: UUID, command: RecordExplanation, call: Changes) -> Response:
    """The result was explained, and the customer replied."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.record_explanation(*known, command, call.state))
