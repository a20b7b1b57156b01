"""How deliveries are shown: the receiver masked."""

from __future__ import annotations

from typing import Any

from services.policy.delivery.schemas import DeliveryOut
from services.policy.delivery.tables import Delivery
from shared.database import Transaction
from shared.masking import masked_name


def members(row: Delivery) -> dict[str, Any]:
    """Every member of a delivery as it is shown."""
    held = {name: getattr(row, name) for name in DeliveryOut.model_fields if name != "masked"}
    return {**held, "received_by": None if row.received_by is None else masked_name(row.received_by)}


def delivery(row: Delivery) -> DeliveryOut:
    return DeliveryOut(**members(row))


async def plain_values(_tx: Transaction, row: Delivery) -> dict[str, str | None]:
    """What a reveal of a delivery can show."""
    return {"received_by": row.received_by}
