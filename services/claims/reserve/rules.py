"""Registration (立案) with its reserve, and every later change of the reserve, each with its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.claims.claim.rules import (
    BEFORE_DECISION,
    ClaimStatus,
    Duty,
    Flag,
    Held,
    Line,
    advance,
    in_order,
    legal_moves,
    refuse_to_take,
)
from shared.actor import Actor
from shared.errors import Conflict, Fault, ReasonRequired, Refused, StateConflict, Text
from shared.money import ZERO


class SurveyRequired(Conflict):
    code = "survey_required"
    title = Text("须先查勘", "A survey comes first")
    detail = Text(
        "责任险赔案须先查勘再立案；免查勘立案仅适用于人身险。",
        "A liability claim is surveyed before it is registered; only accident claims may go without.",
    )


class AmountNegative(Refused):
    code = "amount_negative"
    title = Text("金额不能为负", "The amount is negative")
    detail = Text("准备金不能为负数。", "A reserve cannot be negative.")


class ReserveUnchanged(Refused):
    code = "reserve_unchanged"
    title = Text("准备金没有变化", "The reserve does not change")
    detail = Text("新准备金与现值相同。", "The new reserve equals the present one.")


class ReserveBelowPaid(Refused):
    """Members: `paid`, `reserve` (yuan)."""

    code = "reserve_below_paid"
    title = Text("准备金低于已付", "The reserve is below what was paid")
    detail = Text(
        "准备金 {reserve} 元低于已付的 {paid} 元。", "A reserve of {reserve} is below the {paid} already paid."
    )


class PartsDiffer(Refused):
    """Members: `total` of the parts and `reserve` (yuan)."""

    code = "parts_differ"
    title = Text("分项之和与准备金不符", "The parts are not the whole")
    detail = Text("分项之和 {total} 元与准备金 {reserve} 元不符。", "The parts add up to {total}, not to {reserve}.")


@dataclass(frozen=True)
class Adequacy:
    """Dated figures: which share of what the sheet asks for a reserve may be."""

    adequate_from: Decimal
    adequate_to: Decimal


def adequacy(reserve: Decimal, needed: Decimal, figures: Adequacy) -> Flag | None:
    """The flag of a reserve that does not fit the sheet; `needed` is its payable sum and what was paid, in yuan."""
    if reserve < needed * figures.adequate_from:
        return Flag.RESERVE_INADEQUATE
    if reserve > needed * figures.adequate_to:
        return Flag.RESERVE_EXCESSIVE
    return None


RESERVE_FLAGS = (Flag.RESERVE_INADEQUATE, Flag.RESERVE_EXCESSIVE)


def flags_with(held: Iterable[str], found: Flag | None) -> list[str]:
    """The claim's flags with this finding about the reserve in place of the earlier one, in the order of `Flag`."""
    kept = {one for one in held if one not in RESERVE_FLAGS} | ({str(found)} if found else set())
    return in_order(kept)


def may_register(
    current: ClaimStatus, line: Line | None, duties: Iterable[Held], actor: Actor, interested: Collection[UUID] = ()
) -> None:
    """Refuse (409) a wrong state or a liability claim without its survey, and (403) a separate duty or interest."""
    advance(current, ClaimStatus.REGISTERED)
    if current is ClaimStatus.REPORTED and line is not Line.ACCIDENT:
        raise SurveyRequired()
    refuse_to_take(duties, actor, Duty.REGISTRAR, interested)


def may_change(current: ClaimStatus) -> None:
    """Refuse (409) a claim that is not registered, or whose money is out."""
    if current not in _WITH_RESERVE:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(current))


def check_parts(reserve: Decimal, parts: Sequence[Decimal]) -> None:
    """Refuse (422) a split by claimant and kind of loss that does not add up to the reserve."""
    if parts and sum(parts, ZERO) != reserve:
        raise PartsDiffer(
            Fault(PartsDiffer.code, PartsDiffer.detail, pointer="#/parts"), total=sum(parts, ZERO), reserve=reserve
        )


def register(
    current: ClaimStatus, line: Line | None, reserve: Decimal, reason: str, no_survey_reason: str | None
) -> ClaimStatus:
    """The state after registration.

    From `reported`, that is without a survey, only personal accident with `no_survey_reason` (422 if blank); a
    liability claim, and one whose line is unknown, is surveyed first (409). The reserve is in yuan, ≥ 0, and needs a
    reason (422).
    """
    status = advance(current, ClaimStatus.REGISTERED)
    if current is ClaimStatus.REPORTED:
        if line is not Line.ACCIDENT:
            raise SurveyRequired()
        _require_reason(no_survey_reason, "#/no_survey_reason")
    _require_amount(reserve)
    _require_reason(reason, "#/reason")
    return status


_WITH_RESERVE = (BEFORE_DECISION - {ClaimStatus.REPORTED, ClaimStatus.DISPATCHED, ClaimStatus.SURVEYED}) | {
    ClaimStatus.DECIDED,
    ClaimStatus.AGREED,
    ClaimStatus.PAYING,
}
"""From registration until the money is out; an open reserve of a finished claim would be a wrong figure."""


def change_reserve(
    current: ClaimStatus, present: Decimal, new: Decimal, reason: str, *, paid: Decimal = ZERO
) -> Decimal:
    """The difference of a change of the reserve, in yuan; `paid` are advances and payments already out.

    Refuses a claim that is not registered or already finished (409), a missing reason, a negative amount, no change,
    and less than was paid (422).
    """
    may_change(current)
    _require_amount(new)
    _require_reason(reason, "#/reason")
    if new == present:
        raise ReserveUnchanged(Fault(ReserveUnchanged.code, ReserveUnchanged.detail, pointer="#/reserve_amount"))
    if new < paid:
        raise ReserveBelowPaid(paid=paid, reserve=new)
    return new - present


def _require_amount(amount: Decimal) -> None:
    if amount < 0:
        raise AmountNegative(Fault(AmountNegative.code, AmountNegative.detail, pointer="#/reserve_amount"))


def _require_reason(reason: str | None, pointer: str) -> None:
    if not (reason or "").strip():
        text = Text("须说明原因。", "A reason is needed.")
        raise ReasonRequired(Fault(ReasonRequired.code, text, pointer=pointer))
