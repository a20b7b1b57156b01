"""How often a place is visited: by the risk of the policy, and more often where its product asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def cycles_of(product: str, figures: Mapping[str, Any]) -> Mapping[str, int]:
    """Months between visits by risk level; `figures`: the section `inspection` of the thresholds in force."""
    return {**figures["cycle_months"], **figures.get("by_product", {}).get(product, {})}
