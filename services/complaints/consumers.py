"""What the complaints service hears from others: claims and their duties, policies and their sellers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import case, func, update
from sqlalchemy.dialects.postgresql import insert

from services.complaints.complaint.tables import ClaimDuty, ClaimReference, Complaint, PolicyReference
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


class PolicyTold(BaseModel):
    policy_id: UUID
    policy_no: str
    policy_version: int
    customer_id: UUID
    product: str
    seller_id: UUID | None = None
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
    await tx.execute(insert(ClaimDuty).values(**event.data.model_dump()).on_conflict_do_nothing())


async def _keep_policy(tx: Transaction, told: PolicyTold) -> None:
    statement = insert(PolicyReference).values(**told.model_dump())
    newer = PolicyReference.policy_version < statement.excluded.policy_version
    kept = {name: statement.excluded[name] for name in PolicyTold.model_fields if name != "policy_id"}
    await tx.execute(statement.on_conflict_do_update(index_elements=["policy_id"], set_=kept, where=newer))


@consumes("policy.policy.issued.v1", together=in_turn)
async def policy_issued(tx: Transaction, event: Received[PolicyTold]) -> None:
    await _keep_policy(tx, event.data)


@consumes("policy.policy.endorsed.v1", together=in_turn)
async def policy_endorsed(tx: Transaction, event: Received[PolicyTold]) -> None:
    await _keep_policy(tx, event.data)


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
    duty_taken,
    policy_issued,
    policy_endorsed,
    customer_merged,
)
