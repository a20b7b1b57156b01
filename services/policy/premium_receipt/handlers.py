"""Premium without a decision: the alarm, what the others are told, and who is asked when it stays undecided.

Whoever takes the premium and does not answer bears the loss that happens meanwhile, if the risk could be insured
(保险法解释二 art. 4). The alarm ends with the decision and with nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.policy import events
from services.policy.application import shapes as application_shapes
from services.policy.application.handlers import PATH
from services.policy.application.queries import ApplicationFacts, facts_of, settings_of
from services.policy.application.rules import UNANSWERED, ApplicationKind, refuse_unless
from services.policy.application.tables import Application
from services.policy.disclosure.handlers import happened
from services.policy.disclosure.rules import OnlyForProposals
from services.policy.premium_receipt.schemas import ReceiptOut, RecordReceipt
from services.policy.underwriting.handlers import ALARM_ITEM, ESCALATION_ITEM
from services.policy.underwriting.tables import PremiumReceipt
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import yuan
from shared.numbers import branch_of
from shared.ticks import Tick, claim, one_by_one, unclaimed
from shared.work_items import open_item

RULE = "premium_without_decision"
_EVERY = timedelta(minutes=5)


def check_receipt(_actor: Actor, facts: ApplicationFacts) -> None:
    """Whether money can come in for this application without an answer."""
    row = facts.application
    if row.of_kind is not ApplicationKind.PROPOSAL:
        raise OnlyForProposals(kind=row.kind)
    refuse_unless(row.of_kind, row.state, UNANSWERED)


async def record_receipt(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None, command: RecordReceipt,
    state: Any,
) -> Answer:  # fmt: skip
    """The cashier records money that came before the answer."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Application, application_id, version)
        check_receipt(actor, await facts_of(tx, row, state))
        at = happened(tx, command.received_at, command.reason, "#/received_at")
        if command.amount <= 0:
            words = Text("金额须大于零。", "The amount is more than zero.")
            raise ValidationFailed(Fault("amount_not_positive", words, pointer="#/amount"))
        receipt = await received(tx, row, command.amount, at, command.reference)
        after = {"amount": yuan(receipt.amount), "received_at": str(receipt.received_at)}
        tx.note("receive_premium", row, after=after, reason=command.reason)
        out = ReceiptOut(
            id=receipt.id, created_at=receipt.created_at, amount=receipt.amount, received_at=receipt.received_at,
            reference=receipt.reference, application=application_shapes.state(row),
        )  # fmt: skip
        return tx.answer(out, location=f"{PATH}/{row.id}", version=row.version)


async def received(tx: Transaction, row: Application, amount: Decimal, at: datetime, reference: str) -> PremiumReceipt:
    """Keep the money that came, in yuan, raise the alarm and tell the others; the application does not lapse any more.

    The application's row is locked by the caller.
    """
    receipt = PremiumReceipt(
        id=uuid7(), created_at=tx.now, application_id=row.id, org_path=row.org_path, amount=amount, received_at=at,
        reference=reference, alarmed_at=tx.now, person_id=tx.actor.person_id,
    )  # fmt: skip
    tx.add(receipt)
    row.premium_received_at = min(at, row.premium_received_at or at)
    row.expires_on = None
    tx.publish(
        events.PremiumReceived(
            application_id=row.id, customer_id=row.customer_id, line=row.line, amount=amount, received_at=at
        ),
        row,
    )
    days = (await settings_of(tx))["premium_alarm_days"]
    await open_item(
        tx, ALARM_ITEM, row, Text("已收保费，须立即核保", "Premium came in: decide now"), number=None,
        unit_code=_central(row.org_path), position="underwriter", href=f"{PATH}/{row.id}/decisions",
        due_at=at + timedelta(days=days), basis="保险法解释二第四条", priority="high",
    )  # fmt: skip
    return receipt


def _central(path: str) -> str:
    """The central branch that underwrites for the unit at `path`."""
    return path.split(".")[min(2, path.count("."))]


async def _undecided(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Applications whose premium is held longer than it may be without an answer."""
    days = (await settings_of(tx))["premium_alarm_days"]
    statement = select(Application.id).where(
        Application.premium_received_at < tx.now - timedelta(days=days), Application.decided_at.is_(None),
        Application.status.in_([str(one) for one in UNANSWERED]), unclaimed(RULE, Application.id, legal_day(tx.now)),
    )  # fmt: skip
    return await tx.scalars(statement.order_by(Application.premium_received_at).limit(limit))


async def _escalate(tx: Transaction, application_id: UUID) -> None:
    """The head of the branch's department is asked once a day."""
    row = await tx.find(Application, application_id, lock=True)
    if row.decided_at is not None or not await claim(tx, RULE, row.id, legal_day(tx.now)):
        return
    await open_item(
        tx, ESCALATION_ITEM, row, Text("已收保费逾期未核保", "Premium held without an answer"), number=None,
        unit_code=branch_of(row.org_path), position="department_head", href=f"{PATH}/{row.id}", method="GET",
        due_at=row.premium_received_at, basis="保险法解释二第四条", priority="high",
    )  # fmt: skip


TICKS = (Tick(RULE, _EVERY, one_by_one(_undecided, _escalate)),)
ACTIONS: tuple[Action[ApplicationFacts], ...] = (
    Action(
        "record_premium_receipt", "POST", PATH + "/{id}/premium-receipts", "policy.payment_order.confirm", check_receipt
    ),
)
