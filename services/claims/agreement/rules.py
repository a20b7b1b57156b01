"""Agreement on the amount, the notice of the result, and its explanation.

保险法 art. 23: the result is told, and paid within 10 days of the agreement. Art. 24: a refusal is served in writing,
with its reasons, within 3 days of the determination.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from services.claims.adjustment.rules import Beneficiary
from services.claims.claim.rules import ClaimStatus, Outcome, advance, legal_moves
from shared.errors import Conflict, Fault, OccurredInFuture, Refused, StateConflict, Text
from shared.money import ZERO

NOTICE_ITEM, ORDER_ITEM, CLOSE_ITEM = "notice", "order_payment", "close"
"""Kinds of the work items that this room opens or ends."""


class NoticeKind(StrEnum):
    """Which result a notice tells."""

    PAY = "pay"
    REFUSE = "refuse"
    PARTIAL = "partial"
    ZERO = "zero"


NOTICE_OF: dict[Outcome, NoticeKind] = {
    Outcome.PAID: NoticeKind.PAY,
    Outcome.PARTIAL: NoticeKind.PARTIAL,
    Outcome.REFUSED: NoticeKind.REFUSE,
    Outcome.ZERO: NoticeKind.ZERO,
}

PAYING_OUTCOMES = frozenset({Outcome.PAID, Outcome.PARTIAL})

_S = ClaimStatus
TOLD_IN = frozenset({_S.DECIDED, _S.AGREED, _S.PAYING, _S.PAID, _S.REFUSAL_SERVED, _S.ZERO})
"""States in which the result is told and explained: it is decided, and the claim not yet closed."""

_ENDS_WITH: dict[NoticeKind, ClaimStatus] = {NoticeKind.REFUSE: _S.REFUSAL_SERVED, NoticeKind.ZERO: _S.ZERO}
"""Where nothing is paid, the claim's result stands once it has been served."""


class NothingToAgree(Conflict):
    """Member: `outcome`."""

    code = "nothing_to_agree"
    title = Text("没有可达成协议的赔款", "There is no amount to agree on")
    detail = Text(
        "赔案结论为 {outcome}，无需达成赔付协议。", "The claim ended as {outcome}; there is no amount to agree on."
    )


class BeforeDecision(Refused):
    """Member: `determined_at`."""

    code = "before_decision"
    title = Text("早于核定", "Dated before the decision")
    detail = Text("时间不能早于核定时间 {determined_at}。", "This cannot lie before the decision of {determined_at}.")


class NoticeKindDiffers(Conflict):
    """Members: `kind`, `outcome`."""

    code = "notice_kind_differs"
    title = Text("通知与结论不符", "The notice tells another result")
    detail = Text(
        "赔案结论为 {outcome}，不能送达 {kind} 通知。", "The claim ended as {outcome}, which is no {kind} notice."
    )


class NoticeServedAlready(Conflict):
    """Member: `served_at`."""

    code = "notice_served_already"
    title = Text("通知已送达", "The notice was served already")
    detail = Text("该结论的通知已于 {served_at} 送达。", "The notice of this result was served at {served_at}.")


class RefusalGroundsMissing(Refused):
    code = "refusal_grounds_missing"
    title = Text("拒赔通知须说明理由和条款", "A refusal needs its reasons and clauses")
    detail = Text(
        "拒赔通知书须说明理由并引用审批决定所依据的条款(保险法第二十四条)。",
        "A notice of refusal states the reasons and the clauses of the decision (保险法 art. 24).",
    )


class ClaimantUnknown(Refused):
    """Member: `claimant_ref`."""

    code = "claimant_unknown"
    title = Text("没有该索赔人", "There is no such claimant")
    detail = Text("理算书中没有索赔人 {claimant_ref}。", "The calculation sheet has no claimant {claimant_ref}.")


@dataclass(frozen=True)
class Decision:
    """What was decided, when, and on which grounds; `reason` and `clause_ids` are those of the deciding act."""

    outcome: Outcome
    determined_at: datetime
    reason: str | None = None
    clause_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """A notice to be recorded. `reason` and `clause_ids` are None where the decision's are repeated."""

    kind: NoticeKind
    served_at: datetime
    reason: str | None = None
    clause_ids: tuple[str, ...] | None = None


def refuse_not_told(current: ClaimStatus) -> None:
    """Refuse (409) telling or explaining a result that is not decided, or of a claim that is closed."""
    if current not in TOLD_IN:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(current))


