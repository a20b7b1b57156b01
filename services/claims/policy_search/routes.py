"""Policies looked for over HTTP."""

from __future__ import annotations

from starlette.responses import Response

from services.claims.policy_search import queries
from services.claims.policy_search.schemas import PolicyCandidates, SearchPolicies
from shared.routing import Reads, Room, shown

room = Room(tags=["claims"])


@room.posts("/v1/claims/policies/searches", PolicyCandidates, may="claims.claim.match", status=200)
async def search_policies(command: SearchPolicies, call: Reads) -> Response:
    """Policies by insured person, phone, identity number, plate or project. An identity number also finds a policy of
    another unit, of which only the number is told."""
    told = {name: [value] for name, value in command.model_dump(exclude={"loss_at"}).items()}
    keys = queries.keys_of(told, call.state.digest_key)
    queries.require_key(keys)
    async with call.db.transaction(call.actor) as tx:
        found = await queries.candidates(tx, keys, command.loss_at or tx.now)
        return shown(PolicyCandidates(items=found))
