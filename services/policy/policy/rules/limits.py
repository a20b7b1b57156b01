"""What is left of a policy's limits after its settled claims, in yuan.

This is a copy for reading: the ledger that payments are checked against is kept where claims are decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.money import ZERO


@dataclass(frozen=True)
class LimitUsed:
    """What one settled claim used of one limit; `ref` is the insured person where the limit is each person's own."""

    limit: str
    amount: Decimal
    ref: str | None = None


@dataclass(frozen=True)
class Remaining:
    """One limit: `limit` as agreed, `used` by all settled claims, `remaining` never below zero.

    `overrun`: more was used than there was, which somebody has to explain.
    """

    limit_name: str
    ref: str | None
    limit: Decimal
    used: Decimal

    @property
    def remaining(self) -> Decimal:
        return max(self.limit - self.used, ZERO)

    @property
    def overrun(self) -> Decimal:
        return max(self.used - self.limit, ZERO)

    @property
    def exhausted(self) -> bool:
        return self.remaining == ZERO


_WHOLE_POLICY = {"liability": ("aggregate_limit",), "accident": ()}
_EACH_PERSON = {"liability": (), "accident": ("sum_insured", "medical_sum_insured")}


def remaining_limits(
    line: str, cover: Mapping[str, Any], sums_insured: Mapping[str, Decimal], used: Iterable[LimitUsed]
) -> list[Remaining]:
    """What is left of the limits that claims wear down over the term; a limit that was not agreed is not listed.

    Liability: the aggregate. Accident: sum insured and medical sum of each person; `sums_insured` by reference of the
    person, which goes before the cover's sum. Limits of one accident or of one person in one accident do not erode.
    """
    taken: dict[tuple[str, str | None], Decimal] = {}
    for one in used:
        taken[one.limit, one.ref] = taken.get((one.limit, one.ref), ZERO) + one.amount
    found = []
    for name in _WHOLE_POLICY[line]:
        if cover.get(name) is not None:
            total = sum((amount for (limit, _), amount in taken.items() if limit == name), ZERO)
            found.append(Remaining(name, None, Decimal(cover[name]), total))
    for name in _EACH_PERSON[line]:
        for ref in sorted(sums_insured):
            agreed = sums_insured[ref] if name == "sum_insured" else cover.get(name)
            if agreed is not None:
                found.append(Remaining(name, ref, Decimal(agreed), taken.get((name, ref), ZERO)))
    return found


def sums_by_person(persons: Iterable[tuple[str, Decimal | None]], cover: Mapping[str, Any]) -> dict[str, Decimal]:
    """The sum insured of each person: his own, else the cover's; a person with neither has none and is left out."""
    general = cover.get("sum_insured")
    sums = {ref: own if own is not None else general for ref, own in persons}
    return {ref: Decimal(amount) for ref, amount in sums.items() if amount is not None}


def exhausted_persons(limits: Iterable[Remaining]) -> list[str]:
    """Persons whose sum insured is used up: their cover has ended."""
    return [one.ref for one in limits if one.limit_name == "sum_insured" and one.ref is not None and one.exhausted]


def is_exhausted(line: str, limits: Iterable[Remaining]) -> bool:
    """Whether nothing of the policy is left: the aggregate of a liability policy, or everybody's sum insured."""
    name = "aggregate_limit" if line == "liability" else "sum_insured"
    relevant = [one for one in limits if one.limit_name == name]
    return bool(relevant) and all(one.exhausted for one in relevant)
