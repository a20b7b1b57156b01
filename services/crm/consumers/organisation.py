"""Units: when one opens or moves, the customers it serves lie where it lies."""

from __future__ import annotations

from pydantic import BaseModel

from services.crm.assignment.handlers import follow_unit
from shared.database import Transaction
from shared.events import Received, consumes


class UnitTold(BaseModel):
    unit_code: str


@consumes("organisation.unit.changed.v1")
async def unit_changed(tx: Transaction, event: Received[UnitTold]) -> None:
    """After the copy of the tree has been brought up to date, so that old news moves nobody back."""
    await follow_unit(tx, event.data.unit_code)


CONSUMERS = (unit_changed,)
