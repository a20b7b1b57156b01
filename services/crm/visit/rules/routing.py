"""Whose matter a finding is: the position that sees to it, and whether at the customer's unit or above."""

from __future__ import annotations

from enum import StrEnum


class At(StrEnum):
    """Where, from the customer's unit upwards."""

    UNIT = "unit"
    DEPARTMENT = "department"
    """The nearest unit that has one: sub-branches have none."""
    BRANCH = "branch"


_ROUTES: dict[str, tuple[str, str, At]] = {
    "policy": ("policy", "underwriter", At.DEPARTMENT),
    "claims": ("claims", "department_head", At.DEPARTMENT),
    "conduct": ("complaints", "department_head", At.DEPARTMENT),
    "complaints": ("complaints", "complaint_officer", At.BRANCH),
    "mis_selling": ("complaints", "complaint_officer", At.BRANCH),
    "customer_data": ("crm", "service_agent", At.UNIT),
    "crm": ("crm", "department_head", At.DEPARTMENT),
}


def owner_of(area: str) -> str:
    """The service whose records the finding is about."""
    return _ROUTES[area][0] if area in _ROUTES else "crm"


def route(area: str) -> tuple[str, At]:
    """Position and place of those who see to findings of this area."""
    _, position, at = _ROUTES.get(area, _ROUTES["crm"])
    return position, at
