"""What the kinds have alike over HTTP: their list, one of them, its chain, and its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from starlette.responses import Response

from services.claims.claim.tables import Claim
from services.claims.side import handlers, queries, shapes
from services.claims.side.handlers import PATH, Granted
from services.claims.side.rules import LADDER, SideKind
from services.claims.side.schemas import ApproveSide, SideAloneOut, SideApprovalOut, SidesOut, SideStepOut
from shared.actions import Action, judged
from shared.routing import Changes, Reads, Room, sent, shown


def side_routes(room: Room, kind: SideKind, *, decide: str, granted: Granted) -> None:
    """Add the routes of one kind to its room. `decide`: the permission of its steps."""
    base = f"/v1/claims/{{claim_id}}/{PATH[kind]}"
    stated = {"pointer": "#/amount", "kind": LADDER[kind], "step": "#/kind"}
    path = f"/v1/claims/{{id}}/{PATH[kind]}/{{side_id}}/approvals"

    async def list_sides(claim_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            claim = await tx.find(Claim, claim_id)
            rows = await queries.sides_of(tx, claim.id, kind)
            return shown(SidesOut(items=await shapes.sides(tx, rows, claim)))

    async def read_side(claim_id: UUID, side_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            claim = await tx.find(Claim, claim_id)
            row = await queries.side_of(tx, claim, side_id, kind)
            basis = await queries.basis_of(tx, claim, row, call.state.digest_key)
            at = path.replace("{id}", str(claim_id)).replace("{side_id}", str(side_id))
            step = Action("approve", "POST", at, decide, handlers.check_step)
            actions = judged((step,), tx.actor, basis, side_id, call.language)
            return shown(await shapes.alone(tx, row, claim, actions), version=claim.version)

    async def read_chain(claim_id: UUID, side_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            claim = await tx.find(Claim, claim_id)
            row = await queries.side_of(tx, claim, side_id, kind)
            basis = await queries.basis_of(tx, claim, row, call.state.digest_key)
            return shown(await shapes.approval(tx, basis), version=claim.version)

    async def approve_side(claim_id: UUID, side_id: UUID, command: ApproveSide, call: Changes) -> Response:
        known = (call.db, call.actor, call.key, claim_id, side_id, kind, call.version)
        return sent(await handlers.take_step(*known, command, call.state, granted))

    _name(kind, list_sides, read_side, read_chain, approve_side)
    room.reads(base, SidesOut, may="claims.claim.read")(list_sides)
    room.reads(f"{base}/{{side_id}}", SideAloneOut, may="claims.claim.read")(read_side)
    room.reads(f"{base}/{{side_id}}/approval", SideApprovalOut, may="claims.claim.read")(read_chain)
    posts = room.posts(f"{base}/{{side_id}}/approvals", SideStepOut, may=decide, amount=stated, step_up=True)
    posts(approve_side)


def _name(kind: SideKind, *endpoints: Callable[..., Any]) -> None:
    """Operation ids of their own for each kind: `approve_advance`."""
    for one in endpoints:
        verb, _, noun = one.__name__.partition("_")
        one.__name__ = f"{verb}_{kind}{'_' + noun if noun in ('chain', 'sides') else ''}"
