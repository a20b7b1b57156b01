"""Payment orders: from whom, to whom, how much, and what a confirmation does. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.errors import Conflict, OccurredInFuture, Refused, StateConflict, Text
from shared.money import yuan


class OrderStatus(StrEnum):
    CREATED = "created"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"


class OrderKind(StrEnum):
    PREMIUM = "premium"
    ADDITIONAL_PREMIUM = "additional_premium"
    REFUND = "refund"

    @property
    def direction(self) -> str:
        return "out" if self is OrderKind.REFUND else "in"


_S = OrderStatus
NEXT: dict[OrderStatus, frozenset[OrderStatus]] = {
    _S.CREATED: frozenset({_S.PAID, _S.FAILED, _S.CANCELLED}),
    # What failed is sent again; money that came all the same is money that came.
    _S.FAILED: frozenset({_S.CREATED, _S.PAID, _S.CANCELLED}),
    _S.PAID: frozenset(),
    _S.CANCELLED: frozenset(),
}


def advance(current: OrderStatus, to: OrderStatus) -> OrderStatus:
    """`to`, if an order may go there from `current`; otherwise `StateConflict` (409)."""
    if to not in NEXT[current]:
        moves = [str(status) for status in OrderStatus if status in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    return to


class PayerNotEntitled(Refused):
    """Member: `roles`, whose money it may be."""

    code = "payer_not_entitled"
    title = Text("付款人不符", "Not a payer of this contract")
    detail = Text(
        "保险费只能由 {roles} 本人账户支付(保险销售行为管理办法第三十二条)。",
        "Premium comes from an account of: {roles} (保险销售行为管理办法 art. 32).",
    )


class PayeeNotEntitled(Refused):
    """Member: `roles`."""

    code = "refund_payee_not_entitled"
    title = Text("收款人不符", "Not the payee of this refund")
    detail = Text("退费只能付至 {roles} 本人账户。", "A refund goes to an own account of: {roles}.")


class StaffAccount(Refused):
    code = "account_of_staff"
    title = Text("经办人员账户", "An account of staff")
    detail = Text(
        "经办本单的人员不得代收代付(保险销售行为管理办法第三十二条)。",
        "Staff who handle the contract never take or pass on its money (保险销售行为管理办法 art. 32).",
    )


class AmountDiffers(Refused):
    """Members: `ordered`, `told`."""

    code = "amount_differs"
    title = Text("金额与应收应付不符", "Not the amount that was computed")
    detail = Text("应为 {ordered} 元，报来 {told} 元。", "{ordered} is due, {told} was told.")


class AlreadyPaid(Conflict):
    """Member: `reference`, under which it was paid."""

    code = "already_paid"
    title = Text("该指令已经收付", "The order was carried out already")
    detail = Text("该指令已凭 {reference} 收付，不会重复。", "It was carried out under {reference}, and only once.")


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody of the contract. `role`: `policyholder`, `insured` or `beneficiary`."""

    role: str
    name: str

    def stored(self) -> dict[str, str]:
        return {"role": self.role, "name": self.name}


def plain(name: str) -> str:
    """A name without spaces and case, as names of accounts are compared."""
    return "".join(name.split()).casefold()


def parties_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Party, ...]:
    return tuple(Party(one["role"], one["name"]) for one in rows)


IN_ROLES = ("policyholder", "insured", "beneficiary")
OUT_ROLES = ("policyholder",)


def check_payer(name: str, parties: Sequence[Party], behind: Collection[UUID], handlers: Collection[UUID]) -> None:
    """Refuse (422) money from somebody outside the contract, or from an account of staff who handle it.

    `behind`: staff whose own account it is; `handlers`: who sold, entered or decided it.
    """
    if set(behind) & set(handlers):
        raise StaffAccount()
    if plain(name) not in {plain(one.name) for one in parties if one.role in IN_ROLES}:
        raise PayerNotEntitled(roles=", ".join(IN_ROLES))


def check_payee(name: str, parties: Sequence[Party], behind: Collection[UUID], handlers: Collection[UUID]) -> None:
    """Refuse (422) a refund to anybody but the policyholder, or to an account of staff who handle the contract."""
    if set(behind) & set(handlers):
        raise StaffAccount()
    if plain(name) not in {plain(one.name) for one in parties if one.role in OUT_ROLES}:
        raise PayeeNotEntitled(roles=", ".join(OUT_ROLES))


def repeats(status: OrderStatus, held: str | None, reference: str) -> bool:
    """Whether this confirmation was taken before; another reference for what is paid already is refused (409)."""
    if status is not OrderStatus.PAID:
        return False
    if held != reference:
        raise AlreadyPaid(reference=held or "")
    return True


def confirm(
    status: OrderStatus, amount: Decimal, told: Decimal | None, paid_at: datetime, now: datetime
) -> OrderStatus:
    """`paid`, where the amount is the one computed (422) and the moment is not in the future (422)."""
    if paid_at > now:
        raise OccurredInFuture()
    if told is not None and told != amount:
        raise AmountDiffers(ordered=yuan(amount), told=yuan(told))
    return advance(status, OrderStatus.PAID)
