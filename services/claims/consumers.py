"""What the claims service hears from others, each event through its own small view."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.claims.claim.tables import Claim
from services.claims.cover.tables import (
    CoverEnd,
    CoverVersion,
    InsuredEntry,
    KeyAccount,
    MergedCustomer,
    OpenHazard,
    PremiumWindowSeen,
)
from services.claims.placement.handlers import match_again
from services.claims.placement.queries import waiting_for_number, waiting_for_policy
from shared.database import Transaction
from shared.directory import DIRECTORY_CONSUMERS
from shared.events import Received, consumes
from shared.rule_sets import RULE_SET_CONSUMERS
from shared.together import in_turn


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
    losses_paid: bool | None = None


class HazardSeen(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    hazard_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    hazard_class: str = Field(alias="class")
    due_on: date | None = None


class ComplaintAbout(BaseModel):
    claim_id: UUID | None = None


class PremiumReceived(BaseModel):
    application_id: UUID
    customer_id: UUID | None = None
    line: str | None = None
    received_at: AwareDatetime


class ApplicationDecided(BaseModel):
    application_id: UUID


class CustomersMerged(BaseModel):
    kept_id: UUID
    merged_id: UUID


class KeyAccountChanged(BaseModel):
    customer_id: UUID
    tier: str | None = None


async def _keep_version(tx: Transaction, version: PolicyVersion) -> None:
    """Keep the version, also one that comes after the end of its policy, and match the claims that waited for it."""
    row = version.model_dump(exclude={"period"}) | version.period.model_dump()
    await tx.execute(insert(CoverVersion).values(**row).on_conflict_do_nothing())
    end = await tx.scalar(select(CoverEnd).where(CoverEnd.policy_id == version.policy_id))
    if end is not None:
        await _end_cover(tx, end.policy_id, end.effective_at, end.kind)
    await match_again(tx, await waiting_for_number(tx, version.policy_no))


async def _end_cover(tx: Transaction, policy_id: UUID, at: datetime, kind: str) -> None:
    changed = {"ended_at": at, **({"status": "rescinded"} if kind == "rescind" else {})}
    ends = update(CoverVersion).where(CoverVersion.policy_id == policy_id).values(**changed)
    await tx.execute(ends.execution_options(synchronize_session="fetch"))


@consumes("policy.policy.issued.v1", together=in_turn)
async def policy_issued(tx: Transaction, event: Received[PolicyVersion]) -> None:
    await _keep_version(tx, event.data)


@consumes("policy.policy.endorsed.v1", together=in_turn)
async def policy_endorsed(tx: Transaction, event: Received[PolicyVersion]) -> None:
    await _keep_version(tx, event.data)


@consumes("policy.insured.listed.v1", together=in_turn)
async def insured_listed(tx: Transaction, event: Received[InsuredListed]) -> None:
    told = event.data
    rows = [
        one.model_dump()
        | {"policy_id": told.policy_id, "policy_version": told.policy_version, "part": told.part, "parts": told.parts}
        for one in told.entries
    ]
    if rows:
        await tx.execute(insert(InsuredEntry).on_conflict_do_nothing(), rows)
    await match_again(tx, await waiting_for_policy(tx, told.policy_id))


@consumes("policy.policy.cancelled.v1")
async def policy_cancelled(tx: Transaction, event: Received[PolicyCancelled]) -> None:
    """Cover ends that moment, whichever version is looked at; open claims go on."""
    ended = event.data
    end = ended.model_dump() | {"losses_paid": bool(ended.losses_paid)}
    kept = insert(CoverEnd).values(**end)
    await tx.execute(kept.on_conflict_do_update(index_elements=["policy_id"], set_=end))
    await _end_cover(tx, ended.policy_id, ended.effective_at, ended.kind)
    await match_again(tx, await waiting_for_policy(tx, ended.policy_id))


async def _keep_hazard(tx: Transaction, event: Received[HazardSeen], *, overdue: bool, closed: bool) -> None:
    row = event.data.model_dump() | {"overdue": overdue, "closed": closed, "record_version": event.record_version}
    statement = insert(OpenHazard).values(**row)
    newer, told = OpenHazard.record_version < statement.excluded.record_version, statement.excluded
    state = {
        name: case((newer, told[name]), else_=getattr(OpenHazard, name))
        for name in ("hazard_class", "overdue", "closed", "record_version")
    }
    # Only the first news names policy and customer; it may be the last to arrive.
    known = {name: getattr(OpenHazard, name) for name in ("policy_id", "customer_id", "due_on")}
    kept = {
        name: case((newer, func.coalesce(told[name], held)), else_=func.coalesce(held, told[name]))
        for name, held in known.items()
    }
    await tx.execute(statement.on_conflict_do_update(index_elements=["hazard_id"], set_=state | kept))


@consumes("risk.hazard.found.v1")
async def hazard_found(tx: Transaction, event: Received[HazardSeen]) -> None:
    await _keep_hazard(tx, event, overdue=False, closed=False)


@consumes("risk.hazard.overdue.v1")
async def hazard_overdue(tx: Transaction, event: Received[HazardSeen]) -> None:
    await _keep_hazard(tx, event, overdue=True, closed=False)


@consumes("risk.hazard.closed.v1")
async def hazard_closed(tx: Transaction, event: Received[HazardSeen]) -> None:
    await _keep_hazard(tx, event, overdue=False, closed=True)


async def _mark_complaint(tx: Transaction, claim_id: UUID | None, step: int, ended_at: datetime | None = None) -> None:
    """The mark counts open complaints, so that begin and end may arrive in either order; it is no new version.

    The latest end stays: the file is kept for some years from it.
    """
    if claim_id is not None:
        marked = update(Claim).where(Claim.id == claim_id).values(complaints_open=Claim.complaints_open + step)
        if ended_at is not None:
            marked = marked.values(dispute_ended_at=func.greatest(Claim.dispute_ended_at, ended_at))
        await tx.execute(marked)


@consumes("complaints.complaint.registered.v1")
async def complaint_registered(tx: Transaction, event: Received[ComplaintAbout]) -> None:
    await _mark_complaint(tx, event.data.claim_id, 1)


@consumes("complaints.complaint.decided.v1")
async def complaint_decided(tx: Transaction, event: Received[ComplaintAbout]) -> None:
    await _mark_complaint(tx, event.data.claim_id, -1, event.time)


@consumes("complaints.complaint.withdrawn.v1")
async def complaint_withdrawn(tx: Transaction, event: Received[ComplaintAbout]) -> None:
    await _mark_complaint(tx, event.data.claim_id, -1, event.time)


@consumes("policy.premium.received.v1")
async def premium_received(tx: Transaction, event: Received[PremiumReceived]) -> None:
    """From now until the decision a loss may be covered although there is no policy (保险法解释二 art. 4)."""
    told = event.data.model_dump()
    told["customer_id"] = await _kept(tx, event.data.customer_id)
    opened = insert(PremiumWindowSeen).values(**told)
    await tx.execute(opened.on_conflict_do_update(index_elements=["application_id"], set_=told))


@consumes("policy.application.decided.v1")
async def application_decided(tx: Transaction, event: Received[ApplicationDecided]) -> None:
    """The window of a premium ends with the first decision, whichever of the two is heard of first."""
    seen = PremiumWindowSeen
    closed = insert(seen).values(application_id=event.data.application_id, decided_at=event.time)
    first = func.least(seen.decided_at, closed.excluded.decided_at)
    await tx.execute(closed.on_conflict_do_update(index_elements=["application_id"], set_={"decided_at": first}))


async def _kept(tx: Transaction, customer_id: UUID | None) -> UUID | None:
    kept = None
    if customer_id is not None:
        kept = await tx.scalar(select(MergedCustomer.kept_id).where(MergedCustomer.merged_id == customer_id))
    return kept or customer_id


@consumes("crm.customer.merged.v1")
async def customers_merged(tx: Transaction, event: Received[CustomersMerged]) -> None:
    """References follow: those that are here, and by the kept pair those that come later."""
    merged, kept = event.data.merged_id, await _kept(tx, event.data.kept_id)
    pair = insert(MergedCustomer).values(merged_id=merged, kept_id=kept)
    await tx.execute(pair.on_conflict_do_update(index_elements=["merged_id"], set_={"kept_id": kept}))
    chained = update(MergedCustomer).where(MergedCustomer.kept_id == merged, MergedCustomer.merged_id != kept)
    await tx.execute(chained.values(kept_id=kept))
    for table in (Claim, OpenHazard, PremiumWindowSeen):
        await tx.execute(update(table).where(table.customer_id == merged).values(customer_id=kept))


@consumes("crm.key_account.changed.v1")
async def key_account_changed(tx: Transaction, event: Received[KeyAccountChanged]) -> None:
    """A mark for the order of work; no tier: the customer is a key account no longer."""
    row = event.data.model_dump() | {"record_version": event.record_version}
    statement = insert(KeyAccount).values(**row)
    newer = KeyAccount.record_version < statement.excluded.record_version
    await tx.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=row, where=newer))


CONSUMERS = (
    *DIRECTORY_CONSUMERS,
    *RULE_SET_CONSUMERS,
    policy_issued,
    policy_endorsed,
    insured_listed,
    policy_cancelled,
    premium_received,
    application_decided,
    customers_merged,
    key_account_changed,
    hazard_found,
    hazard_overdue,
    hazard_closed,
    complaint_registered,
    complaint_decided,
    complaint_withdrawn,
)
