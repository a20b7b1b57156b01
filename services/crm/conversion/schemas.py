"""Converting an enquiry."""

from __future__ import annotations

from pydantic import Field

from services.crm.conversion.rules import Target
from services.crm.enquiry.schemas import Body


class ConvertEnquiry(Body):
    """The answer's `told.create` says how the new record is made; its first event closes the enquiry."""

    to: Target
    reason: str | None = Field(default=None, max_length=500)
