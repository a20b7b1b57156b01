"""What the complaints service hears from others: claims and their duties, policies and their sellers."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.complaints.complaint.queries import keep_out
from services.complaints.complaint.tables import (
    ClaimDuty,
    ClaimReference,
    Complaint,
    CustomerReference,
    EndedPolicy,
    PolicyDuty,
    PolicyReference,
)
from services.complaints.mis_selling.handlers import open_for_finding
from shared.database import Transaction
from shared.directory import DIRECTORY_CONSUMERS
from shared.events import Received, consumes
from shared.rule_sets import RULE_SET_CONSUMERS
from shared.together import in_turn


class ClaimTold(BaseModel):
    claim_id: UUID
    claim_no: str | None = None
    policy_id: UUID | None = None
    customer_id: UUID | None = None


class DutyTold(BaseModel):
    claim_id: UUID
    duty: str
    person_id: UUID


class CancelledClaimTold(BaseModel):
    claim_id: UUID
    duplicate_of: UUID | None = None


class EndedPolicyTold(BaseModel):
    policy_id: UUID
    effective_on: date


class PolicyTold(BaseModel):
    policy_id: UUID
    policy_no: str
    policy_version: int
    customer_id: UUID
    product: str
    seller_id: UUID | None = None
    unit_code: str
    line: str | None = None
    underwriter_id: UUID | None = None


class FindingTold(BaseModel):
    finding_id: UUID
    area: str
    about_kind: str
    about: UUID


class CustomerTold(BaseModel):
    customer_id: UUID
    kind: str
    unit_code: str


class MergedTold(BaseModel):
    kept_id: UUID
    merged_id: UUID


async def _keep_claim(tx: Transaction, event: Received[ClaimTold]) -> None:
    """A match may come before its report: what is known is never erased by an event that does not say it."""
    row: dict[str, Any] = event.data.model_dump() | {"path": event.org_path, "record_version": event.record_version}
    statement = insert(ClaimReference).values(**row)
    kept = {
        name: func.coalesce(statement.excluded[name], getattr(ClaimReference, name))
        for name in ("claim_no", "policy_id", "customer_id")
    }
    newer = ClaimReference.record_version < statement.excluded.record_version
    kept |= {
        name: case((newer, statement.excluded[name]), else_=getattr(ClaimReference, name))
        for name in ("path", "record_version")
    }
    await tx.execute(statement.on_conflict_do_update(index_elements=["claim_id"], set_=kept))


@consumes("claims.claim.reported.v1")
async def claim_reported(tx: Transaction, event: Received[ClaimTold]) -> None:
    await _keep_claim(tx, event)


@consumes("claims.claim.matched.v1")
async def claim_matched(tx: Transaction, event: Received[ClaimTold]) -> None:
    await _keep_claim(tx, event)


@consumes("claims.duty.taken.v1")
async def duty_taken(tx: Transaction, event: Received[DutyTold]) -> None:
    """Whoever has a hand in the claim from now on stays out of the complaints about it that are open already."""
    await tx.execute(insert(ClaimDuty).values(**event.data.model_dump()).on_conflict_do_nothing())
    same = select(ClaimReference.claim_id).where(ClaimReference.duplicate_of == event.data.claim_id)
    either = or_(Complaint.claim_id == event.data.claim_id, Complaint.claim_id.in_(same))
    for complaint in await tx.scalars(select(Complaint).where(either).order_by(Complaint.id).with_for_update()):
        await keep_out(tx, complaint)


async def _keep_policy(tx: Transaction, told: PolicyTold) -> None:
    statement = insert(PolicyReference).values(**told.model_dump())
    newer = PolicyReference.policy_version < statement.excluded.policy_version
    kept = {name: statement.excluded[name] for name in PolicyTold.model_fields if name != "policy_id"}
    await tx.execute(statement.on_conflict_do_update(index_elements=["policy_id"], set_=kept, where=newer))
    held = {"seller": told.seller_id, "underwriter": told.underwriter_id}
    rows = [{"policy_id": told.policy_id, "person_id": person, "duty": duty} for duty, person in held.items() if person]
    if rows:
        await tx.execute(insert(PolicyDuty).on_conflict_do_nothing(), rows)


@consumes("claims.claim.cancelled.v1")
async def claim_cancelled(tx: Transaction, event: Received[CancelledClaimTold]) -> None:
    """A duplicate stands for the claim that was kept: whoever has a hand in that one stays out of complaints about it
    too. It may come before the report.
    """
    told = {"cancelled_at": event.time, "duplicate_of": event.data.duplicate_of}
    row = {"claim_id": event.data.claim_id, "record_version": 0, **told}
    statement = insert(ClaimReference).values(**row)
    await tx.execute(statement.on_conflict_do_update(index_elements=["claim_id"], set_=told))
    if event.data.duplicate_of is not None:
        about = select(Complaint).where(Complaint.claim_id == event.data.claim_id).order_by(Complaint.id)
        for complaint in await tx.scalars(about.with_for_update()):
            await keep_out(tx, complaint)


@consumes("policy.policy.issued.v1", together=in_turn)
async def policy_issued(tx: Transaction, event: Received[PolicyTold]) -> None:
    await _keep_policy(tx, event.data)


@consumes("policy.policy.endorsed.v1", together=in_turn)
async def policy_endorsed(tx: Transaction, event: Received[PolicyTold]) -> None:
    await _keep_policy(tx, event.data)


@consumes("policy.policy.cancelled.v1")
async def policy_cancelled(tx: Transaction, event: Received[EndedPolicyTold]) -> None:
    """It counts no longer among the policies of later periods. It may come before the policy itself."""
    row = event.data.model_dump()
    statement = insert(EndedPolicy).values(policy_id=row["policy_id"], ended_on=row["effective_on"])
    earlier = func.least(EndedPolicy.ended_on, statement.excluded.ended_on)
    await tx.execute(statement.on_conflict_do_update(index_elements=["policy_id"], set_={"ended_on": earlier}))


@consumes("crm.finding.raised.v1")
async def finding_raised(tx: Transaction, event: Received[FindingTold]) -> None:
    """A return visit that suspects mis-selling of a policy opens the case; anything else is others' to follow up."""
    told = event.data
    if told.area == "mis_selling" and told.about_kind == "policy":
        await open_for_finding(tx, told.finding_id, told.about, event.time)


