"""What the claims service hears from others, each event through its own small view."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from services.claims.claim.tables import Claim
from services.claims.cover.tables import CoverVersion, InsuredEntry, OpenHazard
from shared.database import Transaction
from shared.directory import DIRECTORY_CONSUMERS
from shared.events import Received, consumes
from shared.rule_sets import RULE_SET_CONSUMERS


class Period(BaseModel):
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class PolicyVersion(BaseModel):
    """A complete version, as issued or endorsed."""

    policy_id: UUID
    policy_no: str
    policy_version: int
    made_at: AwareDatetime
    effective_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    status: str
    customer_id: UUID
    product: str
    line: str
    business: str
    period: Period
    cover: dict[str, Any]
    exclusions: list[dict[str, Any]]
    insured_count: int
    seller_id: UUID | None = None
    underwriter_id: UUID | None = None
    reinsured: bool
    unit_code: str


class ListedPerson(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    insured_ref: str
    id_digest: str | None = None
    covered_from: date = Field(alias="from")
    covered_to: date = Field(alias="to")
    occupation_class: int | None = None
    sum_insured: str | None = None


class InsuredListed(BaseModel):
    policy_id: UUID
    policy_version: int
    part: int
    parts: int
    entries: list[ListedPerson]


class PolicyCancelled(BaseModel):
    policy_id: UUID
    effective_at: AwareDatetime
    kind: str


class HazardSeen(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    hazard_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    hazard_class: str = Field(alias="class")
    due_on: date | None = None


class ComplaintAbout(BaseModel):
    claim_id: UUID | None = None


async def _keep_version(tx: Transaction, version: PolicyVersion) -> None:
    row = version.model_dump(exclude={"period"}) | version.period.model_dump()
    await tx.execute(insert(CoverVersion).values(**row).on_conflict_do_nothing())


@consumes("policy.policy.issued.v1")
async def policy_issued(tx: Transaction, event: Received[PolicyVersion]) -> None:
    await _keep_version(tx, event.data)


@consumes("policy.policy.endorsed.v1")
async def policy_endorsed(tx: Transaction, event: Received[PolicyVersion]) -> None:
    await _keep_version(tx, event.data)


@consumes("policy.insured.listed.v1")
async def insured_listed(tx: Transaction, event: Received[InsuredListed]) -> None:
    told = event.data
    rows = [
        one.model_dump()
        | {"policy_id": told.policy_id, "policy_version": told.policy_version, "part": told.part, "parts": told.parts}
        for one in told.entries
    ]
    if rows:
        await tx.execute(insert(InsuredEntry).on_conflict_do_nothing(), rows)


@consumes("policy.policy.cancelled.v1")
async def policy_cancelled(tx: Transaction, event: Received[PolicyCancelled]) -> None:
    """Cover ends that moment, whichever version is looked at; open claims go on."""
    ended = event.data
    changed = {"ended_at": ended.effective_at, **({"status": "rescinded"} if ended.kind == "rescind" else {})}
    await tx.execute(update(CoverVersion).where(CoverVersion.policy_id == ended.policy_id).values(**changed))


async def _keep_hazard(tx: Transaction, event: Received[HazardSeen], *, overdue: bool, closed: bool) -> None:
    row = event.data.model_dump() | {"overdue": overdue, "closed": closed, "record_version": event.record_version}
    statement = insert(OpenHazard).values(**row)
    told = {name: statement.excluded[name] for name in ("hazard_class", "overdue", "closed", "record_version")}
    known = {name: getattr(OpenHazard, name) for name in ("policy_id", "customer_id", "due_on")}
    kept = {name: _first(statement.excluded[name], column) for name, column in known.items()}
    newer = OpenHazard.record_version < statement.excluded.record_version
    await tx.execute(statement.on_conflict_do_update(index_elements=["hazard_id"], set_=told | kept, where=newer))


def _first(told: Any, held: Any) -> Any:
    return func.coalesce(told, held)


@consumes("risk.hazard.found.v1")
async def hazard_found(tx: Transaction, event: Received[HazardSeen]) -> None:
    await _keep_hazard(tx, event, overdue=False, closed=False)


@consumes("risk.hazard.overdue.v1")
async def hazard_overdue(tx: Transaction, event: Received[HazardSeen]) -> None:
    await _keep_hazard(tx, event, overdue=True, closed=False)


@consumes("risk.hazard.closed.v1")
async def hazard_closed(tx: Transaction, event: Received[HazardSeen]) -> None:
    await _keep_hazard(tx, event, overdue=False, closed=True)


async def _mark_complaint(tx: Transaction, claim_id: UUID | None, step: int) -> None:
    """The mark counts open complaints, so that begin and end may arrive in either order; it is no new version."""
    if claim_id is not None:
        marked = update(Claim).where(Claim.id == claim_id).values(complaints_open=Claim.complaints_open + step)
        await tx.execute(marked)


@consumes("complaints.complaint.registered.v1")
async def complaint_registered(tx: Transaction, event: Received[ComplaintAbout]) -> None:
    await _mark_complaint(tx, event.data.claim_id, 1)


@consumes("complaints.complaint.decided.v1")
async def complaint_decided(tx: Transaction, event: Received[ComplaintAbout]) -> None:
    await _mark_complaint(tx, event.data.claim_id, -1)


@consumes("complaints.complaint.withdrawn.v1")
async def complaint_withdrawn(tx: Transaction, event: Received[ComplaintAbout]) -> None:
    await _mark_complaint(tx, event.data.claim_id, -1)


CONSUMERS = (
    *DIRECTORY_CONSUMERS,
    *RULE_SET_CONSUMERS,
    policy_issued,
    policy_endorsed,
    insured_listed,
    policy_cancelled,
    hazard_found,
    hazard_overdue,
    hazard_closed,
    complaint_registered,
    complaint_decided,
    complaint_withdrawn,
)
