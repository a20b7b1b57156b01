"""Claims that the news of a policy may concern."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select

from services.claims.claim.queries import injured_of
from services.claims.claim.tables import Claim
from services.claims.cover.tables import CoverVersion
from services.claims.matching.rules import Injured
from services.claims.placement.rules import PLACEABLE
from shared.database import Transaction


async def waiting_for_number(tx: Transaction, policy_no: str) -> Sequence[Claim]:
    """Claims that named this policy and on which no sheet rests yet, locked in the order of their ids."""
    return await _waiting(tx, Claim.policy_no == policy_no)


async def waiting_for_policy(tx: Transaction, policy_id: UUID) -> Sequence[Claim]:
    """The same by the policy's id, also for claims that know the policy only by its number."""
    numbers = select(CoverVersion.policy_no).where(CoverVersion.policy_id == policy_id)
    return await _waiting(tx, Claim.policy_no.in_(numbers))


async def _waiting(tx: Transaction, condition: ColumnElement[bool]) -> Sequence[Claim]:
    statement = select(Claim).where(condition, Claim.status.in_(map(str, PLACEABLE)), Claim.sheet_version.is_(None))
    return await tx.scalars(statement.order_by(Claim.id).with_for_update())


async def people_of(tx: Transaction, claim: Claim) -> list[Injured]:
    """The injured as the insured list can tell them apart."""
    return [Injured(one.insured_ref, one.digest) for one in await injured_of(tx, claim.id)]
