"""How payments are shown: payee and account masked, but for the core system, which has to pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.claims.agreement.shapes import state_of
from services.claims.claim.schemas import RecordState
from services.claims.claim.tables import Claim
from services.claims.payment import queries
from services.claims.payment.rules import PaymentStatus
from services.claims.payment.schemas import PayeeOut, PaymentFactOut, PaymentItem, PaymentOrderOut, PaymentOut
from services.claims.payment.tables import Payment
from shared import directory
from shared.actions import Action, judged
from shared.actor import Actor
from shared.audit import Entry
from shared.database import Transaction
from shared.errors import ActionNotPermitted
from shared.ids import uuid7
from shared.masking import masked_account, masked_name

UNMASK = "claims.payee_account.unmask"
CORE_SYSTEM = "core_system"
HIDDEN = ("name", "account")
TO_BE_PAID = frozenset({PaymentStatus.ORDERED, PaymentStatus.ACCEPTED})


def _payee(row: Payment, *, plain: bool) -> PayeeOut:
    if plain:
        return PayeeOut(kind=row.payee_kind, name=row.payee_name, account=row.payee_account)
    return PayeeOut(
        kind=row.payee_kind, name=masked_name(row.payee_name), account=masked_account(row.payee_account),
        masked=list(HIDDEN),
    )  # fmt: skip


def item(row: Payment, staff: Mapping[UUID, str], *, plain: bool = False) -> PaymentItem:
    """The payment in a list."""
    names = [name for name in PaymentItem.model_fields if name not in ("payee", "masked", "ordered_by")]
    return PaymentItem(
        **{name: getattr(row, name) for name in names}, payee=_payee(row, plain=plain),
        ordered_by={"person_id": str(row.ordered_by), "staff_no": staff.get(row.ordered_by, "")},
        masked=[] if plain else [f"payee.{name}" for name in HIDDEN],
    )  # fmt: skip


async def items(tx: Transaction, rows: Sequence[Payment]) -> list[PaymentItem]:
    """A page of payments."""
    staff = await directory.staff_numbers(tx, [row.ordered_by for row in rows])
    return [item(row, staff) for row in rows]


def ordered(row: Payment, claim: Claim, actor: Actor) -> PaymentOrderOut:
    """The answer to an order."""
    return PaymentOrderOut(**item(row, {actor.person_id: actor.staff_no}).model_dump(), claim=state_of(claim))


def fact(tx: Transaction, row: Payment, claim: Claim) -> PaymentFactOut:
    """The answer to an act on a payment."""
    paid = RecordState(id=row.id, version=row.version, status=row.status)
    return PaymentFactOut(id=uuid7(), created_at=tx.now, payment=paid, claim=state_of(claim))


async def alone(
    tx: Transaction, facts: queries.PaymentFacts, actions: tuple[Action[queries.PaymentFacts], ...], language: str
) -> PaymentOut:
    """The payment read singly. The core system reads whom it pays, while it is to pay; that is written to the trail."""
    row = facts.payment
    plain = tx.actor.position == CORE_SYSTEM and tx.actor.may(UNMASK) and row.state in TO_BE_PAID
    if plain:
        told = {"fields": [f"payee.{name}" for name in HIDDEN]}
        tx.note_act(
            Entry(
                action="read_payee", object_type=row.record_type, object_id=row.id, org_path=row.org_path, after=told
            )
        )  # fmt: skip
    staff = await directory.staff_numbers(tx, [row.ordered_by])
    return PaymentOut(
        **item(row, staff, plain=plain).model_dump(), proof=row.proof,
        available_actions=judged(actions, tx.actor, facts, row.id, language),
    )  # fmt: skip


async def plain_values(tx: Transaction, row: Payment) -> dict[str, str | None]:
    """What a reveal can show, to the cashier and to whoever approved this claim; other approvers are refused (403)."""
    if not tx.actor.may(UNMASK):
        raise ActionNotPermitted()
    if tx.actor.position != "cashier" and not await queries.approved_by(tx, row.claim_id, tx.actor):
        raise ActionNotPermitted()
    return {"payee.name": row.payee_name, "payee.account": row.payee_account}


def noted(row: Payment) -> dict[str, Any]:
    """The payment in the trail: no payee."""
    return {"status": row.status, "payable_no": row.payable_no, "amount": f"{row.amount:.2f}", "due_on": row.due_on}
