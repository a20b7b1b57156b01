"""How payment orders are shown: payer and payee masked, but for the core system, which collects and pays."""

from __future__ import annotations

from typing import Any

from services.policy.payment_order import queries, schemas
from services.policy.payment_order.rules import OrderStatus
from services.policy.payment_order.tables import PaymentOrder
from shared.actions import Action, judged
from shared.audit import Entry
from shared.database import Transaction
from shared.ids import uuid7
from shared.masking import masked_account, masked_name
from shared.money import yuan

UNMASK = "policy.payer_account.unmask"
CORE_SYSTEM = "core_system"
_PARTIES = ("payee", "payer", "masked")


def _party(name: str | None, account: str | None, *, plain: bool) -> schemas.PartyOut | None:
    if name is None:
        return None
    if plain:
        return schemas.PartyOut(name=name, account=account)
    return schemas.PartyOut(name=masked_name(name), account=None if account is None else masked_account(account))


def item(row: PaymentOrder, *, plain: bool = False) -> schemas.OrderItem:
    """The order in a list."""
    names = [name for name in schemas.OrderItem.model_fields if name not in _PARTIES]
    shown: dict[str, Any] = {
        "payee": _party(row.payee_name, row.payee_account, plain=plain),
        "payer": _party(row.payer_name, row.payer_account, plain=plain),
    }
    masked = [f"{side}.{name}" for side, one in shown.items() if one is not None for name in ("name", "account")]
    told = {name: getattr(row, name) for name in names}
    return schemas.OrderItem(**told, **shown, masked=[] if plain else masked)


def alone(
    tx: Transaction, row: PaymentOrder, actions: tuple[Action[queries.OrderFacts], ...], language: str
) -> schemas.OrderOut:
    """The order read singly. The core system reads whom it pays while it is to pay; that is written to the trail."""
    to_do = row.state in (OrderStatus.CREATED, OrderStatus.FAILED)
    plain = tx.actor.position == CORE_SYSTEM and tx.actor.may(UNMASK) and to_do
    if plain and row.payee_name is not None:
        told = {"fields": ["payee.name", "payee.account"]}
        tx.note_act(
            Entry(
                action="read_payee", object_type=row.record_type, object_id=row.id, org_path=row.org_path, after=told
            )
        )  # fmt: skip
    facts = queries.OrderFacts(row)
    return schemas.OrderOut(
        **item(row, plain=plain).model_dump(), computation=row.computation,
        available_actions=judged(actions, tx.actor, facts, row.id, language),
    )  # fmt: skip


def fact(tx: Transaction, row: PaymentOrder) -> schemas.OrderFactOut:
    """The answer to an act on an order."""
    state = schemas.OrderState(id=row.id, version=row.version, status=row.status)
    return schemas.OrderFactOut(id=uuid7(), created_at=tx.now, payment_order=state)


def noted(row: PaymentOrder) -> dict[str, Any]:
    """The order in the trail: no payer and no payee."""
    return {"status": row.status, "kind": row.kind, "amount": yuan(row.amount), "sending": row.sending}


async def plain_values(tx: Transaction, row: PaymentOrder) -> dict[str, str | None]:
    """What a reveal of an order can show: names, and accounts to whoever handles money."""
    names = {"payee.name": row.payee_name, "payer.name": row.payer_name}
    if not tx.actor.may(UNMASK):
        return names
    return names | {"payee.account": row.payee_account, "payer.account": row.payer_account}
