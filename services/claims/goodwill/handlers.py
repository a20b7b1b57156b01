"""Ask to pay ex gratia; once it is granted the payment is ordered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.claims.adjustment import queries as sheets
from services.claims.approval.rules import Triggers
from services.claims.claim import queries as spine
from services.claims.claim.handlers import take_duty
from services.claims.claim.rules import Duty, Held
from services.claims.claim.tables import Claim
from services.claims.goodwill import rules
from services.claims.goodwill.schemas import RequestExGratia
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
from shared.rule_sets import in_force
from shared.work_items import open_item

ORDER_ITEM = "order_ex_gratia"


def check_request(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may ask to pay ex gratia on this claim now."""
    rules.may_request(facts.claim.state, facts.claim.flags, facts.duties, actor, facts.sides)


ACTIONS = (
    Action("request_ex_gratia", "POST", "/v1/claims/{id}/ex-gratia", "claims.ex_gratia.request", check_request),
)  # fmt: skip


async def request_ex_gratia(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: RequestExGratia,
    state: Any,
) -> Answer:  # fmt: skip
    """Put an ex gratia payment before the first of its chain."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_request(actor, facts)
        check_reason(("reason", command.reason))
        told = {"item": command.item.model_dump(exclude_none=True)} if command.item else {}
        sheet = await sheets.current_sheet(tx, claim)
        item = command.item
        worth = rules.item_amount(
            sheet.content if sheet else {"lines": []}, item and item.claimant_ref, item and item.kind
        )
        triggers = Triggers.of((await in_force(tx, "approval_triggers")).content)
        rules.check(command.amount, worth, facts.sides.of(SideKind.EX_GRATIA), told, triggers)
        told |= {"item_amount": yuan(worth), "sheet_version": claim.sheet_version}
        row = side.begin(
            tx, claim, SideKind.EX_GRATIA, SideStatus.REQUESTED, command.amount, command.reason, told
        )  # fmt: skip
        await side.ask(tx, claim, row, state)
        if Held(Duty.ADJUSTER, actor.person_id) not in facts.duties:
            take_duty(tx, claim, Duty.ADJUSTER)
        tx.note("request_ex_gratia", claim, after={"side_id": row.id, "amount": yuan(row.amount)}, reason=row.reason)
        out = shapes.side(row, claim, {actor.person_id: actor.staff_no})
        return tx.answer(out, location=side.href(claim, row), version=claim.version)


async def granted(tx: Transaction, claim: Claim, row: SideDecision, _state: Any) -> None:
    """It may be paid: somebody orders it."""
    await open_item(
        tx, ORDER_ITEM, claim, Text("发出通融赔付付款指令", "Order the ex gratia payment"), number=claim.claim_no,
        unit_code=claim.unit_code, position="adjuster", href=f"/v1/claims/{claim.id}/payments",
    )  # fmt: skip
