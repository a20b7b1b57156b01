"""Papers, the supplement notice, consents over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.claim.tables import Claim
from services.claims.documents import handlers, shapes
from services.claims.documents.schemas import (
    CollectDocuments,
    DeliveryOut,
    DocumentsOut,
    ReceiveSupplements,
    RequestSupplements,
)
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["claims"])


@room.reads("/v1/claims/{claim_id}/documents", DocumentsOut, may="claims.claim.read")
async def read_documents(claim_id: UUID, call: Reads) -> Response:
    """The papers that this claim needs, what is here, what is missing."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        return shown(await shapes.documents(tx, claim), version=claim.version)


@room.posts("/v1/claims/{claim_id}/documents", DeliveryOut, may="claims.documents.collect")
async def collect_documents(claim_id: UUID, command: CollectDocuments, call: Changes) -> Response:
    """Check papers off as they come in."""
    return sent(await handlers.collect_documents(call.db, call.actor, call.key, claim_id, call.version, command))


@room.posts("/v1/claims/{claim_id}/supplement-notices", DeliveryOut, may="claims.documents.request")
async def request_supplements(claim_id: UUID, command: RequestSupplements, call: Changes) -> Response:
    """Ask for what is missing, once and all at once; a second notice is refused without exception."""
    return sent(await handlers.request_supplements(call.db, call.actor, call.key, claim_id, call.version, command))


@room.posts("/v1/claims/{claim_id}/supplements", DeliveryOut, may="claims.documents.collect")
async def receive_supplements(claim_id: UUID, command: ReceiveSupplements, call: Changes) -> Response:
    """Take in what the notice asked for; the period of the decision runs on once all of it is here."""
    return sent(await handlers.receive_supplements(call.db, call.actor, call.key, claim_id, call.version, command))
