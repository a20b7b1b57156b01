"""Why somebody may, or may not, take a step on an amount: told by the functions that refuse it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared.approval_chain import WrongStep, holders, kind_for, refuse_above_limit, refuse_below_level
from shared.authority import AuthorityTable, ChainStep, Limit, Unit, rank
from shared.errors import ActionNotPermitted, Problem

if TYPE_CHECKING:
    from shared.actor import Actor


CLAIM_KINDS = ("claim_payment", "ex_gratia", "advance", "recovery_waiver")
"""The kinds of decision on a claim, which the triggers of the rule set `approval_triggers` lift."""


@dataclass(frozen=True, slots=True)
class Lifts:
    """What one trigger does: the lowest level that may decide, or so many steps further up."""

    trigger: str
    lowest_level: str | None
    levels_up: int

    @property
    def arguments(self) -> dict[str, Any]:
        return {"lowest_level": self.lowest_level, "levels_up": self.levels_up}


@dataclass(frozen=True, slots=True)
class Lifting:
    """The triggers of one version of the rule set `approval_triggers`, by name."""

    lifts: Mapping[str, Lifts]

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Lifting:
        lowest, further = content["lowest_level"], content["levels_up"]
        names = (*lowest, *further)
        return cls({one: Lifts(one, lowest.get(one), int(further.get(one, 0))) for one in names})

    def present(self, kind: str, named: Collection[str]) -> frozenset[str]:
        """The triggers that count: those `named`, and for a side decision on a claim its own; none for other kinds."""
        return frozenset(self.lifts) & {*named, kind} if kind in CLAIM_KINDS else frozenset()

    def arguments(self, present: Collection[str]) -> dict[str, Any]:
        """`lowest_level` and `levels_up` of a chain: the highest of the levels, then as many steps as the most asks."""
        found = [self.lifts[one] for one in present]
        levels = [one.lowest_level for one in found if one.lowest_level]
        return {
            "lowest_level": max(levels, key=rank, default=None),
            "levels_up": max((one.levels_up for one in found), default=0),
        }


@dataclass(frozen=True, slots=True)
class ActingHolder:
    """Somebody who may act today for a holder: the delegate, and what was delegated. `limits`: the lower of both."""

    person_id: UUID
    staff_no: str
    name: str
    position: str
    delegation_id: UUID
    on_behalf_of: UUID
    on_behalf_staff_no: str
    to_on: date
    permissions: frozenset[str]
    limits: tuple[Limit, ...]

    def may(self, deciding: Collection[str], step: ChainStep, line: str, amount: Decimal) -> bool:
        """Whether the delegation reaches for this step: an opinion has no limit."""
        if self.position not in step.signers or not self.permissions & set(deciding):
            return False
        kind = step.limit.kind
        within = any((one.kind, one.line) == (kind, line) and one.covers(amount) for one in self.limits)
        return step.kind == "opinion" or within


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the caller may; `step` counts from 1, `kind` is opinion, decision or cosignature."""

    allowed: bool
    step: int | None = None
    kind: str | None = None
    reason: Problem | None = None


def step_of(actor: Actor, steps: Sequence[ChainStep]) -> tuple[int, ChainStep] | None:
    """The step at the caller's unit that the caller's position signs, with its number."""
    for number, step in enumerate(steps, start=1):
        if step.unit.code == actor.unit_code and actor.position in step.signers:
            return number, step
    return None


def may_decide(
    actor: Actor, table: AuthorityTable, kind: str, line: str, amount: Decimal, units: Sequence[Unit],
    steps: tuple[ChainStep, ...], deciding: Collection[str] = (), **lifted: Any,
) -> Verdict:  # fmt: skip
    """The caller's decision or co-signature on `amount` yuan: yes, or the refusal that it would get.

    `deciding`: the permissions of which the caller needs one; `lifted`: what the triggers make of the chain.
    """
    try:
        _refuse_without_row(actor, table, kind, deciding)
        refuse_above_limit(actor, table, kind, line, amount, units, **lifted)
        refuse_below_level(actor, steps, holders(table, kind, line, amount, units, **lifted))
        number, step = _own_step(actor, steps, "decision")
    except Problem as refusal:
        return Verdict(False, reason=refusal)
    return Verdict(True, number, kind_for(step, actor.position))


def may_opine(
    actor: Actor, table: AuthorityTable, kind: str, steps: tuple[ChainStep, ...], deciding: Collection[str] = ()
) -> Verdict:
    """The caller's opinion before the decision: yes, or the refusal that it would get."""
    try:
        _refuse_without_row(actor, table, kind, deciding)
        number, _ = _own_step(actor, steps, "opinion")
    except Problem as refusal:
        return Verdict(False, reason=refusal)
    return Verdict(True, number, "opinion")


def _refuse_without_row(actor: Actor, table: AuthorityTable, kind: str, deciding: Collection[str]) -> None:
    has_row = any(row.position == actor.position for row in table.entries if row.kind == kind)
    if not has_row or (deciding and not actor.permissions & set(deciding)):
        raise ActionNotPermitted()


def _own_step(actor: Actor, steps: tuple[ChainStep, ...], kind: str) -> tuple[int, ChainStep]:
    """The caller's step if it is of this kind; otherwise `WrongStep` with the step that is."""
    found = step_of(actor, steps)
    if found is not None and found[1].kind == kind:
        return found
    number, step = next(((n, one) for n, one in enumerate(steps, start=1) if one.kind == kind), (len(steps), steps[-1]))
    raise WrongStep(current_step=number, unit_code=step.unit.code, position=step.position, kind=step.kind)
