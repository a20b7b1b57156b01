"""Naming somebody."""

from __future__ import annotations

from pydantic import Field

from services.crm.key_account.rules import Role
from services.crm.key_account.schemas import Body


class NamePerson(Body):
    """Who it was before is kept with his days."""

    role: Role
    staff_no: str = Field(min_length=1, max_length=40)
    reason: str | None = Field(default=None, max_length=500)
