"""A line of an insured list."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.policy.core.schemas import InsuredPersonTold


class ListLine(InsuredPersonTold):
    """Somebody who is on the list; `op` only in a list of changes."""

    op: Literal["add"] | None = None


class RemovalLine(BaseModel):
    """Somebody who leaves the list."""

    model_config = ConfigDict(extra="forbid")

    op: Literal["remove"]
    ref: str = Field(min_length=1, max_length=50)
