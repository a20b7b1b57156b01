"""Passing an enquiry on."""

from __future__ import annotations

from pydantic import Field

from services.crm.enquiry.schemas import Body


class TransferEnquiry(Body):
    """To a unit, and there to the person named or to the first of its desk."""

    to_unit_code: str = Field(min_length=1, max_length=20)
    to_staff_no: str | None = Field(default=None, max_length=40)
    reason: str | None = Field(default=None, max_length=500)
