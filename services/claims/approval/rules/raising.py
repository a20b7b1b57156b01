"""Taking a claim further up (提级) than its amount and its triggers ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from services.claims.approval.rules.refusals import NoHigherLevel, StepAlreadySigned
from services.claims.approval.rules.steps import Facts, Sheet, StepDone, refuse_actor, standing_of
from services.claims.approval.rules.triggers import Triggers
from shared.approval_chain import OPINION, kind_for, refuse_second_act, refuse_wrong_step
from shared.authority import LEVELS, AuthorityTable, chain

if TYPE_CHECKING:
    from shared.actor import Actor


def raised(
    actor: Actor, facts: Facts, sheet: Sheet, done: Iterable[StepDone], table: AuthorityTable, triggers: Triggers
) -> tuple[str, str]:
    """The level that would have decided, and the next one, to which `actor` takes the claim up (提级).

    Only whoever holds the open step may, before anybody has signed it. Refuses like `next_act`, and with
    `StepAlreadySigned` or `NoHigherLevel` (409).
    """
    now = standing_of(table, facts, sheet, done, triggers)
    refuse_actor(actor, facts, now, table, triggers, OPINION)
    mine = next((one for one in now.steps if one.unit.code == actor.unit_code), now.steps[-1])
    refuse_wrong_step(now, actor.unit_code, actor.position, kind_for(mine, actor.position))
    refuse_second_act(now, actor)
    if now.acts_of(now.at):
        raise StepAlreadySigned()
    whole = chain(table, facts.ladder, facts.line, facts.amount, facts.units, LEVELS[-1])
    if len(whole) <= len(now.steps):
        raise NoHigherLevel(level=now.steps[-1].level)
    return now.steps[-1].level, whole[len(now.steps)].level
