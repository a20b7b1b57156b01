"""How an item of the catalogue is shown."""

from __future__ import annotations

from services.crm.service_item.schemas import ItemOut, Name
from services.crm.service_item.tables import ServiceItem

_PLAIN = (
    "id", "version", "org_path", "created_at", "updated_at", "code", "service_class", "nature", "owner_service",
    "sla_working_days", "eligible_tiers", "yearly_quota", "unit_cost", "valid_from", "valid_to",
)  # fmt: skip


def item(row: ServiceItem) -> ItemOut:
    """An item of the catalogue."""
    return ItemOut(**{name: getattr(row, name) for name in _PLAIN}, name=Name(zh=row.name_zh, en=row.name_en))
