"""A note."""

from __future__ import annotations

from pydantic import Field

from services.crm.enquiry.schemas import Body


class WriteEnquiryNote(Body):
    """`mentions`: staff numbers of those who are to read it."""

    text: str = Field(min_length=1, max_length=4000)
    mentions: list[str] = Field(default_factory=list, max_length=20)
