"""Ask for an advance; once it is granted the payment is ordered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.claims.advance import rules
from services.claims.advance.schemas import RequestAdvance
from services.claims.claim import queries as spine
from services.claims.claim.handlers import take_duty
from services.claims.claim.rules import Duty, Held
from services.claims.claim.tables import Claim
from services.claims.side import handlers as side
from services.claims.side import shapes
from services.claims.side.rules import SideKind, SideStatus, check_reason
from services.claims.side.tables import SideDecision
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.money import yuan
from shared.work_items import close_items, open_item

ASKED_ITEM, ORDER_ITEM = "advance_payment", "order_advance"


def check_request(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may ask for an advance on this claim now."""
    rules.may_request(facts.claim.state, facts.claim.line, facts.duties, actor, facts.sides)


ACTIONS = (
    Action("request_advance", "POST", "/v1/claims/{id}/advances", "claims.advance.request", check_request),
)  # fmt: skip


async def request_advance(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: RequestAdvance,
    state: Any,
) -> Answer:  # fmt: skip
    """Put an advance before the first of its chain."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_request(actor, facts)
        check_reason(("reason", command.reason))
        rules.check_advance(command.amount, facts.sides.granted(SideKind.ADVANCE), claim.reserve_amount)
        told = {"claimant_ref": command.claimant_ref} if command.claimant_ref else {}
        row = side.begin(
            tx, claim, SideKind.ADVANCE, SideStatus.REQUESTED, command.amount, command.reason, told
        )  # fmt: skip
        await side.ask(tx, claim, row, state)
        await close_items(tx, claim.id, ASKED_ITEM)
        if Held(Duty.ADJUSTER, actor.person_id) not in facts.duties:
            take_duty(tx, claim, Duty.ADJUSTER)
        tx.note("request_advance", claim, after={"side_id": row.id, "amount": yuan(row.amount)}, reason=row.reason)
        out = shapes.side(row, claim, {actor.person_id: actor.staff_no})
        return tx.answer(out, location=side.href(claim, row), version=claim.version)


async def granted(tx: Transaction, claim: Claim, row: SideDecision, _state: Any) -> None:
    """The advance may be paid: somebody orders it."""
    await open_item(
        tx, ORDER_ITEM, claim, Text("发出预付款指令", "Order the advance"), number=claim.claim_no,
        unit_code=claim.unit_code, position="adjuster", href=f"/v1/claims/{claim.id}/payments", priority="high",
    )  # fmt: skip
