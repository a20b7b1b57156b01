"""Reading payments: the list, one with its claim, and what an order is judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.claims.adjustment import queries as adjustment
from services.claims.adjustment import rules as calculation
from services.claims.adjustment.tables import CalculationSheet
from services.claims.agreement import queries as agreement
from services.claims.approval import queries as approval
from services.claims.claim import queries as spine
from services.claims.claim.rules import BEFORE_DECISION, Duty, Flag, Held, Line, acting
from services.claims.claim.tables import Claim
from services.claims.deadlines import queries as deadlines
from services.claims.payment import rules
from services.claims.payment.tables import Payment
from services.claims.side import queries as side
from services.claims.side.tables import SideDecision
from shared import directory
from shared.actor import Actor
from shared.assignees import Check
from shared.attachments import attachments
from shared.audit import history
from shared.authority import Unit
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import NotFound
from shared.masking import keyed_digest
from shared.money import ZERO
from shared.pagination import Filter, Listing

PAYMENTS = Listing(
    model=Payment,
    filters={
        "status": Filter(Payment.status),
        "claim_id": Filter(Payment.claim_id, UUID),
        "claim_no": Filter(Payment.claim_no),
        "payee_kind": Filter(Payment.payee_kind),
        "due_on": Filter(Payment.due_on, date, ranged=True),
    },
    conditions={"due_before": lambda value: Payment.due_on < date.fromisoformat(value)},
    search=(Payment.claim_no,),
    sorts={"due_on": Payment.due_on},
)

PAYING_LEVELS = ("central_branch", "branch")
"""Levels that have a cashier."""


@dataclass(frozen=True)
class Ordered:
    """What is ordered of a claim's approved sheet, in yuan, and what is payable."""

    payable: Decimal
    amount: Decimal


@dataclass(frozen=True)
class PaymentFacts:
    """What an act on a payment is judged by."""

    payment: Payment
    claim: Claim
    duties: tuple[Held, ...]
    interested: frozenset[UUID]


async def payments_of(tx: Transaction, claim_id: UUID) -> Sequence[Payment]:
    """All payments of a claim, on whichever sheet, in order."""
    return await tx.scalars(select(Payment).where(Payment.claim_id == claim_id).order_by(Payment.payable_no))


async def timeline(tx: Transaction, claim: Claim) -> list[dict[str, Any]]:
    """What became of the claim's payments, for its timeline; that they were ordered stands there already."""
    lines, mine = history.c, select(Payment.id).where(Payment.claim_id == claim.id)
    acts = select(history).where(lines.record_type == "payment", lines.record_id.in_(mine), lines.action != "order")
    async with adjustment.across_units(tx):
        rows = (await tx.execute(acts.order_by(lines.id))).mappings().all()
    return [
        {
            "at": row["at"], "kind": f"{row['action']}_payment", "position": row["position"],
            "unit_code": row["unit_code"], "reason": row["reason"],
            "person": {"person_id": str(row["person_id"]), "staff_no": row["staff_no"]},
            "facts": {"payment_id": str(row["record_id"]), "status": row["after"]["status"]},
        }
        for row in rows
    ]  # fmt: skip


async def next_payable_no(tx: Transaction, claim_id: UUID) -> int:
    """The number of the next payment of the claim, whose row is locked."""
    last = await tx.scalar(select(func.max(Payment.payable_no)).where(Payment.claim_id == claim_id))
    return (last or 0) + 1


def live(rows: Sequence[Payment], claim: Claim) -> list[Payment]:
    """The payments that count against the payable amount of the claim's sheet."""
    mine = (one for one in rows if one.side_id is None and one.sheet_version == claim.sheet_version)
    return [one for one in mine if one.state in rules.LIVE]


def live_of_side(rows: Sequence[Payment], side_id: UUID) -> list[Payment]:
    """The payments that count against what was granted beside the sheet."""
    return [one for one in rows if one.side_id == side_id and one.state in rules.LIVE]


async def pay_granted_on(tx: Transaction, row: SideDecision) -> date:
    """The last day to pay what was granted: counted from the decision, drawn forward to a working day."""
    _, days = await deadlines.registry(tx)
    period = int((await side.figures(tx)).content["pay_days"])
    return days.payment_day(legal_day(row.decided_at or tx.now) + timedelta(days=period))


async def claimant_names(tx: Transaction, claim: Claim) -> dict[str, str | None]:
    """The claimants of the newest assessment by ref; none before it."""
    losses = await adjustment.newest_losses(tx, claim.id)
    return {one["ref"]: one.get("name") for one in (losses.facts["claimants"] if losses else ())}


async def known(tx: Transaction, claim: Claim, _state: Any) -> Mapping[str, Any]:
    """What this room adds to the facts that actions are judged by."""
    paid = sum((one.amount for one in await adjustment.paid_before(tx, claim.id)), ZERO)
    if claim.state in BEFORE_DECISION:
        return {"paid": paid}
    rows = live(await payments_of(tx, claim.id), claim)
    ordered = Ordered(claim.payable_amount or ZERO, sum((one.amount for one in rows), ZERO))
    return {"paid": paid, "ordered": ordered}


