"""Reads of the copies, and the thresholds in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.risk.exposure.tables import ClaimSeen, CustomerMerged, PolicySeen, Site
from shared.actor import Actor
from shared.database import Transaction
from shared.errors import ReferenceNotFound
from shared.rule_sets import in_force


async def thresholds(tx: Transaction, section: str, day: date | None = None) -> dict[str, Any]:
    """One section of the rule set `thresholds` in force on `day` (default: today)."""
    return (await in_force(tx, "thresholds", day)).content[section]


async def policy(tx: Transaction, policy_id: UUID | None) -> PolicySeen | None:
    return None if policy_id is None else await tx.session.get(PolicySeen, policy_id)


async def policy_of_number(tx: Transaction, policy_no: str) -> PolicySeen | None:
    return await tx.scalar(select(PolicySeen).where(PolicySeen.policy_no == policy_no))


async def policies_of(tx: Transaction, customer_id: UUID) -> Sequence[PolicySeen]:
    """Every policy of a customer, in force or not."""
    statement = select(PolicySeen).where(PolicySeen.customer_id == customer_id)
    return await tx.scalars(statement.order_by(PolicySeen.policy_id))


async def claims_of(tx: Transaction, customer_id: UUID) -> Sequence[ClaimSeen]:
    """Claims of a customer that were not cancelled and whose report has come."""
    statement = select(ClaimSeen).where(
        ClaimSeen.customer_id == customer_id, ClaimSeen.cancelled.is_(False), ClaimSeen.loss_on.is_not(None)
    )
    return await tx.scalars(statement.order_by(ClaimSeen.loss_on))


async def policy_in_scope(tx: Transaction, actor: Actor, policy_no: str) -> PolicySeen:
    """The policy of that number at or below the caller's unit. Raises `ReferenceNotFound` at `#/policy_no`."""
    found = await policy_of_number(tx, policy_no)
    if found is None or not (found.path == actor.scope or found.path.startswith(f"{actor.scope}.")):
        raise ReferenceNotFound.at("#/policy_no")
    return found


async def claims_of_policy(tx: Transaction, policy_id: UUID) -> Sequence[ClaimSeen]:
    """Claims on a policy whose report has come, cancelled ones too."""
    statement = select(ClaimSeen).where(ClaimSeen.policy_id == policy_id, ClaimSeen.loss_on.is_not(None))
    return await tx.scalars(statement.order_by(ClaimSeen.claim_id))


async def sites_of_policy(tx: Transaction, policy_id: UUID) -> Sequence[Site]:
    """The insured sites of a policy that are still worked at, the earliest registered first."""
    statement = select(Site).where(Site.policy_id == policy_id, Site.status == "active")
    return await tx.scalars(statement.order_by(Site.id))


async def kept_customer(tx: Transaction, customer_id: UUID) -> UUID:
    """The customer that `customer_id` is now, after all mergers heard of."""
    seen = {customer_id}
    while (into := await tx.session.get(CustomerMerged, customer_id)) is not None and into.kept_id not in seen:
        seen.add(customer_id := into.kept_id)
    return customer_id
