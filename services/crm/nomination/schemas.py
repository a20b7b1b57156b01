"""Nominating a key account, and deciding what was proposed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.crm.key_account.schemas import Body
from shared.ids import Id
from shared.money import Money

StaffNo = Field(default=None, min_length=1, max_length=40)


class NominateKeyAccount(Body):
    """`tier`: the one reached where it is left out. `other_premium`: of a year, in lines that are not kept here.

    `brand_value`: a key account by his name, whatever his figures; with the reason.
    """

    customer_id: Id
    tier: str | None = Field(default=None, max_length=20)
    reason: str = Field(min_length=1, max_length=500)
    other_premium: Money | None = None
    brand_value: bool = False
    manager_staff_no: str | None = StaffNo
    claims_contact_staff_no: str | None = StaffNo
    loss_prevention_engineer_staff_no: str | None = StaffNo


class DecideKeyAccount(Body):
    """`tier`: the one that was proposed, as the approver has read it; none for an exit."""

    decision: Literal["approve", "refuse"]
    tier: str | None = Field(default=None, max_length=20)
    reason: str | None = Field(default=None, min_length=1, max_length=500)
