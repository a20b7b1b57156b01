"""What a court or an arbitrator decides about a claim.

保险法司法解释四 art. 14: the liability of the insured is fixed by a final judgment or award, or by an agreement. Until
then nothing is paid to whoever sues; then what was fixed is what is paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from services.claims.claim.rules import ClaimStatus, Duty, Held, legal_moves, refuse_to_take
from services.claims.side.rules import Side, SideKind, Sides, SideStatus, advance_side, refuse_second
from shared.actor import Actor
from shared.errors import Conflict, Fault, StateConflict, Text, ValidationFailed
from shared.money import ZERO

RUNNING = (SideStatus.OPEN, SideStatus.JUDGED, SideStatus.REQUESTED)


class Result(StrEnum):
    JUDGMENT = "judgment"
    RULING = "ruling"
    AWARD = "award"
    """Of an arbitrator: final at once."""
    SETTLEMENT = "settlement"
    """Agreed in the proceedings; needs the consent of its chain."""
    WITHDRAWN = "withdrawn"


class LiabilityNotFixed(Conflict):
    """Member: `side_id` of the proceedings that run."""

    code = "liability_not_fixed"
    title = Text("赔偿责任尚未确定", "The liability is not fixed yet")
    detail = Text(
        "该索赔人的诉讼或仲裁 {side_id} 尚未终结，责任确定前不得支付。",
        "The proceedings {side_id} about this claimant are not over; nothing is paid before the liability is fixed.",
    )


@dataclass(frozen=True)
class Outcome:
    """One result. `amount`: what the insured owes by it, in yuan; `final`: nobody can appeal any more."""

    result: Result
    decided_on: date
    served_on: date | None
    amount: Decimal | None
    final: bool


def may_open(status: ClaimStatus, duties: Iterable[Held], actor: Actor) -> None:
    """Refuse (403) who surveyed or approved, (409) a claim that is cancelled."""
    refuse_to_take(duties, actor, Duty.ADJUSTER)
    if status is ClaimStatus.CANCELLED:
        raise StateConflict(current_state=str(status), legal_moves=legal_moves(status))


def check_filed(filed_on: date, loss_on: date, today: date) -> None:
    """Refuse (422) a day in the future or before the loss."""
    if not loss_on <= filed_on <= today:
        words = Text("立案日期须在出险之后、今天之前。", "The day lies before the loss or after today.")
        raise ValidationFailed(Fault("day_out_of_range", words, pointer="#/filed_on"))


def conclude(side: Side, told: Outcome, sides: Sides, today: date) -> SideStatus:
    """The state after a result: `judged` while it can be appealed, `final`, `withdrawn`, `requested` for a settlement.

    Refuses proceedings that are over and a second settlement (409); a day in the future or before the filing, and a
    result without its amount (422).
    """
    filed_on = date.fromisoformat(side.facts["filed_on"])
    faults = []
    if not filed_on <= told.decided_on <= today or (told.served_on or told.decided_on) > today:
        words = Text("日期须在起诉之后、今天之前。", "The day lies before the filing or after today.")
        faults.append(Fault("day_out_of_range", words, pointer="#/decided_on"))
    if told.result is not Result.WITHDRAWN and (told.amount is None or told.amount < ZERO):
        words = Text("须填写确定的赔偿金额。", "The amount that the result fixes is needed.")
        faults.append(Fault("amount_required", words, pointer="#/amount"))
    if faults:
        raise ValidationFailed(*faults)
    if told.result is Result.WITHDRAWN:
        return advance_side(side.status, SideStatus.WITHDRAWN)
    if told.result is Result.SETTLEMENT:
        refuse_second(sides, SideKind.LITIGATION)
        return advance_side(side.status, SideStatus.REQUESTED)
    final = told.final or told.result is Result.AWARD
    return advance_side(side.status, SideStatus.FINAL if final else SideStatus.JUDGED)


def appeal_until(told: Outcome, days: Mapping[str, int]) -> date | None:
    """The last day to appeal, counted from the day after the service (民事诉讼法 art. 171); None where nobody can."""
    if told.result not in (Result.JUDGMENT, Result.RULING) or told.final:
        return None
    return (told.served_on or told.decided_on) + timedelta(days=days[str(told.result)])


def _about(sides: Sides, claimant_ref: str | None, *states: SideStatus) -> tuple[Side, ...]:
    suits = sides.of(SideKind.LITIGATION, *states)
    return tuple(one for one in suits if one.facts.get("claimant_ref") in (None, claimant_ref))


def refuse_not_fixed(sides: Sides, claimant_ref: str | None) -> None:
    """Refuse (409) a payment for a claimant about whom proceedings run."""
    for one in _about(sides, claimant_ref, *RUNNING):
        raise LiabilityNotFixed(side_id=str(one.id))


def fixed_amount(sides: Sides, claimant_ref: str | None) -> Decimal | None:
    """What the newest final result fixed for this claimant alone, in yuan; None where none did."""
    final = [one for one in sides.of(SideKind.LITIGATION, SideStatus.FINAL) if one.facts.get("result_amount")]
    mine = [one for one in final if claimant_ref is not None and one.facts.get("claimant_ref") == claimant_ref]
    return Decimal(mine[-1].facts["result_amount"]) if mine else None
