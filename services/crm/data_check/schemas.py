"""How data are checked with the customer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.clock import Instant
from shared.ids import Id

CheckedField = Literal["name", "id_no", "phone", "email", "address"]
Stated = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]


class CheckData(BaseModel):
    """What the customer says that one of his data is."""

    model_config = ConfigDict(extra="forbid")

    field: CheckedField
    stated: Stated


class CheckState(BaseModel):
    """A check as facts name it; `match` false opens a finding."""

    id: Id
    field: str
    match: bool
    status: str
    finding_id: Id | None = None


class CustomerRef(BaseModel):
    id: Id
    version: int


class DataCheckOut(CheckState):
    """`stored` and `stated` are masked."""

    created_at: Instant
    stored: str | None = None
    stated: str
    masked: list[str]
    customer: CustomerRef
