"""Closing and the file over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.archive import handlers, queries, shapes
from services.claims.archive.schemas import (
    AddSupplement,
    BindFile,
    CloseClaim,
    ClosureOut,
    FileOut,
    ManifestOut,
    SupplementOut,
)
from services.claims.claim.tables import Claim
from shared.errors import NotFound
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/closures", ClosureOut, may="claims.closure.close")
async def close_claim(claim_id: UUID, command: CloseClaim, call: Changes) -> Response:
    """Close the claim; what is still open is listed and refuses it."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.close_claim(*known, command, call.state))


@room.posts("/v1/claims/{claim_id}/file", FileOut, may="claims.file.bind")
async def bind_file(claim_id: UUID, command: BindFile, call: Changes) -> Response:
    """Bind and shelve the one volume of a closed claim."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.bind_file(*known, command, call.state))


@room.posts("/v1/claims/{claim_id}/file/supplements", SupplementOut, may="claims.file.supplement")
async def add_supplement(claim_id: UUID, command: AddSupplement, call: Changes) -> Response:
    """Add papers that came after the volume was bound."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.add_supplement(*known, command, call.state))


@room.reads("/v1/claims/{claim_id}/file/manifest", ManifestOut, may="claims.claim.read")
async def read_manifest(claim_id: UUID, call: Reads) -> Response:
    """The volume, its pages and supplements, who has it, and until when it is kept; 404 while there is none."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        row = await queries.file_of(tx, claim.id)
        if row is None:
            raise NotFound()
        return shown(await shapes.manifest(tx, claim, row), version=claim.version)
