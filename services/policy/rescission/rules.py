"""Rescission: whether the right exists, until when, and what follows (保险法 art. 16, 解释二 art. 6–8). Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from shared.calendar import BusinessCalendar
from shared.deadline_registry import DeadlineRow
from shared.errors import Conflict, OccurredInFuture, Text
from shared.money import ZERO
from shared.periods import Deadline, add_months, deadline_of

MONTHS_OF_A_YEAR = 12


class Intent(StrEnum):
    INTENT = "intent"
    GROSS_NEGLIGENCE = "gross_negligence"


class NeverAsked(Conflict):
    """Member: `question_code`. The duty to tell goes as far as the insurer asked (解释二 art. 6)."""

    code = "never_asked"
    title = Text("未曾询问的事项", "It was never asked")
    detail = Text(
        "投保时未询问该事项({question_code})，不得以此解除合同(保险法解释二第六条)。",
        "That was never asked ({question_code}); the contract is not rescinded for it (解释二 art. 6).",
    )


class KnownAtFormation(Conflict):
    """Member: `formed_on`."""

    code = "known_at_formation"
    title = Text("订立合同时已知道", "Known when the contract was formed")
    detail = Text(
        "保险人在合同订立时({formed_on})已知道该情况，不得解除合同(保险法第十六条第六款)。",
        "The insurer knew when the contract was formed ({formed_on}) and cannot rescind (保险法 art. 16(6)).",
    )


class RescissionLapsed(Conflict):
    """Members: `last_on`, `bar`: `thirty_days` or `two_years`."""

    code = "rescission_lapsed"
    title = Text("解除权已消灭", "The right of rescission has lapsed")
    detail = Text(
        "解除权的最后一日为 {last_on}，不顺延(保险法第十六条第三款)。",
        "The last day of the right was {last_on}; it does not roll (保险法 art. 16(3)).",
    )


class PremiumAcceptedWithKnowledge(Conflict):
    """Member: `received_on`."""

    code = "premium_accepted_with_knowledge"
    title = Text("知情后仍收取保险费", "Premium was accepted with knowledge")
    detail = Text(
        "知道解除事由后于 {received_on} 收取了保险费，不得再主张解除(保险法解释二第七条)。",
        "Premium was accepted on {received_on}, after the ground was known: no rescission (解释二 art. 7).",
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of the ground. `asked`: the codes of the questions put, None where the proposal is not held here;
    `proposal_reference` then names the paper in which it was asked.
    """

    question_code: str
    known_on: date
    asked: Collection[str] | None
    proposal_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows (art. 16(4), (5)). `losses_paid`: losses before the rescission are paid; `refund` in yuan."""

    losses_paid: bool
    refund: Decimal


def last_day(row: DeadlineRow, known_on: date, formed_on: date, calendar: BusinessCalendar) -> Deadline:
    """The right: `due_on` is its last day, which does not roll. The bar of years is a term of the registry's row."""
    bar = add_months(formed_on, MONTHS_OF_A_YEAR * int(row.terms["bar_years"]))
    return deadline_of(row, known_on, calendar, no_later_than=bar)


def may_rescind(
    ground: Ground, right: Deadline, formed_on: date, today: date, premium_days: Collection[date], bar_on: date
) -> None:
    """Refuse (409) a rescission without its right; `premium_days` are the days on which premium was accepted.

    A day of knowledge in the future is 422. Premium of the very day on which the ground became known counts as
    accepted before it: only what comes later says that the contract shall go on.
    """
    if ground.known_on > today:
        raise OccurredInFuture()
    asked = ground.proposal_reference if ground.asked is None else ground.question_code in ground.asked
    if not asked:
        raise NeverAsked(question_code=ground.question_code)
    if ground.known_on <= formed_on:
        raise KnownAtFormation(formed_on=formed_on.isoformat())
    if right.own_right_lapsed(today):
        due = right.due_on or bar_on
        raise RescissionLapsed(last_on=due.isoformat(), bar="two_years" if due == bar_on else "thirty_days")
    after = sorted(day for day in premium_days if ground.known_on < day <= today)
    if after:
        raise PremiumAcceptedWithKnowledge(received_on=after[0].isoformat())


def bar_day(row: DeadlineRow, formed_on: date) -> date:
    """The last day of the years after which nothing is rescinded any more."""
    return add_months(formed_on, MONTHS_OF_A_YEAR * int(row.terms["bar_years"]))


def consequence(intent: Intent, influence: bool, premium_paid: Decimal) -> Consequence:
    """Intent: no earlier loss is paid and the premium is kept. Gross negligence: the premium is returned, and earlier
    losses are refused only where what was not told had serious influence on them.
    """
    if intent is Intent.INTENT:
        return Consequence(losses_paid=False, refund=ZERO)
    return Consequence(losses_paid=not influence, refund=max(premium_paid, ZERO))
