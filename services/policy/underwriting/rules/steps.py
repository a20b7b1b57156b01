"""Steps of the chain: who may take the open one, and what follows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.policy.application.rules import ApplicationKind, ApplicationStatus, legal_moves
from services.policy.underwriting.rules.lift import Lift
from services.policy.underwriting.rules.terms import ACCEPTING, Answer, CancellationNotDeclined, Offered
from shared.actor import Actor
from shared.approval_chain import (
    APPROVE,
    DECISION,
    REFUSE,
    RETURN,
    Act,
    Standing,
    after,
    holders,
    refuse_above_limit,
    refuse_below_level,
    refuse_second_act,
    refuse_wrong_step,
    standing,
)
from shared.authority import AuthorityTable, ChainStep, Unit, chain
from shared.errors import Conflict, SeparationOfDuties, StateConflict, Text
from shared.money import yuan

_S = ApplicationStatus
LADDERS: dict[ApplicationKind, str] = {
    ApplicationKind.PROPOSAL: "underwriting_limit",
    ApplicationKind.ENDORSEMENT: "underwriting_limit",
    ApplicationKind.CANCELLATION: "premium_refund",
}
DECIDED_IN: dict[ApplicationKind, frozenset[ApplicationStatus]] = {
    ApplicationKind.PROPOSAL: frozenset({_S.SURVEY_REQUIRED, _S.SURVEYED, _S.IN_REVIEW, _S.REFERRED_UP}),
    ApplicationKind.ENDORSEMENT: frozenset({_S.IN_REVIEW}),
    ApplicationKind.CANCELLATION: frozenset({_S.QUOTED}),
}
_CHAIN: dict[Answer, str] = {Answer.DECLINE: REFUSE, Answer.RETURN: RETURN}


class AmountDiffers(Conflict):
    """Member: `amount`, in yuan."""

    code = "underwriting_amount_differs"
    title = Text("金额与申请不一致", "Another amount is applied for")
    detail = Text("应核定的金额为 {amount} 元。", "The amount to be decided is {amount} yuan.")


@dataclass(frozen=True)
class Basis:
    """What a step is judged by. `amount` in yuan; `proposers` entered it or sell it, `surveyors` saw the place."""

    kind: ApplicationKind
    status: ApplicationStatus
    line: str
    amount: Decimal
    units: tuple[Unit, ...]
    table: AuthorityTable
    lift: Lift
    acts: tuple[Act, ...]
    proposers: Mapping[UUID, str]
    """Person → the duty that stands against deciding."""
    surveyors: frozenset[UUID]

    @property
    def ladder(self) -> str:
        return LADDERS[self.kind]

    def steps(self) -> tuple[ChainStep, ...]:
        return chain(self.table, self.ladder, self.line, self.amount, self.units, **self.lift.kwargs)

    def standing(self) -> Standing:
        return standing(self.steps(), self.acts)


@dataclass(frozen=True)
class Given:
    """What the underwriter states; `amount` in yuan."""

    kind: str
    answer: Answer
    amount: Decimal


@dataclass(frozen=True)
class Taken:
    """The act, the step it was taken on, and the status that follows; `final` where nothing is left to sign."""

    act: Act
    step: ChainStep
    following: Standing
    status: ApplicationStatus
    final: bool


def may_act(actor: Actor, basis: Basis) -> None:
    """Refuse an application that is not under review (409), whoever entered, sells or surveyed it (403), and a second
    act of one person (403)."""
    if basis.status not in DECIDED_IN[basis.kind]:
        moves = legal_moves(basis.kind, basis.status)
        raise StateConflict(current_state=str(basis.status), legal_moves=moves)
    mine = {actor.person_id, actor.on_behalf_of or actor.person_id}
    for person in mine & set(basis.proposers):
        raise SeparationOfDuties(conflicting_duty=basis.proposers[person], taking="underwriter")
    if mine & basis.surveyors:
        raise SeparationOfDuties(conflicting_duty="surveyor", taking="underwriter")
    refuse_second_act(basis.standing(), actor)


def take(actor: Actor, basis: Basis, given: Given) -> Taken:
    """One step. Refuses what `may_act` does, a decision above the actor's limit or below the level that decides (403),
    another step's turn (409) and another amount (409)."""
    may_act(actor, basis)
    if given.kind == DECISION:
        known = (basis.table, basis.ladder, basis.line, basis.amount, basis.units)
        refuse_above_limit(actor, *known, **basis.lift.kwargs)
        refuse_below_level(actor, basis.steps(), holders(*known, **basis.lift.kwargs))
    now = basis.standing()
    step = refuse_wrong_step(now, actor.unit_code, actor.position, given.kind)
    if given.amount != basis.amount:
        raise AmountDiffers(amount=yuan(basis.amount))
    if given.answer is Answer.DECLINE and basis.kind is ApplicationKind.CANCELLATION:
        raise CancellationNotDeclined()
    outcome = _CHAIN.get(given.answer, APPROVE)
    act = Act(now.at + 1, given.kind, outcome, actor.position, actor.person_id, actor.on_behalf_of)
    following = after(now, act)
    final = following.complete or (outcome == RETURN and now.at == 0)
    return Taken(act, step, following, _status(basis, given.answer, now, following), final)


def _status(basis: Basis, answer: Answer, before: Standing, following: Standing) -> ApplicationStatus:
    proposal = basis.kind is ApplicationKind.PROPOSAL
    if answer is Answer.RETURN:
        if before.at == 0:
            return _S.RETURNED if proposal else _S.APPLIED
        return _S.IN_REVIEW if proposal else basis.status
    if not following.complete:
        return _S.REFERRED_UP if proposal else basis.status
    if answer is Answer.DECLINE:
        return _S.DECLINED if proposal else _S.REJECTED
    if basis.kind is ApplicationKind.CANCELLATION:
        return _S.ACCEPTED
    return _S.APPROVED if not proposal or answer is Answer.ACCEPT else _S.APPROVED_WITH_TERMS


def moves(current: ApplicationStatus, to: ApplicationStatus) -> Sequence[ApplicationStatus]:
    """The states in between: what waited for a survey or for the level above is under review first."""
    waiting = (_S.SURVEYED, _S.REFERRED_UP)
    return (_S.IN_REVIEW, to) if current in waiting and to is not _S.IN_REVIEW else (to,)


def accepts(answer: Answer) -> bool:
    return answer in ACCEPTING


def offered_amount(basis_amount: Decimal, offered: Offered, offered_total: Decimal) -> Decimal:
    """What limits are compared with: the higher of what was asked for and what is offered."""
    return max(basis_amount, offered_total) if offered.cover else basis_amount
