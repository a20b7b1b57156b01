"""What may be demanded for a duty that was not kept, and what may not (保险法 art. 51(3)). Pure."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from enum import StrEnum

from services.policy.application.rules import CompulsoryCover
from shared.errors import Conflict, Refused, StateConflict, Text


class DemandStatus(StrEnum):
    PROPOSED = "proposed"
    DEMANDED = "demanded"
    AGREED = "agreed"
    CANCELLED = "cancelled"
    DROPPED = "dropped"


_S = DemandStatus
NEXT: dict[DemandStatus, frozenset[DemandStatus]] = {
    _S.PROPOSED: frozenset({_S.DEMANDED, _S.CANCELLED, _S.DROPPED}),
    _S.DEMANDED: frozenset({_S.AGREED, _S.CANCELLED, _S.DROPPED}),
    _S.AGREED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.DROPPED: frozenset(),
}


class DutyClauseRequired(Refused):
    code = "duty_clause_required"
    title = Text("须写明约定的安全义务条款", "The clause of the agreed duty is needed")
    detail = Text(
        "增加保险费或解除合同须以约定的安全义务为依据，请写明条款编号(保险法第五十一条第三款)。",
        "A higher premium or an end rests on a safety duty that was agreed: name its clause (保险法 art. 51(3)).",
    )


class DutyClauseUnknown(Refused):
    """Members: `clause_id`, `known` of the policy's product."""

    code = "duty_clause_unknown"
    title = Text("合同没有该义务条款", "The contract has no such duty")
    detail = Text("条款 {clause_id} 不是该合同的义务条款：{known}。", "{clause_id} is no duty of it; it has: {known}.")


class IncreaseNotAgreed(Conflict):
    """Member: `status` of the endorsement."""

    code = "increase_not_agreed"
    title = Text("增加保险费尚未经投保人同意", "The higher premium is not agreed yet")
    detail = Text(
        "增加保险费以批改生效为准，该批改状态为 {status}。",
        "A higher premium holds once agreed by endorsement; that one is {status}.",
    )


class NoIncrease(Refused):
    code = "no_increase"
    title = Text("未增加保险费", "Nothing is demanded")
    detail = Text("增加比例须大于 0。", "The increase has to be above zero.")


def advance(current: DemandStatus, to: DemandStatus) -> DemandStatus:
    """`to`, if a demand may go there; otherwise `StateConflict` (409)."""
    if to not in NEXT[current]:
        moves = [str(status) for status in DemandStatus if status in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    return to


def check_clause(clause_id: str | None, known: Collection[str] | None) -> str:
    """The clause of the agreed duty; refused (422) where none is named, or one that the contract does not have.

    `known` None: the contract's clauses are not kept here, so the clause named stands.
    """
    if not clause_id:
        raise DutyClauseRequired()
    if known is not None and clause_id not in known:
        raise DutyClauseUnknown(clause_id=clause_id, known=", ".join(sorted(known)) or "-")
    return clause_id


def check_increase(rate: Decimal) -> Decimal:
    """The share of the premium that is demanded more, above zero (422)."""
    if rate <= 0:
        raise NoIncrease()
    return rate


def refuse_compulsory(*, compulsory: bool, proven: bool) -> None:
    """Refuse (409) to end compulsory cover for an unkept duty, but with proof of closure or full stop of production."""
    if compulsory and not proven:
        raise CompulsoryCover()


def refuse_unagreed(kind: str, status: str, *, same_policy: bool) -> None:
    """Refuse (409) to call a demand agreed without an endorsement of that policy in effect."""
    if kind != "endorsement" or not same_policy or status not in ("effective", "delivered"):
        raise IncreaseNotAgreed(status=status)
