"""The steps of a chain as they are taken: whose turn it is, what is missing, and who may not take it.

The chain itself follows from a table of limits (`shared.authority`). Steps are taken strictly in order; a return goes
one step back at most; where the last step asks for N of M persons it stays open until all have signed. What counts is
the natural person: nobody takes two steps, neither in his own name nor through somebody who acts on his behalf.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared.authority import AuthorityTable, ChainStep, Unit, could_decide, highest_limit, rank
from shared.errors import AuthorityExceeded, Conflict, Forbidden, SeparationOfDuties, Text
from shared.money import yuan

if TYPE_CHECKING:
    from shared.actor import Actor

OPINION, DECISION, COSIGNATURE = "opinion", "decision", "cosignature"
APPROVE, REFUSE, RETURN = "approve", "refuse", "return"


class WrongStep(Conflict):
    """Members: `current_step`, `unit_code`, `position` and `kind` of the step whose turn it is."""

    code = "wrong_step"
    title = Text("尚未轮到该步骤", "It is another step's turn")
    detail = Text(
        "当前为第 {current_step} 步：机构 {unit_code} 的 {position} 办理 {kind}。",
        "Step {current_step} is open: {kind} by {position} of unit {unit_code}.",
    )


class BelowRequiredLevel(Forbidden):
    """A decision which, whatever its amount, belongs to a higher level. Members: `required_level`, `could_decide`."""

    code = "below_required_level"
    title = Text("须由上级机构决定", "A higher level decides this")
    detail = Text("该事项最低须由 {required_level} 决定。", "This may be decided at {required_level} or above only.")


class OutcomeDiffers(Conflict):
    """Member: `outcome`, the one that was signed first. Who disagrees returns the file."""

    code = "outcome_differs"
    title = Text("会签意见不一致", "The signatures differ")
    detail = Text("已有会签结果为 {outcome}；不同意的应退回。", "It was signed as {outcome}; return it to disagree.")


@dataclass(frozen=True, slots=True)
class Act:
    """One act on a chain, as it was stored; `step` counts from 1."""

    step: int
    kind: str
    outcome: str
    position: str
    person_id: UUID
    on_behalf_of: UUID | None = None

    @property
    def persons(self) -> frozenset[UUID]:
        """Everybody whose act it is: the person, and the one on whose behalf."""
        return frozenset({self.person_id, self.on_behalf_of or self.person_id})


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a chain has come: `at` is the index of the open step (its length once all is done), `live` the acts that
    count, in order."""

    steps: tuple[ChainStep, ...]
    at: int
    live: tuple[Act, ...]

    @property
    def complete(self) -> bool:
        return self.at == len(self.steps)

    @property
    def open(self) -> ChainStep | None:
        """The step whose turn it is; None once all is done."""
        return None if self.complete else self.steps[self.at]

    def acts_of(self, index: int) -> tuple[Act, ...]:
        """The acts that count of the step at `index` (from 0)."""
        return tuple(act for act in self.live if act.step == index + 1)

    def missing(self) -> tuple[str, ...]:
        """The positions which the open step still waits for."""
        step = self.open
        signed = {act.position for act in self.acts_of(self.at)}
        return () if step is None else tuple(position for position in step.signers if position not in signed)


def standing(steps: tuple[ChainStep, ...], acts: Iterable[Act]) -> Standing:
    """Replay `acts` (in the order in which they were taken, only those that rest on the present calculation).

    An act that is not of the kind which its step wants by now no longer counts: a wider limit does not make an opinion
    a decision, and the step is taken again.
    """
    at = 0
    live: list[Act] = []
    for act in acts:
        if act.outcome == RETURN:
            at = max(act.step - 2, 0)
            live = [one for one in live if one.step <= at]
        elif at < len(steps) and act.step == at + 1 and act.kind == kind_for(steps[at], act.position):
            live.append(act)
            at = at + 1 if _signed(steps[at], [one for one in live if one.step == at + 1]) else at
    return Standing(steps, at, tuple(live))


def after(before: Standing, act: Act) -> Standing:
    """The standing once `act` is taken on the open step."""
    return standing(before.steps, (*before.live, act))


def _signed(step: ChainStep, acts: Sequence[Act]) -> bool:
    """Enough persons, the decider among them."""
    persons = {act.person_id for act in acts}
    return len(persons) >= step.needed and any(act.position == step.position for act in acts)


def kind_for(step: ChainStep, position: str) -> str:
    """What `position` gives at this step: everybody but the decider co-signs."""
    return step.kind if position == step.position else COSIGNATURE


def refuse_above_limit(
    actor: Actor, table: AuthorityTable, kind: str, line: str, amount: Decimal, units: Sequence[Unit], **lifted: Any
) -> None:
    """Refuse (403) a decision or co-signature on `amount` yuan above the actor's own limit, whatever the step.

    `lifted` are the `lowest_level` and `levels_up` of the chain; they show in who could decide.
    """
    limit = highest_limit(actor.limits, kind, line)
    if not limit.covers(amount):
        could = holders(table, kind, line, amount, units, **lifted)
        raise AuthorityExceeded(limit=yuan(limit.amount or Decimal(0)), amount=yuan(amount), could_decide=could)


def refuse_below_level(actor: Actor, steps: tuple[ChainStep, ...], could: list[dict[str, Any]]) -> None:
    """Refuse (403) a decision from a level below the one that decides this chain."""
    if rank(actor.level) < rank(steps[-1].level):
        raise BelowRequiredLevel(required_level=steps[-1].level, could_decide=could)


def holders(
    table: AuthorityTable, kind: str, line: str | None, amount: Decimal, units: Sequence[Unit], **lifted: Any
) -> list[dict[str, Any]]:
    """The member `could_decide` of a refusal: positions at units, nearest first, never persons."""
    return [
        {
            "position": row.position,
            "unit_code": unit.code,
            "unit_name": unit.name,
            "level": unit.level,
            "limit": None if row.limit is None else yuan(row.limit),
        }
        for unit, row in could_decide(table, kind, line, amount, units, **lifted)
    ]


def refuse_wrong_step(now: Standing, unit_code: str, position: str, kind: str) -> ChainStep:
    """The open step, if it is this unit's, this position's and of this kind; otherwise `WrongStep` (409)."""
    step = now.open
    if step is None:
        raise WrongStep(current_step=None, unit_code=None, position=None, kind=None)
    waiting = now.missing()
    if unit_code != step.unit.code or position not in waiting or kind != kind_for(step, position):
        wanted = step.position if step.position in waiting else waiting[0]
        raise WrongStep(current_step=now.at + 1, unit_code=step.unit.code, position=wanted, kind=kind_for(step, wanted))
    return step


def refuse_second_act(now: Standing, actor: Actor) -> None:
    """Refuse (403) whoever took another step of this chain, or on whose behalf it was taken; in either direction."""
    mine = {actor.person_id, actor.on_behalf_of or actor.person_id}
    if any(mine & act.persons for act in now.live):
        raise SeparationOfDuties(conflicting_duty="approver", taking="approver")


def refuse_other_outcome(now: Standing, outcome: str) -> None:
    """Refuse (409) a signature that says something else than those before it on the same step; a return is free."""
    for act in now.acts_of(now.at):
        if outcome not in (act.outcome, RETURN):
            raise OutcomeDiffers(outcome=act.outcome)
