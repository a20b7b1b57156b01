"""How differences are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.policy.core.tables import ReconciliationItem
from services.policy.reconciliation.schemas import ReconciliationItemOut

_OWN = ("age_days",)


def members(row: ReconciliationItem, now: datetime) -> dict[str, Any]:
    """Every member of an item; its age in whole days, which stands still once it is resolved."""
    held = {name: getattr(row, name) for name in ReconciliationItemOut.model_fields if name not in _OWN}
    return {**held, "age_days": ((row.resolved_at or now) - row.created_at).days}


def item(row: ReconciliationItem, now: datetime) -> ReconciliationItemOut:
    return ReconciliationItemOut(**members(row, now))
