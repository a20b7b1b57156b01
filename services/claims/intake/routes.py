"""First notice of loss over HTTP."""

from __future__ import annotations

from starlette.responses import Response

from services.claims.intake import candidates, handlers
from services.claims.intake.schemas import PolicyCandidates, ReportClaim, ReportOut, SearchPolicies
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["claims"])


@room.posts("/v1/claims", ReportOut, may="claims.intake.report")
async def report_claim(command: ReportClaim, call: Creates) -> Response:
    """Take a first notice of loss, at any hour, for any policy, also one that nobody can find."""
    digest_key = call.state.digest_key
    return sent(await handlers.report_claim(call.db, call.actor, call.key, command, digest_key))


@room.posts("/v1/claims/policy-searches", PolicyCandidates, may="claims.claim.match", status=200)
async def search_policies(command: SearchPolicies, call: Reads) -> Response:
    """Policies by insured person, phone, identity number, plate or project; outside the scope only their numbers."""
    told = {name: [value] for name, value in command.model_dump(exclude={"loss_at"}).items()}
    keys = candidates.keys_of(told, call.state.digest_key)
    candidates.require_key(keys)
    async with call.db.transaction(call.actor) as tx:
        found = await candidates.candidates(tx, keys, command.loss_at or tx.now)
        return shown(PolicyCandidates(items=found))
