"""Consents over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.consent import handlers
from services.claims.documents.schemas import ConsentOut, RecordConsent
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/consents", ConsentOut, may="claims.consent.record")
async def record_consent(claim_id: UUID, command: RecordConsent, call: Changes) -> Response:
    """Record the consent or the legal duty by which medical data of an injured person are kept."""
    return sent(await handlers.record_consent(call.db, call.actor, call.key, claim_id, call.version, command))
