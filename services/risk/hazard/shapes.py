"""How hazards are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.risk.hazard.schemas import HazardItem, HazardOut
from services.risk.inspection.tables import Hazard


def item(row: Hazard) -> HazardItem:
    """The hazard in a list."""
    return HazardItem.model_validate(row)


def alone(row: Hazard) -> HazardOut:
    """The hazard read singly; it is followed up through its written notice."""
    return HazardOut(**item(row).model_dump(), available_actions=[])


def brief(rows: Iterable[Hazard]) -> list[dict[str, Any]]:
    """Hazards inside a visit or a file."""
    return [
        {"hazard_id": str(one.id), "class": one.hazard_class, "status": one.status, "description": one.description}
        for one in rows
    ]
