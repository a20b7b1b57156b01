"""Compensation of a complainant: its own ladder from the owning branch upward, and who may take its steps. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from services.complaints.complaint.rules import NEXT, ComplaintStatus
from shared.actor import Actor
from shared.approval_chain import (
    COSIGNATURE,
    DECISION,
    REFUSE,
    RETURN,
    Act,
    Standing,
    after,
    refuse_above_limit,
    refuse_other_outcome,
    refuse_second_act,
    refuse_wrong_step,
    standing,
)
from shared.authority import AuthorityTable, ChainStep, Unit, chain
from shared.errors import Conflict, Fault, ReasonRequired, SeparationOfDuties, StateConflict, Text, ValidationFailed
from shared.money import yuan

LADDER = "complaint_compensation"
DEFAULT_LINE = "liability"
"""The ladder of a complaint about no policy; the seed's limits are the same for both lines."""


class CompensationStatus(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    PAID = "paid"


_S = ComplaintStatus
IN_WORK = frozenset({_S.ASSIGNED, _S.INVESTIGATING, _S.PAUSED, _S.EXTENDED_30, _S.EXTENDED_60, _S.REVIEW_REQUESTED})
"""While it is looked into, and again while it is reviewed: never after the decision that told of the amount."""


class CompensationOpen(Conflict):
    """Member: `status` of the one that stands."""

    code = "compensation_open"
    title = Text("已有补偿方案", "There is a compensation already")
    detail = Text("该投诉已有状态为 {status} 的补偿。", "The complaint has a compensation that is {status}.")


class CompensationDecided(Conflict):
    """Member: `status`."""

    code = "compensation_decided"
    title = Text("补偿不在审批中", "The compensation is not being decided")
    detail = Text("补偿状态为 {status}。", "The compensation is {status}.")


class CompensationAmountDiffers(Conflict):
    """Member: `amount` as proposed."""

    code = "compensation_amount_differs"
    title = Text("金额与方案不一致", "Another amount was proposed")
    detail = Text("方案金额为 {amount} 元。", "The amount proposed is {amount} yuan.")


def propose(current: ComplaintStatus, amount: Decimal, standing_status: str | None) -> None:
    """Refuse a proposal out of season (409), beside another one (409), and of nothing (422)."""
    if current not in IN_WORK:
        moves = [str(one) for one in _S if one in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    if standing_status in (CompensationStatus.PROPOSED, CompensationStatus.APPROVED, CompensationStatus.PAID):
        raise CompensationOpen(status=standing_status)
    if amount <= 0:
        text = Text("金额须大于零。", "The amount is more than zero.")
        raise ValidationFailed(Fault("amount_not_positive", text, pointer="#/amount"))


@dataclass(frozen=True)
class Basis:
    """What a step is judged by: the amount in yuan, the units from the owning branch upward, the acts so far."""

    status: CompensationStatus
    amount: Decimal
    line: str
    units: tuple[Unit, ...]
    table: AuthorityTable
    acts: tuple[Act, ...]
    proposers: frozenset[UUID]
    """Who proposed it, and on whose behalf."""

    def steps(self) -> tuple[ChainStep, ...]:
        return chain(self.table, LADDER, self.line, self.amount, self.units)

    def standing(self) -> Standing:
        return standing(self.steps(), self.acts)


@dataclass(frozen=True)
class Given:
    """What the approver states; `amount` in yuan."""

    kind: str
    amount: Decimal
    outcome: str
    reason: str | None = None
    reason_code: str | None = None


@dataclass(frozen=True)
class Taken:
    """The act, the step it was taken on, what is left to sign, and the status that follows."""

    act: Act
    step: ChainStep
    missing: tuple[str, ...]
    status: CompensationStatus


def may_act(actor: Actor, basis: Basis) -> None:
    """Refuse the proposer and whoever acts for him (403), a second act of one person (403), and a decided one (409)."""
    if basis.status is not CompensationStatus.PROPOSED:
        raise CompensationDecided(status=str(basis.status))
    _refuse_proposer(actor, basis.proposers)
    refuse_second_act(basis.standing(), actor)


def _refuse_proposer(actor: Actor, proposers: Collection[UUID]) -> None:
    if {actor.person_id, actor.on_behalf_of} & set(proposers):
        raise SeparationOfDuties(conflicting_duty="compensation_proposer", taking="approver")


def take(actor: Actor, basis: Basis, given: Given) -> Taken:
    """One step. Refuses what `may_act` does, a decision above the actor's limit (403), another step's turn (409),
    another amount (409), a signature against another (409), and refusing or returning without its reason (422)."""
    may_act(actor, basis)
    if given.kind in (DECISION, COSIGNATURE):
        refuse_above_limit(actor, basis.table, LADDER, basis.line, basis.amount, basis.units)
    now = basis.standing()
    step = refuse_wrong_step(now, actor.unit_code, actor.position, given.kind)
    if given.amount != basis.amount:
        raise CompensationAmountDiffers(amount=yuan(basis.amount))
    refuse_other_outcome(now, given.outcome)
    if given.outcome in (REFUSE, RETURN) and not (given.reason_code or "").strip():
        raise ReasonRequired(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason_code"))
    act = Act(now.at + 1, given.kind, given.outcome, actor.position, actor.person_id, actor.on_behalf_of)
    following = after(now, act)
    return Taken(act, step, following.missing(), _status(now, following, given.outcome))


def _status(before: Standing, following: Standing, outcome: str) -> CompensationStatus:
    """Returned at the first step it is the proposer's again: this one ends, another may be proposed."""
    if outcome == RETURN:
        return CompensationStatus.REFUSED if before.at == 0 else CompensationStatus.PROPOSED
    if not following.complete:
        return CompensationStatus.PROPOSED
    return CompensationStatus.REFUSED if outcome == REFUSE else CompensationStatus.APPROVED


def pay(status: CompensationStatus, payer: Actor, acts: Sequence[Act]) -> CompensationStatus:
    """`PAID`; refuses what is not approved or paid already (409), and an approver who records the payment (403)."""
    if status is not CompensationStatus.APPROVED:
        raise CompensationDecided(status=str(status))
    if any({payer.person_id, payer.on_behalf_of} & act.persons for act in acts):
        raise SeparationOfDuties(conflicting_duty="approver", taking="payer")
    return CompensationStatus.PAID
