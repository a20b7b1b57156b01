"""Reading the catalogue."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import and_, or_

from services.crm.service_item import rules
from services.crm.service_item.tables import ServiceItem
from shared.database import Transaction
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force


def valid_on(day: date) -> Any:
    return and_(ServiceItem.valid_from <= day, or_(ServiceItem.valid_to.is_(None), ServiceItem.valid_to >= day))


ITEMS = Listing(
    model=ServiceItem,
    filters={
        "class": Filter(ServiceItem.service_class),
        "code": Filter(ServiceItem.code),
        "nature": Filter(ServiceItem.nature),
        "owner_service": Filter(ServiceItem.owner_service),
    },
    conditions={
        "tier": lambda value: ServiceItem.eligible_tiers.contains([value]),
        "valid_on": lambda value: valid_on(date.fromisoformat(value)),
    },
    search=(ServiceItem.code, ServiceItem.name_zh),
    sorts={"code": ServiceItem.code},
    default_sort="code",
)


async def bar(tx: Transaction) -> rules.Bar:
    """The rebate bar in force today."""
    return (await in_force(tx, "value_added")).parsed(rules.read_bar)
