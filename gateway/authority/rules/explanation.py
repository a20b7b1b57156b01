"""Why somebody may, or may not, take a step on an amount: told by the functions that refuse it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from shared.approval_chain import WrongStep, holders, kind_for, refuse_above_limit, refuse_below_level
from shared.authority import AuthorityTable, ChainStep, Unit
from shared.errors import ActionNotPermitted, Problem

if TYPE_CHECKING:
    from shared.actor import Actor


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
    steps: tuple[ChainStep, ...],
) -> Verdict:  # fmt: skip
    """The caller's decision or co-signature on `amount` yuan: yes, or the refusal that it would get."""
    try:
        _refuse_without_row(actor, table, kind)
        refuse_above_limit(actor, table, kind, line, amount, units)
        refuse_below_level(actor, steps, holders(table, kind, line, amount, units))
        number, step = _own_step(actor, steps, "decision")
    except Problem as refusal:
        return Verdict(False, reason=refusal)
    return Verdict(True, number, kind_for(step, actor.position))


def may_opine(actor: Actor, table: AuthorityTable, kind: str, steps: tuple[ChainStep, ...]) -> Verdict:
    """The caller's opinion before the decision: yes, or the refusal that it would get."""
    try:
        _refuse_without_row(actor, table, kind)
        number, _ = _own_step(actor, steps, "opinion")
    except Problem as refusal:
        return Verdict(False, reason=refusal)
    return Verdict(True, number, "opinion")


def _refuse_without_row(actor: Actor, table: AuthorityTable, kind: str) -> None:
    if not any(row.position == actor.position for row in table.entries if row.kind == kind):
        raise ActionNotPermitted()


def _own_step(actor: Actor, steps: tuple[ChainStep, ...], kind: str) -> tuple[int, ChainStep]:
    """The caller's step if it is of this kind; otherwise `WrongStep` with the step that is."""
    found = step_of(actor, steps)
    if found is not None and found[1].kind == kind:
        return found
    number, step = next(((n, one) for n, one in enumerate(steps, start=1) if one.kind == kind), (len(steps), steps[-1]))
    raise WrongStep(current_step=number, unit_code=step.unit.code, position=step.position, kind=step.kind)