async def payment_and_claim(tx: Transaction, payment_id: UUID, version: int | None) -> tuple[Payment, Claim]:
    """Both rows locked, the claim first: acts on two payments of one claim follow each other.

    The payment is counted up. Raises as `find_for_change`.
    """
    claim_id = await tx.scalar(select(Payment.claim_id).where(Payment.id == payment_id))
    if claim_id is None:
        raise NotFound()
    claim = await tx.find(Claim, claim_id, lock=True)
    return await tx.find_for_change(Payment, payment_id, version), claim


async def facts_of(tx: Transaction, payment: Payment, claim: Claim) -> PaymentFacts:
    """Everything an act on the payment is judged by."""
    return PaymentFacts(
        payment, claim, await spine.duties_of(tx, claim.id), await staff_behind(tx, payment.payee_digest)
    )


async def staff_behind(tx: Transaction, digest: str) -> frozenset[UUID]:
    """Staff whose account, or whose declared relative's account, this is."""
    return frozenset(person for person, _ in await directory.declared(tx, {digest}))


async def approved_as_staff(tx: Transaction, claim: Claim, digest_key: bytes) -> bool:
    """Whether the claim went up as one of staff or relatives."""
    return str(Flag.STAFF_OR_RELATIVE) in claim.flags or bool(await adjustment.interested(tx, claim, digest_key))


async def changed_since_approval(tx: Transaction, claim: Claim, sheet: CalculationSheet) -> list[str]:
    """What differs from what was approved: the digest is taken again, from the sheet and the policy as they are now."""
    approved = await agreement.deciding_step(tx, claim)
    version, _ = await adjustment.version_at_loss(tx, claim)
    now = calculation.digest_of(claim.id, sheet.sheet_version, version.policy_version, sheet.content)
    amounts = (claim.gross_amount, claim.payable_amount) == (sheet.gross_amount, sheet.payable_amount)
    found = []
    if approved is None or approved.digest != sheet.digest:
        found.append("approval")
    if now != sheet.digest:
        found.append("sheet" if version.policy_version == sheet.policy_version else "policy_version")
    if await approval.payees_changed(tx, claim, approved):
        found.append("payees")
    return found if amounts else [*found, "amounts"]


async def refuse_unplanned(tx: Transaction, claim: Claim, kind: str, name: str, digest: str) -> None:
    """Refuse (409) a payee who is not among those that were approved with the sheet, where any were named."""
    plan = await adjustment.payee_plan(tx, claim.id)
    if plan is not None and plan.payees and not calculation.planned(plan.payees, kind, name, digest):
        raise rules.ApprovedBasisChanged(changed=["payees"])


async def entitlements(tx: Transaction, claim: Claim, sheet: CalculationSheet) -> rules.Entitlements:
    """Who gets how much of what the sheet pays."""
    losses = await adjustment.losses_numbered(tx, claim.id, sheet.loss_number)
    facts = losses.facts if losses else {}
    names = {one["ref"]: one.get("name") for one in facts.get("claimants", ())}
    agreed = await agreement.current_agreement(tx, claim)
    claimants = rules.claimants_of(sheet.content, names, agreement.beneficiaries_of(agreed))
    expenses = Decimal(sheet.content["expense_amount"])
    return rules.entitlements(Line(claim.line or ""), sheet.payable_amount, claimants, expenses)


async def foreign_files(tx: Transaction, claim: Claim, ids: Sequence[UUID]) -> list[int]:
    """Positions of ids that are no file of this claim."""
    files = attachments.c
    mine = set(await tx.scalars(select(files.id).where(files.record_id == claim.id, files.id.in_(ids)))) if ids else ()
    return [at for at, one in enumerate(ids) if one not in mine]


async def pay_on(tx: Transaction, claim: Claim) -> date:
    """The last day to pay: that of the period since the agreement, drawn forward to a working day."""
    for period in await deadlines.periods_of(tx, claim):
        if period.deadline.id == "DL-CL-3" and period.pay_on is not None:
            return period.pay_on
    raise LookupError("a payment has a period only once the amount is agreed")


async def paying_unit(tx: Transaction, org_path: str) -> Unit | None:
    """The lowest unit from `org_path` upward that has a cashier; none known: the lowest level that can have one."""
    path = await directory.units_on_path(tx, org_path)
    for unit in path:
        if await directory.appointments(tx, position="cashier", unit_code=unit.code):
            return unit
    return next((unit for unit in path if unit.level in PAYING_LEVELS), path[-1] if path else None)


def digest_of(state: Any, account: str) -> str:
    """The keyed digest of an account, as staff declare theirs."""
    return keyed_digest(state.digest_key, account)


async def approved_by(tx: Transaction, claim_id: UUID, actor: Actor) -> bool:
    """Whether the caller, or the one for whom the caller acts, is an approver of the claim."""
    people = acting(actor)
    return any(one.duty is Duty.APPROVER and one.person_id in people for one in await spine.duties_of(tx, claim_id))


async def who_may_pay(tx: Transaction, payment_id: UUID, state: Any) -> Check:
    """For work that is given to another cashier: who has no other duty on the claim."""
    payment = await tx.find(Payment, payment_id)
    return await spine.who_may(Duty.CASHIER, anywhere=True)(tx, payment.claim_id, state)
