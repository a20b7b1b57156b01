"""What lifts a decision above the level that the amount alone would ask for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from shared.authority import rank
from shared.money import ZERO


class Trigger(StrEnum):
    OCCUPATION_CLASS = "occupation_class"
    LOSS_IN_PERIOD = "loss_in_period"
    LOSS_RATIO = "loss_ratio"
    RECTIFICATION_OPEN = "rectification_open"
    AGREEMENT_OUTSIDE_LIBRARY = "agreement_outside_library"
    WARNING_LIST = "warning_list"
    HIGH_RISK_INDUSTRY = "high_risk_industry"
    ACCUMULATION = "accumulation"
    REINSURED = "reinsured"
    RATE = "rate"
    MATERIAL_ANSWER = "material_answer"
    LOSS_WHILE_OPEN = "loss_while_open"


_ONE_UP = (
    Trigger.LOSS_RATIO, Trigger.RECTIFICATION_OPEN, Trigger.AGREEMENT_OUTSIDE_LIBRARY, Trigger.WARNING_LIST,
    Trigger.MATERIAL_ANSWER, Trigger.LOSS_WHILE_OPEN,
)  # fmt: skip
_HEAD_OFFICE = (Trigger.HIGH_RISK_INDUSTRY, Trigger.ACCUMULATION, Trigger.REINSURED)


@dataclass(frozen=True)
class Risk:
    """What is known of the risk. Amounts in yuan; `premium` and `paid` of the years looked back on."""

    occupation_class: int | None = None
    losses: int = 0
    premium: Decimal = ZERO
    paid: Decimal = ZERO
    hazards_open: int = 0
    warned: bool = False
    industry: str | None = None
    accumulated: Decimal = ZERO
    reinsured: bool = False
    material: Collection[str] = ()
    loss_while_open: bool = False


@dataclass(frozen=True)
class Lift:
    """The lowest level that may decide, and how many levels more; `triggers` say why."""

    triggers: tuple[Trigger, ...]
    lowest_level: str | None
    levels_up: int

    @property
    def kwargs(self) -> dict[str, Any]:
        """As the arithmetic of chains takes it."""
        return {"lowest_level": self.lowest_level, "levels_up": self.levels_up}


def loss_ratio(risk: Risk) -> Decimal:
    """Paid over premium; without premium nothing was earned, so anything paid is everything."""
    if risk.premium <= 0:
        return Decimal(1) if risk.paid > 0 else Decimal(0)
    return risk.paid / risk.premium


def lift(risk: Risk, figures: Mapping[str, Any], factor: Decimal, *, outside_library: bool) -> Lift:
    """What the risk and the terms ask for beyond the amount; `figures` are the rule set's `referral`."""
    band = figures["branch_factors"]
    level = risk.occupation_class or 0
    found = {
        Trigger.OCCUPATION_CLASS: level > figures["central_branch_class"],
        Trigger.LOSS_IN_PERIOD: risk.losses > 0,
        Trigger.LOSS_RATIO: loss_ratio(risk) > Decimal(figures["loss_ratio_above"]),
        Trigger.RECTIFICATION_OPEN: risk.hazards_open > 0,
        Trigger.AGREEMENT_OUTSIDE_LIBRARY: outside_library,
        Trigger.WARNING_LIST: risk.warned,
        Trigger.HIGH_RISK_INDUSTRY: risk.industry in figures["head_office_industries"],
        Trigger.ACCUMULATION: risk.accumulated > Decimal(figures["accumulation_above"]),
        Trigger.REINSURED: risk.reinsured,
        Trigger.RATE: not Decimal(band["lowest"]) <= factor <= Decimal(band["highest"]),
        Trigger.MATERIAL_ANSWER: bool(risk.material),
        Trigger.LOSS_WHILE_OPEN: risk.loss_while_open,
    }
    triggers = tuple(one for one in Trigger if found[one])
    lowest = _lowest(triggers, level > figures["branch_class"])
    return Lift(triggers, lowest, 1 if any(one in _ONE_UP for one in triggers) else 0)


def _lowest(triggers: Collection[Trigger], above_branch_class: bool) -> str | None:
    levels = [
        *(["head_office"] if above_branch_class or any(one in _HEAD_OFFICE for one in triggers) else []),
        *(["head_office"] if Trigger.RATE in triggers else []),
        *(["branch"] if {Trigger.OCCUPATION_CLASS, Trigger.LOSS_IN_PERIOD} & set(triggers) else []),
    ]
    return max(levels, key=rank, default=None)
