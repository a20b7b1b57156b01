"""The lines of a computation, and how days of a term are counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.clock import legal_day
from shared.errors import Text
from shared.money import ZERO, half_up, yuan

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One line: `amount` in yuan, rounded, positive where it is due and negative where it is taken off."""

    kind: str
    amount: Decimal
    text: Text
    """The figures and the rule, in words."""

    def shown(self) -> dict[str, Any]:
        return {"kind": self.kind, "amount": yuan(self.amount), "explanation": {"zh": self.text.zh, "en": self.text.en}}


@dataclass(frozen=True, slots=True)
class Computation:
    """What comes out (yuan) and the lines that lead to it."""

    rule: str
    amount: Decimal
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, rule: str, parts: Iterable[Part], *, most: Decimal | None = None) -> Computation:
        """The sum of the lines; with `most`, a refund: never below zero and never above what was paid."""
        lines = tuple(parts)
        total = sum((one.amount for one in lines), ZERO)
        return cls(rule, total if most is None else min(max(total, ZERO), max(most, ZERO)), lines)

    def shown(self) -> dict[str, Any]:
        return {"rule": self.rule, "amount": yuan(self.amount), "lines": [one.shown() for one in self.parts]}


@dataclass(frozen=True, slots=True)
class Term:
    """The time in [starts_at, ends_at) that a premium is paid for."""

    starts_at: datetime
    ends_at: datetime

    @property
    def days(self) -> int:
        """Whole days; a part of a day counts as one. At least one, so that a share can always be taken."""
        return max(_ceiling(self.ends_at - self.starts_at), 1)


def _ceiling(span: timedelta) -> int:
    return -(-span // _DAY)


def days_elapsed(term: Term, at: datetime) -> int:
    """Days of the term that have begun before `at`: a part of a day counts as one day."""
    return min(max(_ceiling(at - term.starts_at), 0), term.days)


def days_left(term: Term, at: datetime) -> int:
    """Days of the term from the day of `at` on: that day itself counts as a day left."""
    begun = (legal_day(at) - legal_day(term.starts_at)).days
    return min(max(term.days - begun, 0), term.days)


def share_of(amount: Decimal, days: int, of_days: int) -> Decimal:
    """`amount` × `days` ÷ `of_days`, rounded to 0.01."""
    return half_up(amount * days / of_days)


def percent(share: Decimal) -> str:
    """`0.25` as `25%`."""
    return f"{format((share * 100).normalize(), 'f')}%"
