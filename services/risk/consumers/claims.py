"""Claims, which raise the frequency and send somebody to look after a grave accident."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import case, func
from sqlalchemy.dialects.postgresql import insert

from services.risk.exposure.queries import kept_customer
from services.risk.exposure.tables import ClaimSeen
from services.risk.key_risk.handlers import evaluate
from services.risk.plan.handlers import after_accident
from shared.clock import legal_day
from shared.database import Transaction
from shared.events import Consumer, Received, consumes


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


async def _told(tx: Transaction, event: Received[ClaimTold]) -> None:
    """A report or a later match: the later version of the claim counts, and what it does not say stays as it was."""
    told = event.data
    before = await tx.session.get(ClaimSeen, told.claim_id)
    former = None if before is None else before.customer_id
    row = {
        "claim_id": told.claim_id, "policy_id": told.policy_id,
        "customer_id": None if told.customer_id is None else await kept_customer(tx, told.customer_id),
        "path": event.org_path, "loss_on": legal_day(told.loss_at), "injured_count": told.injured_count,
        "death_count": told.death_count,
    }  # fmt: skip
    statement = insert(ClaimSeen).values(**row, cancelled=False, record_version=event.record_version)
    new, held = statement.excluded, ClaimSeen
    later = new.record_version >= held.record_version
    kept: dict[str, Any] = {
        name: case(
            (later, func.coalesce(new[name], getattr(held, name))), else_=func.coalesce(getattr(held, name), new[name])
        )
        for name in row
        if name != "claim_id"
    }
    kept["record_version"] = func.greatest(new.record_version, held.record_version)
    await tx.execute(statement.on_conflict_do_update(index_elements=["claim_id"], set_=kept))
    seen = await _seen(tx, told.claim_id)
    if seen is not None:
        await after_accident(tx, seen)
        for customer in {former, seen.customer_id}:
            await evaluate(tx, customer)


async def _seen(tx: Transaction, claim_id: UUID) -> ClaimSeen | None:
    return await tx.session.get(ClaimSeen, claim_id, populate_existing=True)


@consumes("claims.claim.reported.v1")
async def claim_reported(tx: Transaction, event: Received[ClaimTold]) -> None:
    await _told(tx, event)


@consumes("claims.claim.matched.v1")
async def claim_matched(tx: Transaction, event: Received[ClaimTold]) -> None:
    await _told(tx, event)


@consumes("claims.claim.cancelled.v1")
async def claim_cancelled(tx: Transaction, event: Received[ClaimNamed]) -> None:
    """The report was taken back, perhaps before it was heard: it does not count."""
    row = {"claim_id": event.data.claim_id, "path": event.org_path, "cancelled": True}
    known = insert(ClaimSeen).values(**row, record_version=0)
    await tx.execute(known.on_conflict_do_update(index_elements=["claim_id"], set_={"cancelled": True}))
    seen = await _seen(tx, event.data.claim_id)
    if seen is not None:
        await after_accident(tx, seen)
        await evaluate(tx, seen.customer_id)


@consumes("claims.claim.settled.v1")
async def claim_settled(tx: Transaction, event: Received[ClaimNamed]) -> None:
    customer = event.data.customer_id
    await evaluate(tx, None if customer is None else await kept_customer(tx, customer))


@consumes("claims.claim.reopened.v1")
async def claim_reopened(tx: Transaction, event: Received[ClaimNamed]) -> None:
    seen = await _seen(tx, event.data.claim_id)
    await evaluate(tx, None if seen is None else seen.customer_id)


CONSUMERS: tuple[Consumer, ...] = (claim_reported, claim_matched, claim_cancelled, claim_settled, claim_reopened)
