"""How two visits to one place compare."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal


def change_of(points: Decimal | None, before: Decimal | None, *, same_list: bool) -> Decimal | None:
    """Points gained or lost since the visit before; nothing where either has none, or they asked different things."""
    if points is None or before is None or not same_list:
        return None
    return points - before


def changes_of(points: Mapping[str, Decimal], before: Mapping[str, Decimal], *, same_list: bool) -> dict[str, Decimal]:
    """The same by section, for sections that have points at both visits."""
    found = {name: change_of(value, before.get(name), same_list=same_list) for name, value in points.items()}
    return {name: value for name, value in found.items() if value is not None}
