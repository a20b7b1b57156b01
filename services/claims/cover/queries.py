"""Named reads of the cover copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.claims.claim.queries import ClaimFacts
from services.claims.claim.rules import Flag
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
from services.claims.matching import rules as matching
from services.claims.matching.rules import ListEntry, Version
from shared.clock import legal_day
from shared.database import Transaction


async def versions_of_number(tx: Transaction, policy_no: str) -> Sequence[CoverVersion]:
    """Every version known of the policy with this number, in whatever order they came."""
    statement = select(CoverVersion).where(CoverVersion.policy_no == policy_no)
    return await tx.scalars(statement.order_by(CoverVersion.policy_version))


async def version_of(tx: Transaction, policy_id: UUID, number: int) -> CoverVersion | None:
    """One version of a policy."""
    return await tx.session.get(CoverVersion, (policy_id, number))


async def rescission_of(tx: Transaction, policy_id: UUID | None) -> bool | None:
    """Whether losses before the policy's rescission are paid all the same; None where it was not rescinded."""
    end = None if policy_id is None else await tx.session.get(CoverEnd, policy_id)
    return end.losses_paid if end is not None and end.kind == "rescind" else None


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


@dataclass(frozen=True)
class Looked:
    """What is known of a policy number for one loss: the match, the version to show, and what to look at."""

    match: matching.Match
    version: CoverVersion | None
    customer_id: UUID | None
    flags: tuple[Flag, ...]


async def look_up(
    tx: Transaction, policy_no: str | None, loss_at: datetime, notified_at: datetime,
    people: Sequence[matching.Injured],
) -> Looked:  # fmt: skip
    """Match a loss to the policy with this number, by all versions that are here; the insured list and premiums that
    were taken without a decision included.
    """
    rows = await versions_of_number(tx, policy_no) if policy_no else []
    found = matching.match([as_version(row) for row in rows], loss_at, notified_at)
    shown = found.policy_version or (rows[-1].policy_version if rows else None)
    version = next((row for row in rows if row.policy_version == shown), None)
    if version is None:
        return Looked(found, None, None, found.flags)
    customer_id = await kept_customer(tx, version.customer_id)
    flags = [*found.flags, *((Flag.REINSURED,) if version.reinsured else ())]
    if found.policy_version is not None and people:
        entries = await insured_list(tx, version.policy_id, found.policy_version)
        flags += matching.list_flags(entries, people, legal_day(loss_at))
    if found.policy_match is not matching.PolicyMatch.MATCHED:
        flags += matching.premium_flags(await premium_windows(tx, customer_id, version.line), loss_at)
    return Looked(found, version, customer_id, tuple(dict.fromkeys(flags)))


async def premium_windows(tx: Transaction, customer_id: UUID, line: str) -> list[matching.PremiumWindow]:
    """Premiums this customer paid in this line, from their receipt to the decision."""
    seen = PremiumWindowSeen
    statement = select(seen.received_at, seen.decided_at).where(
        seen.customer_id == customer_id, seen.line == line, seen.received_at.is_not(None)
    )
    return [matching.PremiumWindow(received, decided) for received, decided in await tx.execute(statement) if received]


async def kept_customer(tx: Transaction, customer_id: UUID) -> UUID:
    """The customer that this one was merged into, or itself."""
    kept = await tx.scalar(select(MergedCustomer.kept_id).where(MergedCustomer.merged_id == customer_id))
    return kept or customer_id


async def hazards_of(tx: Transaction, claim: Claim) -> list[dict[str, Any]]:
    """Open hazards at the insured's, as shown at the first notice and on the claim."""
    if claim.policy_id is None:
        return []
    return [
        {"hazard_id": str(one.hazard_id), "class": one.hazard_class, "overdue": one.overdue}
        | ({"due_on": one.due_on.isoformat()} if one.due_on else {})
        for one in await open_hazards(tx, claim.policy_id)
    ]


async def key_account_tier(tx: Transaction, customer_id: UUID | None) -> str | None:
    """The tier of a customer who is a key account now."""
    if customer_id is None:
        return None
    return await tx.scalar(select(KeyAccount.tier).where(KeyAccount.customer_id == customer_id))


async def shown(tx: Transaction, facts: ClaimFacts) -> dict[str, Any]:
    """The part of the claim that tells of the insured: open hazards, and whether it is a key account."""
    claim = facts.claim
    return {"open_hazards": await hazards_of(tx, claim), "key_account": await key_account_tier(tx, claim.customer_id)}
