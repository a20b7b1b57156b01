"""When a finding may still be followed up, by whom, and what ends it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from uuid import UUID

from shared.errors import SeparationOfDuties, StateConflict


class FindingStatus(StrEnum):
    OPEN = "open"
    FIXED = "fixed"


def may_follow_up(current: FindingStatus) -> None:
    """Refuse (409) a step on a finding that is fixed."""
    if current is FindingStatus.FIXED:
        raise StateConflict(current_state=str(current), legal_moves=[])


def refuse_seller(area: str, persons: Iterable[UUID], sellers: Collection[UUID]) -> None:
    """Refuse (403) whoever sold the contract to deal with the suspicion that it was mis-sold."""
    if area == "mis_selling" and set(persons) & set(sellers):
        raise SeparationOfDuties(conflicting_duty="seller")
