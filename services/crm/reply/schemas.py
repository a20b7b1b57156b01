"""Closing an answered enquiry."""

from __future__ import annotations

from pydantic import Field

from services.crm.enquiry.schemas import Body, Satisfaction


class CloseEnquiry(Body):
    """What the customer said when he was asked; `declined` where he did not want to say."""

    satisfaction: Satisfaction
    remark: str | None = Field(default=None, max_length=500)
