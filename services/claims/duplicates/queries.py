"""Reads across the claims of one policy and of one accident, which do not end at a unit's border."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import select, text

from services.claims.claim.tables import Claim
from services.claims.duplicates.rules import OnPolicy
from shared.database import Transaction

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:what, 0))")


@asynccontextmanager
async def in_every_unit(tx: Transaction) -> AsyncIterator[None]:
    """For the length of the block in the service's own scope: other units' claims count, and are not shown."""
    scope = tx.scope
    if scope == "00":
        yield
        return
    await tx.use_scope("00")
    yield
    await tx.use_scope(scope)


async def lock_policy(tx: Transaction, policy_id: UUID) -> None:
    """Let nobody else group claims of this policy into accidents until this transaction ends."""
    await tx.execute(_LOCK, {"what": f"claims.policy.{policy_id}"})


async def lock_accident(tx: Transaction, accident_id: UUID) -> None:
    """Let nobody else change or decide about the sum of this accident until this transaction ends."""
    await tx.execute(_LOCK, {"what": f"claims.accident.{accident_id}"})


async def on_policy(tx: Transaction, claim: Claim) -> list[OnPolicy]:
    """The other live claims on the policy of `claim`, in the current scope."""
    statement = select(Claim.id, Claim.accident_id, Claim.loss_at, Claim.accident_separated).where(
        Claim.policy_id == claim.policy_id, Claim.id != claim.id, Claim.status != "cancelled"
    )
    return [OnPolicy(*row) for row in await tx.execute(statement.order_by(Claim.id))]


async def lock_in_order(tx: Transaction, *claim_ids: UUID) -> None:
    """Lock these claims in the order of their ids, so that two requests about the same pair wait, not deadlock."""
    statement = select(Claim.id).where(Claim.id.in_(claim_ids)).order_by(Claim.id).with_for_update()
    await tx.execute(statement)


async def claim_in_scope(tx: Transaction, claim_id: UUID) -> Claim | None:
    """A claim named in a body: only what the caller sees anyway."""
    return await tx.scalar(select(Claim).where(Claim.id == claim_id))
