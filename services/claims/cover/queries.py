"""Named reads of the cover copy."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from services.claims.cover.tables import CoverVersion, InsuredEntry, OpenHazard
from services.claims.matching.rules import ListEntry, Version
from shared.database import Transaction


async def versions_of_number(tx: Transaction, policy_no: str) -> Sequence[CoverVersion]:
    """Every version known of the policy with this number, in whatever order they came."""
    statement = select(CoverVersion).where(CoverVersion.policy_no == policy_no)
    return await tx.scalars(statement.order_by(CoverVersion.policy_version))


async def version_of(tx: Transaction, policy_id: UUID, number: int) -> CoverVersion | None:
    """One version of a policy."""
    return await tx.session.get(CoverVersion, (policy_id, number))


def as_version(row: CoverVersion) -> Version:
    """The version as the matching rules see it."""
    return Version(
        policy_id=row.policy_id, number=row.policy_version, made_at=row.made_at, effective_at=row.effective_at,
        starts_at=row.starts_at, ends_at=row.ends_at, ended_at=row.ended_at, status=row.status,
    )  # fmt: skip


async def insured_list(tx: Transaction, policy_id: UUID, number: int) -> list[ListEntry]:
    """The insured list in force for a version: that of the newest version, up to it, whose parts are all here."""
    parts = (
        select(InsuredEntry.policy_version)
        .where(InsuredEntry.policy_id == policy_id, InsuredEntry.policy_version <= number)
        .group_by(InsuredEntry.policy_version, InsuredEntry.parts)
        .having(func.count(InsuredEntry.part.distinct()) == InsuredEntry.parts)
        .order_by(InsuredEntry.policy_version.desc())
        .limit(1)
    )
    complete = await tx.scalar(parts)
    if complete is None:
        return []
    statement = select(InsuredEntry).where(InsuredEntry.policy_id == policy_id, InsuredEntry.policy_version == complete)
    return [
        ListEntry(row.insured_ref, row.id_digest, row.covered_from, row.covered_to)
        for row in await tx.scalars(statement)
    ]


async def open_hazards(tx: Transaction, policy_id: UUID) -> Sequence[OpenHazard]:
    """Hazards not yet closed at this policy, the most urgent first."""
    statement = select(OpenHazard).where(OpenHazard.policy_id == policy_id, OpenHazard.closed.is_(False))
    return await tx.scalars(statement.order_by(OpenHazard.due_on.nulls_last()))
