"""What, besides the amount, decides how high a claim must go. The levels are dated data, not constants."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from services.claims.approval.rules.refusals import ExGratiaForFraud, ExGratiaOverShare
from shared.authority import LEVELS, rank
from shared.money import half_up, yuan


class Trigger(StrEnum):
    REFUSAL = "refusal"
    EX_GRATIA = "ex_gratia"
    ADVANCE = "advance"
    LITIGATION = "litigation"
    CASUALTIES = "casualties"
    REOPENING = "reopening"
    RECOVERY_WAIVER = "recovery_waiver"
    SUSPECTED_FRAUD = "suspected_fraud"
    STAFF_OR_RELATIVES = "staff_or_relatives"
    MANUAL_OVERRIDE = "manual_override"


ADDED_LATER = frozenset({Trigger.MANUAL_OVERRIDE})
"""Triggers of which the first version of the rule set knew nothing."""


@dataclass(frozen=True)
class Triggers:
    """One version of the rule set `approval_triggers`."""

    lowest_level: Mapping[Trigger, str]
    levels_up: Mapping[Trigger, int]
    deaths: int
    injured: int
    ex_gratia_share: Decimal

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Triggers:
        """From the content of the rule set; `KeyError` or `ValueError` where a trigger is missing or unknown."""
        lowest = {Trigger(name): str(level) for name, level in content["lowest_level"].items()}
        levels_up = {Trigger(name): int(levels) for name, levels in content["levels_up"].items()}
        if not set(Trigger) - ADDED_LATER <= set(lowest) | set(levels_up) or any(
            rank(level) < 0 for level in lowest.values()
        ):
            raise ValueError("every trigger has a lowest level or a number of levels up")
        casualties = content["casualties"]
        return cls(lowest, levels_up, casualties["deaths"], casualties["injured"], Decimal(content["ex_gratia_share"]))

    def many_casualties(self, death_count: int, injured_count: int) -> bool:
        """Whether the accident counts as one with many casualties (较大事故)."""
        return death_count >= self.deaths or injured_count >= self.injured

    def lifted(self, present: Collection[Trigger]) -> dict[str, Any]:
        """The arguments `lowest_level` and `levels_up` of a chain: the highest of the levels, then further up.

        What a version does not speak of is decided at the head office.
        """
        known = {**dict.fromkeys(set(present) - set(self.levels_up), LEVELS[-1]), **self.lowest_level}
        levels = [known[one] for one in present if one in known]
        steps = [self.levels_up[one] for one in present if one in self.levels_up]
        return {"lowest_level": max(levels, key=rank, default=None), "levels_up": max(steps, default=0)}


def check_ex_gratia(amount: Decimal, item_amount: Decimal, triggers: Triggers, present: Collection[Trigger]) -> None:
    """Refuse an ex gratia payment above its share of `item_amount` (422), and any in a fraudulent case (409)."""
    if Trigger.SUSPECTED_FRAUD in present:
        raise ExGratiaForFraud()
    maximum = half_up(item_amount * triggers.ex_gratia_share)
    if amount > maximum:
        raise ExGratiaOverShare(amount=yuan(amount), maximum=yuan(maximum))