def may_agree(current: ClaimStatus, outcome: Outcome | None) -> ClaimStatus:
    """The state of an agreed claim; refused (409) unless it was decided to pay."""
    status = advance(current, ClaimStatus.AGREED)
    if outcome not in PAYING_OUTCOMES:
        raise NothingToAgree(outcome=str(outcome))
    return status


def refuse_other_time(at: datetime, decision: Decision, now: datetime, pointer: str) -> None:
    """Refuse (422) a time in the future, and one before the decision (whole seconds are compared)."""
    if at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer=pointer))
    if at < decision.determined_at.replace(microsecond=0):
        told = decision.determined_at.isoformat(timespec="seconds")
        fault = Fault(BeforeDecision.code, BeforeDecision.detail, pointer=pointer, members={"determined_at": told})
        raise BeforeDecision(fault, determined_at=told)


def agree(
    current: ClaimStatus, decision: Decision, agreed_at: datetime, payable: Decimal, now: datetime
) -> tuple[ClaimStatus, ...]:
    """The states after the agreement, in order. Where advances have covered all, nothing is left to pay: `paid`.

    Refuses a claim that is not decided to be paid (409), a time in the future or before the decision (422).
    """
    status = may_agree(current, decision.outcome)
    refuse_other_time(agreed_at, decision, now, "#/agreed_at")
    return (status, ClaimStatus.PAYING, ClaimStatus.PAID) if payable <= ZERO else (status,)


def may_serve(current: ClaimStatus, outcome: Outcome | None, served: Mapping[NoticeKind, datetime]) -> NoticeKind:
    """The kind of notice that this claim's result needs; refused (409) in a wrong state and once it was served."""
    refuse_not_told(current)
    if outcome is None or outcome not in NOTICE_OF:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(current))
    kind = NOTICE_OF[outcome]
    if kind in served:
        raise NoticeServedAlready(served_at=served[kind].isoformat(timespec="seconds"))
    return kind


def serve(
    current: ClaimStatus, decision: Decision, notice: Notice, served: Mapping[NoticeKind, datetime], now: datetime
) -> ClaimStatus:
    """The state after a notice was served: a refusal becomes `refusal_served`, a result of zero `zero`.

    Refuses another result than the one decided, and a second notice of it (409); a time in the future or before the
    decision, a refusal without reasons or clauses, or with clauses that are not the decision's (422).
    """
    if may_serve(current, decision.outcome, served) is not notice.kind:
        raise NoticeKindDiffers(kind=str(notice.kind), outcome=str(decision.outcome))
    refuse_other_time(notice.served_at, decision, now, "#/served_at")
    if notice.kind is NoticeKind.REFUSE:
        grounds_of(decision, notice)
    target = _ENDS_WITH.get(notice.kind)
    return current if target is None else advance(current, target)


def grounds_of(decision: Decision, notice: Notice) -> tuple[str, tuple[str, ...]]:
    """The reason and the clauses that the notice states: its own words, and clauses of the decision."""
    reason = decision.reason if notice.reason is None else notice.reason
    clauses = decision.clause_ids if notice.clause_ids is None else notice.clause_ids
    text, faults = RefusalGroundsMissing.detail, []
    if not (reason or "").strip():
        faults.append(Fault(RefusalGroundsMissing.code, text, pointer="#/reason"))
    if not clauses or not set(clauses) <= set(decision.clause_ids):
        faults.append(Fault(RefusalGroundsMissing.code, text, pointer="#/clause_ids"))
    if faults:
        raise RefusalGroundsMissing(*faults)
    return reason or "", tuple(clauses)


def explanation_due(outcome: Outcome | None) -> bool:
    """Whether the result is less than was claimed, so that it is to be explained."""
    return outcome is not None and outcome is not Outcome.PAID


def refuse_unknown_claimants(named: Sequence[tuple[str, Beneficiary]], refs: Collection[str]) -> None:
    """Refuse (422) beneficiaries of somebody whom the sheet does not have."""
    for at, (ref, _) in enumerate(named):
        if ref not in refs:
            fault = Fault(
                ClaimantUnknown.code, ClaimantUnknown.detail, pointer=f"#/beneficiaries/{at}/claimant_ref",
                members={"claimant_ref": ref},
            )  # fmt: skip
            raise ClaimantUnknown(fault, claimant_ref=ref)
