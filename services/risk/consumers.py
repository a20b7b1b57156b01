"""What the risk service hears from others: policies to plan visits for, claims that raise the frequency."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from services.risk.exposure.tables import ClaimSeen, PolicySeen
from services.risk.inspection.tables import Hazard, Inspection, InspectionPlan
from services.risk.key_risk.handlers import evaluate, merged_away
from services.risk.plan.handlers import after_accident, claim_withdrawn, end_plan, plan_for
from shared.clock import legal_day
from shared.database import Transaction
from shared.directory import DIRECTORY_CONSUMERS
from shared.events import Received, consumes
from shared.rule_sets import RULE_SET_CONSUMERS


class Period(BaseModel):
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class PolicyTold(BaseModel):
    policy_id: UUID
    policy_no: str
    policy_version: int
    customer_id: UUID
    product: str
    line: str
    compulsory: bool = False
    risk_level: str
    period: Period
    ended_at: AwareDatetime | None = None
    cover: dict[str, Any]
    insured_count: int
    seller_id: UUID | None = None
    underwriter_id: UUID | None = None
    unit_code: str


class PolicyEnded(BaseModel):
    policy_id: UUID
    effective_on: date
    effective_at: AwareDatetime


class ClaimTold(BaseModel):
    claim_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    loss_at: AwareDatetime
    injured_count: int
    death_count: int


class ClaimNamed(BaseModel):
    claim_id: UUID
    customer_id: UUID | None = None


class CustomersMerged(BaseModel):
    kept_id: UUID
    merged_id: UUID


def _amount(cover: dict[str, Any], name: str) -> Decimal | None:
    return Decimal(cover[name]) if cover.get(name) else None


async def _policy(tx: Transaction, event: Received[PolicyTold]) -> None:
    """Keep the newest version, plan by it, and look at the customer's criteria; an older one changes nothing."""
    told = event.data
    row = (
        told.model_dump(exclude={"period", "cover"})
        | told.period.model_dump()
        | {
            "path": event.org_path,
            "limit_per_accident": _amount(told.cover, "limit_per_accident"),
            "aggregate_limit": _amount(told.cover, "aggregate_limit"),
        }
    )
    statement = insert(PolicySeen).values(**row)
    kept = {name: statement.excluded[name] for name in row if name != "policy_id"}
    newer = PolicySeen.policy_version < statement.excluded.policy_version
    written = statement.on_conflict_do_update(index_elements=["policy_id"], set_=kept, where=newer)
    policy = await tx.scalar(written.returning(PolicySeen))
    if policy is not None:
        await plan_for(tx, policy)
        await evaluate(tx, policy.customer_id)


@consumes("policy.policy.issued.v1")
async def policy_issued(tx: Transaction, event: Received[PolicyTold]) -> None:
    await _policy(tx, event)


@consumes("policy.policy.endorsed.v1")
async def policy_endorsed(tx: Transaction, event: Received[PolicyTold]) -> None:
    await _policy(tx, event)


@consumes("policy.policy.cancelled.v1")
async def policy_cancelled(tx: Transaction, event: Received[PolicyEnded]) -> None:
    ended = event.data
    changed = update(PolicySeen).where(PolicySeen.policy_id == ended.policy_id).values(ended_at=ended.effective_at)
    await tx.execute(changed)
    await end_plan(tx, ended.policy_id, ended.effective_on)


async def _claim(tx: Transaction, event: Received[ClaimTold]) -> None:
    """A report or a later match; what one of them does not say never erases what the other said."""
    told = event.data
    row = {
        "claim_id": told.claim_id, "policy_id": told.policy_id, "customer_id": told.customer_id,
        "path": event.org_path, "loss_on": legal_day(told.loss_at), "injured_count": told.injured_count,
        "death_count": told.death_count,
    }  # fmt: skip
    statement = insert(ClaimSeen).values(**row, cancelled=False)
    kept = {
        name: func.coalesce(statement.excluded[name], getattr(ClaimSeen, name)) for name in row if name != "claim_id"
    }
    await tx.execute(statement.on_conflict_do_update(index_elements=["claim_id"], set_=kept))
    seen = await tx.session.get(ClaimSeen, told.claim_id, populate_existing=True)
    if seen is not None:
        await after_accident(tx, seen)
        await evaluate(tx, seen.customer_id)


@consumes("claims.claim.reported.v1")
async def claim_reported(tx: Transaction, event: Received[ClaimTold]) -> None:
    await _claim(tx, event)


@consumes("claims.claim.matched.v1")
async def claim_matched(tx: Transaction, event: Received[ClaimTold]) -> None:
    await _claim(tx, event)


@consumes("claims.claim.cancelled.v1")
async def claim_cancelled(tx: Transaction, event: Received[ClaimNamed]) -> None:
    """The report was taken back, perhaps before it was heard: it does not count."""
    known = insert(ClaimSeen).values(claim_id=event.data.claim_id, path=event.org_path, cancelled=True)
    await tx.execute(known.on_conflict_do_update(index_elements=["claim_id"], set_={"cancelled": True}))
    await claim_withdrawn(tx, event.data.claim_id)
    seen = await tx.session.get(ClaimSeen, event.data.claim_id, populate_existing=True)
    await evaluate(tx, None if seen is None else seen.customer_id)


@consumes("claims.claim.settled.v1")
async def claim_settled(tx: Transaction, event: Received[ClaimNamed]) -> None:
    await evaluate(tx, event.data.customer_id)


@consumes("claims.claim.reopened.v1")
async def claim_reopened(tx: Transaction, event: Received[ClaimNamed]) -> None:
    seen = await tx.session.get(ClaimSeen, event.data.claim_id)
    await evaluate(tx, None if seen is None else seen.customer_id)


@consumes("crm.customer.merged.v1")
async def customer_merged(tx: Transaction, event: Received[CustomersMerged]) -> None:
    """References follow to the record that was kept; two open files of one customer become one."""
    kept, merged = event.data.kept_id, event.data.merged_id
    for table in (PolicySeen, ClaimSeen, InspectionPlan, Inspection, Hazard):
        await tx.execute(update(table).where(table.customer_id == merged).values(customer_id=kept))
    await merged_away(tx, merged, kept)


CONSUMERS = (
    *DIRECTORY_CONSUMERS,
    *RULE_SET_CONSUMERS,
    policy_issued,
    policy_endorsed,
    policy_cancelled,
    claim_reported,
    claim_matched,
    claim_cancelled,
    claim_settled,
    claim_reopened,
    customer_merged,
)
