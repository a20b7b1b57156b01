"""How a claim reads: alone, and as an item of a list."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class RecordState(BaseModel):
    """The record that a fact changed."""

    id: Id
    version: int
    status: str


class FactOut(BaseModel):
    """A fact below a claim, and the claim as it left it."""

    id: Id
    created_at: Instant
    claim: RecordState


class CancelClaim(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason_code: str = Field(max_length=60, pattern="^[a-z0-9_]*$")
    reason: str = Field(max_length=500)


class SearchClaims(BaseModel):
    """What must not stand in an address: persons. `place` and `project` match by a part of them.

    Everything else as in the list.
    """

    model_config = ConfigDict(extra="forbid")

    reporter_name: str | None = Field(default=None, min_length=1, max_length=100)
    reporter_phone: str | None = Field(default=None, min_length=3, max_length=30)
    injured_name: str | None = Field(default=None, min_length=1, max_length=100)
    plate_no: str | None = Field(default=None, min_length=2, max_length=20)
    project: str | None = Field(default=None, min_length=2, max_length=200)
    place: str | None = Field(default=None, min_length=2, max_length=300)
    id_no: str | None = Field(default=None, min_length=4, max_length=30)
    policy_no: str | None = None
    claim_no: str | None = None
    status: list[str] = Field(default_factory=list, max_length=20)
    unit_code: list[str] = Field(default_factory=list, max_length=50)
    loss_from: AwareDatetime | None = None
    loss_to: AwareDatetime | None = None
    reported_from: AwareDatetime | None = None
    reported_to: AwareDatetime | None = None
    sort: str = "-reported_at"
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = None
    include_total: bool = False

    def plain(self) -> list[tuple[str, str]]:
        """The criteria that the list knows too, as its query parameters."""
        pairs = [("sort", self.sort), ("limit", str(self.limit))]
        pairs += [(name, value) for name in ("policy_no", "claim_no", "cursor") if (value := getattr(self, name))]
        pairs += [("status", one) for one in self.status] + [("unit_code", one) for one in self.unit_code]
        ranges = (
            ("loss_at[gte]", self.loss_from), ("loss_at[lt]", self.loss_to),
            ("reported_at[gte]", self.reported_from), ("reported_at[lt]", self.reported_to),
        )  # fmt: skip
        pairs += [(name, moment.isoformat()) for name, moment in ranges if moment is not None]
        return [*pairs, ("include_total", "true")] if self.include_total else pairs

    def personal(self) -> dict[str, str]:
        """The criteria that are about persons, or that lead to one."""
        names = ("reporter_name", "reporter_phone", "injured_name", "id_no", "plate_no", "project", "place")
        return {name: value for name in names if (value := getattr(self, name))}


class TimelineEntry(BaseModel):
    """One fact of the claim's life: when it happened, what, who recorded it."""

    at: Instant
    kind: str
    recorded_at: Instant | None = None
    person: dict[str, str] | None = None
    position: str | None = None
    unit_code: str | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    reason: str | None = None


class TimelineOut(BaseModel):
    items: list[TimelineEntry]


class ReporterOut(BaseModel):
    """Masked; the plain values come from a reveal."""

    name: str | None = None
    phone: str | None = None
    relation: str | None = None
    masked: list[str] = Field(default_factory=list)


class InjuredOut(BaseModel):
    name: str | None = None
    id_no: str | None = None
    insured_ref: str | None = None
    injury: str | None = None
    masked: list[str] = Field(default_factory=list)


class ClaimItem(BaseModel):
    """A claim in a list."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    claim_no: str
    status: str
    line: str | None = None
    unit_code: str
    channel: str
    policy_no: str | None = None
    policy_match: str
    policy_id: Id | None = None
    policy_version: int | None = None
    customer_id: Id | None = None
    product: str | None = None
    accident_id: Id
    loss_at: Instant
    notified_at: Instant
    reported_at: Instant
    injured_count: int
    death_count: int
    estimated_amount: Money | None = None
    reserve_amount: Money | None = None
    sheet_version: int | None = None
    gross_amount: Money | None = None
    payable_amount: Money | None = None
    outcome: str | None = None
    flags: list[str]
    surveyor_person_id: Id | None = None
    duplicate_of: Id | None = None
    complaints_open: int


class ClaimOut(ClaimItem):
    """A claim read singly."""

    place: str | None = None
    area_code: str | None = None
    description: str | None = None
    plate_no: str | None = None
    project: str | None = None
    loss_kinds: list[str] = Field(default_factory=list)
    survey_accept_due_at: Instant | None = None
    survey_accepted_at: Instant | None = None
    survey_due_at: Instant | None = None
    resurvey_open: bool = False
    reporter: ReporterOut
    injured: list[InjuredOut]
    claimants: list[dict[str, Any]] = Field(default_factory=list)
    approval: dict[str, Any] | None = None
    open_hazards: list[dict[str, Any]] = Field(default_factory=list)
    deadlines: list[dict[str, Any]] = Field(default_factory=list)
    surveys: list[dict[str, Any]] = Field(default_factory=list)
    reserves: list[dict[str, Any]] = Field(default_factory=list)
    key_account: str | None = None
    """Tier of a key account: the order of work only, never the result."""
    origin: dict[str, Any] | None = None
    masked: list[str] = Field(default_factory=list)
    available_actions: list[ActionOut]