async def _keep_customer(tx: Transaction, event: Received[CustomerTold]) -> None:
    statement = insert(CustomerReference).values(**event.data.model_dump(), record_version=event.record_version)
    newer = CustomerReference.record_version < statement.excluded.record_version
    kept = {name: statement.excluded[name] for name in ("kind", "unit_code", "record_version")}
    await tx.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=kept, where=newer))


@consumes("crm.customer.registered.v1")
async def customer_registered(tx: Transaction, event: Received[CustomerTold]) -> None:
    await _keep_customer(tx, event)


@consumes("crm.customer.changed.v1")
async def customer_changed(tx: Transaction, event: Received[CustomerTold]) -> None:
    await _keep_customer(tx, event)


@consumes("crm.customer.merged.v1")
async def customer_merged(tx: Transaction, event: Received[MergedTold]) -> None:
    """References follow to the record that was kept."""
    kept, merged = event.data.kept_id, event.data.merged_id
    for table in (Complaint, ClaimReference, PolicyReference):
        await tx.execute(update(table).where(table.customer_id == merged).values(customer_id=kept))


CONSUMERS = (
    *DIRECTORY_CONSUMERS,
    *RULE_SET_CONSUMERS,
    claim_reported,
    claim_matched,
    claim_cancelled,
    duty_taken,
    policy_issued,
    policy_endorsed,
    policy_cancelled,
    finding_raised,
    customer_registered,
    customer_changed,
    customer_merged,
)
