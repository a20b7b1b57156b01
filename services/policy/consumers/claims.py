"""What claims tell: losses on policies and settlements that wear limits down."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.policy.application.tables import Application
from services.policy.policy import queries, rules
from services.policy.policy.tables import LossRecord, Policy
from services.policy.underwriting.tables import ReportedLoss
from shared.database import Transaction
from shared.events import Consumer, Received, consumes
from shared.money import Money


class LossTold(BaseModel):
    """A report, or the match that names its policy later."""

    claim_id: UUID
    claim_no: str | None = None
    policy_id: UUID | None = None
    loss_at: AwareDatetime
    injured_count: int
    death_count: int


class ReportTold(LossTold):
    """The first notice; whose loss it is, and on which line, as far as that is known yet."""

    customer_id: UUID | None = None
    line: str | None = None
    reported_at: AwareDatetime | None = None


class UsedTold(BaseModel):
    limit: str
    claimant_ref: str | None = None
    amount: Money


class SettledTold(BaseModel):
    claim_id: UUID
    policy_id: UUID | None = None
    outcome: str
    paid_amount: Money
    by_limit: list[UsedTold] = Field(default_factory=list)
    settled_at: AwareDatetime


class ClaimTold(BaseModel):
    claim_id: UUID


_FINISHED = ("declined", "issued", "withdrawn", "expired", "effective", "delivered", "rejected", "closed")


async def _keep_loss(tx: Transaction, claim_id: UUID, told: dict[str, Any]) -> None:
    """Write what an event told of a claim; events of one claim may come in any order, so nothing known is erased."""
    empty = {"by_limit": [], "settled_version": 0, "cancelled": False}
    statement = insert(LossRecord).values(claim_id=claim_id, **{**empty, **told})
    kept = {
        name: func.coalesce(statement.excluded[name], getattr(LossRecord, name))
        if told[name] is None
        else statement.excluded[name]
        for name in told
    }
    await tx.execute(statement.on_conflict_do_update(index_elements=["claim_id"], set_=kept))


async def _judge_limits(tx: Transaction, policy_id: UUID | None) -> None:
    """Whether anything of the policy is left, and how many of its claims are open; marks, not a new version."""
    policy = None if policy_id is None else await tx.scalar(select(Policy).where(Policy.id == policy_id))
    if policy is None:
        return
    losses = await queries.losses_of(tx, policy.id)
    exhausted = rules.is_exhausted(policy.line, await queries.remaining_limits(tx, policy))
    still_open = sum(1 for loss in losses if loss.settled_at is None)
    marked = update(Policy).where(Policy.id == policy.id).values(exhausted=exhausted, claims_open=still_open)
    await tx.execute(marked)


async def _policy_of(tx: Transaction, claim_id: UUID) -> UUID | None:
    return await tx.scalar(select(LossRecord.policy_id).where(LossRecord.claim_id == claim_id))


async def _loss(tx: Transaction, told: LossTold) -> None:
    await _keep_loss(tx, told.claim_id, told.model_dump(exclude={"claim_id"}))
    await _judge_limits(tx, told.policy_id)


async def _flag_applications(tx: Transaction, told: ReportTold, reported_at: datetime) -> None:
    """Keep the loss, and mark what the customer has applied for and nobody decided.

    What is not finished is locked, as it is by whoever decides or issues: of the two one sees
    the other, so that nothing is covered behind a report.
    """
    if told.customer_id is None:
        return
    row = {
        "claim_id": told.claim_id, "customer_id": told.customer_id, "line": told.line, "loss_at": told.loss_at,
        "reported_at": reported_at,
    }  # fmt: skip
    await tx.execute(insert(ReportedLoss).values(**row).on_conflict_do_nothing())
    mine = [Application.customer_id == told.customer_id, Application.status.not_in(_FINISHED)]
    mine += [] if told.line is None else [Application.line == told.line]
    locked = select(Application.id).where(*mine).order_by(Application.id).with_for_update()
    ids = await tx.scalars(locked)
    undecided = (Application.id.in_(ids), Application.decided_at.is_(None))
    await tx.execute(update(Application).where(*undecided).values(loss_reported_at=reported_at))


async def _reported(tx: Transaction, event: Received[ReportTold]) -> None:
    told = event.data
    await _loss(tx, LossTold.model_validate(told.model_dump(exclude={"customer_id", "line", "reported_at"})))
    await _flag_applications(tx, told, told.reported_at or event.time)


@consumes("claims.claim.reported.v1")
async def claim_reported(tx: Transaction, event: Received[ReportTold]) -> None:
    await _reported(tx, event)


@consumes("claims.claim.matched.v1")
async def claim_matched(tx: Transaction, event: Received[ReportTold]) -> None:
    await _reported(tx, event)


@consumes("claims.claim.cancelled.v1")
async def claim_cancelled(tx: Transaction, event: Received[ClaimTold]) -> None:
    await _keep_loss(tx, event.data.claim_id, {"cancelled": True})
    await _judge_limits(tx, await _policy_of(tx, event.data.claim_id))


async def _is_newest(tx: Transaction, claim_id: UUID, record_version: int) -> bool:
    held = await tx.scalar(select(LossRecord.settled_version).where(LossRecord.claim_id == claim_id))
    return held is None or record_version > held


@consumes("claims.claim.settled.v1")
async def claim_settled(tx: Transaction, event: Received[SettledTold]) -> None:
    """Erode the limits by what this settlement used; one that was reopened meanwhile is not applied again."""
    told = event.data
    if not await _is_newest(tx, told.claim_id, event.record_version):
        return
    row = told.model_dump(mode="json", include={"by_limit"}) | {
        "policy_id": told.policy_id,
        "outcome": told.outcome,
        "paid_amount": told.paid_amount,
        "settled_at": told.settled_at,
        "settled_version": event.record_version,
    }
    await _keep_loss(tx, told.claim_id, row)
    await _judge_limits(tx, await _policy_of(tx, told.claim_id))


@consumes("claims.claim.reopened.v1")
async def claim_reopened(tx: Transaction, event: Received[ClaimTold]) -> None:
    """Take back what the settlement used: the claim is decided anew."""
    claim_id = event.data.claim_id
    if not await _is_newest(tx, claim_id, event.record_version):
        return
    await _keep_loss(tx, claim_id, {"by_limit": [], "settled_version": event.record_version})
    cleared = {"outcome": None, "paid_amount": None, "settled_at": None}
    await tx.execute(update(LossRecord).where(LossRecord.claim_id == claim_id).values(**cleared))
    await _judge_limits(tx, await _policy_of(tx, claim_id))


CONSUMERS: tuple[Consumer, ...] = (
    claim_reported,
    claim_matched,
    claim_cancelled,
    claim_settled,
    claim_reopened,
)
