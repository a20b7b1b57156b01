"""A customer at a glance."""

from __future__ import annotations

from pydantic import BaseModel

from services.crm.timeline.schemas import EntryOut
from shared.clock import Instant
from shared.ids import Id


class OpenWork(BaseModel):
    """Work items of crm about the customer and his records; `due_at`: the earliest."""

    kind: str
    count: int
    due_at: Instant | None = None


class ValueOut(BaseModel):
    """Premium of what is in force and what was paid on claims that stand, in yuan; `loss_ratio` of all premium to all
    payments, absent without a premium.
    """

    policies: int
    policies_in_force: int
    premium_in_force: str
    premium_total: str
    claims: int
    claims_open: int
    claims_paid: str
    loss_ratio: str | None = None


class OverviewOut(BaseModel):
    customer_id: Id
    last_contact_at: Instant | None = None
    last_contacts: list[EntryOut]
    open_work: list[OpenWork]
    complaints_open: int
    value: ValueOut
    do_not_contact: list[str]
