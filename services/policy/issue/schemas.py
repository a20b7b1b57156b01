"""The issue of a policy as it crosses HTTP."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class IssuePolicy(BaseModel):
    """`starts_at`: a later beginning than agreed, where the premium came too late for that one."""

    model_config = ConfigDict(extra="forbid")

    starts_at: AwareDatetime | None = None


class RecordState(BaseModel):
    id: Id
    version: int
    status: str


class IssuedOut(BaseModel):
    """The policy issued, and the application as the issue left it."""

    id: Id
    created_at: Instant
    policy_no: str
    policy_version: int
    starts_at: Instant
    ends_at: Instant
    premium: Money
    insured_count: int
    application: RecordState
