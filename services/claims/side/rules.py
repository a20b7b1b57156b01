"""A decision beside the claim's own life (advance, ex gratia, waiver, litigation, reopening): its states and its chain.

Each kind has a ladder of its own and a lowest level that may decide it; the steps are those of any approval.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.claims.approval.rules import StepTaken, Trigger
from services.claims.claim.rules import Duty
from shared.approval_chain import APPROVE, REFUSE, RETURN
from shared.errors import Conflict, Fault, ReasonRequired, StateConflict, Text, ValidationFailed
from shared.money import ZERO, yuan


class SideKind(StrEnum):
    ADVANCE = "advance"
    EX_GRATIA = "ex_gratia"
    RECOVERY = "recovery"
    LITIGATION = "litigation"
    REOPENING = "reopening"
    OVERPAYMENT = "overpayment"
    """Recorded, never asked back by itself: nobody decides about it."""


class SideStatus(StrEnum):
    OPEN = "open"
    """A recovery or a lawsuit that runs."""
    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    RETURNED = "returned"
    RECOVERED = "recovered"
    JUDGED = "judged"
    FINAL = "final"
    WITHDRAWN = "withdrawn"
    RECORDED = "recorded"


_S = SideStatus

NEXT: dict[SideStatus, frozenset[SideStatus]] = {
    _S.OPEN: frozenset({_S.REQUESTED, _S.RECOVERED, _S.JUDGED, _S.FINAL, _S.WITHDRAWN}),
    # A refused or returned waiver or settlement leaves the recovery or the lawsuit as it was.
    _S.REQUESTED: frozenset({_S.APPROVED, _S.REFUSED, _S.RETURNED, _S.OPEN, _S.FINAL}),
    _S.JUDGED: frozenset({_S.REQUESTED, _S.JUDGED, _S.FINAL, _S.WITHDRAWN}),
    **{one: frozenset() for one in (_S.APPROVED, _S.REFUSED, _S.RETURNED, _S.RECOVERED)},
    **{one: frozenset() for one in (_S.FINAL, _S.WITHDRAWN, _S.RECORDED)},
}

LADDER: dict[SideKind, str] = {
    SideKind.ADVANCE: "advance",
    SideKind.EX_GRATIA: "ex_gratia",
    SideKind.RECOVERY: "recovery_waiver",
    SideKind.LITIGATION: "claim_payment",
    SideKind.REOPENING: "claim_payment",
}
TRIGGER: dict[SideKind, Trigger] = {
    SideKind.ADVANCE: Trigger.ADVANCE,
    SideKind.EX_GRATIA: Trigger.EX_GRATIA,
    SideKind.RECOVERY: Trigger.RECOVERY_WAIVER,
    SideKind.LITIGATION: Trigger.LITIGATION,
    SideKind.REOPENING: Trigger.REOPENING,
}
PAID_OUT = frozenset({SideKind.ADVANCE, SideKind.EX_GRATIA})
"""Kinds of which money goes out once they are approved."""

RUNS_ON = frozenset({SideKind.RECOVERY, SideKind.LITIGATION})
"""Kinds that go on where their request is refused or returned."""

REQUESTER: dict[SideKind, Duty] = {kind: Duty.ADJUSTER for kind in SideKind} | {SideKind.REOPENING: Duty.REPORTER}
"""As whom whoever asked counts: nobody decides on a request of his own."""


class SideDecisionOpen(Conflict):
    """Members: `kind`, `side_id`."""

    code = "side_decision_open"
    title = Text("已有同类申请在审批", "One of this kind is being decided")
    detail = Text("本案已有 {kind} 申请在审批中。", "A request of the kind {kind} is being decided already.")


@dataclass(frozen=True)
class Side:
    """What is stored about one of them, as rules take it. Amounts in yuan."""

    id: UUID
    kind: SideKind
    status: SideStatus
    amount: Decimal
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sides:
    """All of a claim, and what else their requests are judged by. `loss_kinds`: of the newest assessment."""

    all: tuple[Side, ...] = ()
    loss_kinds: frozenset[str] = frozenset()
    assessed: bool = False
    refused_as: str | None = None
    never_ex_gratia: frozenset[str] = frozenset()

    def of(self, kind: SideKind, *states: SideStatus) -> tuple[Side, ...]:
        """Those of one kind, in any state or in one of `states`."""
        return tuple(one for one in self.all if one.kind is kind and (not states or one.status in states))

    def granted(self, kind: SideKind) -> Decimal:
        """What was granted so far, in yuan."""
        return sum((one.amount for one in self.of(kind, _S.APPROVED)), ZERO)


def advance_side(current: SideStatus, to: SideStatus) -> SideStatus:
    """`to`, if it may go there; otherwise `StateConflict` (409)."""
    if to not in NEXT[current]:
        moves = [str(one) for one in SideStatus if one in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    return to


def refuse_second(sides: Sides, kind: SideKind) -> None:
    """Refuse (409) a request while one of the same kind is being decided."""
    for one in sides.of(kind, _S.REQUESTED):
        raise SideDecisionOpen(kind=str(kind), side_id=str(one.id))


def check_amount(amount: Decimal) -> None:
    """Refuse (422) an amount of nothing."""
    if amount <= 0:
        text = Text("金额须大于零。", "The amount is more than zero.")
        raise ValidationFailed(Fault("amount_not_positive", text, pointer="#/amount"))


def check_reason(*given: tuple[str, str | None]) -> None:
    """Refuse (422) a request without its reason; `given`: field and value."""
    faults = [
        Fault(ReasonRequired.code, ReasonRequired.detail, pointer=f"#/{name}")
        for name, value in given
        if not (value or "").strip()
    ]
    if faults:
        raise ReasonRequired(*faults)


def after_step(kind: SideKind, taken: StepTaken) -> SideStatus:
    """Where an act brings the request: decided, back to whoever asked (a return of the first step), or still open."""
    if taken.act.outcome == RETURN and taken.act.step == 1:
        return _S.OPEN if kind in RUNS_ON else _S.RETURNED
    if taken.final == APPROVE:
        return _S.FINAL if kind is SideKind.LITIGATION else _S.APPROVED
    if taken.final == REFUSE:
        return _S.OPEN if kind in RUNS_ON else _S.REFUSED
    return _S.REQUESTED


def digest_of(claim_id: UUID, side_id: UUID, kind: str, amount: Decimal, facts: Mapping[str, Any]) -> str:
    """The digest of what is approved: whatever changes afterwards is not what was approved (SHA-256, hex)."""
    told = {"claim_id": str(claim_id), "id": str(side_id), "kind": kind, "amount": yuan(amount), "facts": facts}
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def open_ones(sides: Iterable[Side]) -> list[str]:
    """The requests that nobody has decided yet, as closing names them."""
    return [f"{one.kind}:{one.id}" for one in sides if one.status is _S.REQUESTED]
