"""Reading claims: one by id, the list, the facts that actions are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from services.claims.claim import rules
from services.claims.claim.tables import Claim, ClaimDuty, InjuredPerson
from shared.clock import legal_day
from shared.database import Transaction
from shared.pagination import Filter, Listing
from shared.rule_sets import RuleSet, in_force

CLAIMS = Listing(
    model=Claim,
    filters={
        "status": Filter(Claim.status),
        "policy_no": Filter(Claim.policy_no),
        "claim_no": Filter(Claim.claim_no),
        "line": Filter(Claim.line),
        "policy_match": Filter(Claim.policy_match),
        "customer_id": Filter(Claim.customer_id, UUID),
        "accident_id": Filter(Claim.accident_id, UUID),
        "loss_at": Filter(Claim.loss_at, datetime, ranged=True),
        "reported_at": Filter(Claim.reported_at, datetime, ranged=True),
    },
    search=(Claim.claim_no, Claim.policy_no),
    sorts={"reported_at": Claim.reported_at, "loss_at": Claim.loss_at, "claim_no": Claim.claim_no},
    default_sort="-reported_at",
)


@dataclass(frozen=True)
class ClaimFacts:
    """What an action on a claim is judged by, read once."""

    claim: Claim
    duties: tuple[rules.Held, ...]
    now: datetime


async def duties_of(tx: Transaction, claim_id: UUID) -> tuple[rules.Held, ...]:
    """Every duty taken on the claim so far."""
    rows = await tx.scalars(select(ClaimDuty).where(ClaimDuty.claim_id == claim_id).order_by(ClaimDuty.created_at))
    return tuple(rules.Held(rules.Duty(row.duty), row.person_id) for row in rows)


async def facts_of(tx: Transaction, claim: Claim) -> ClaimFacts:
    return ClaimFacts(claim, await duties_of(tx, claim.id), tx.now)


async def injured_of(tx: Transaction, claim_id: UUID) -> Sequence[InjuredPerson]:
    """The injured as reported, in the order in which they were named."""
    statement = select(InjuredPerson).where(InjuredPerson.claim_id == claim_id)
    return await tx.scalars(statement.order_by(InjuredPerson.position))


async def figures(tx: Transaction, claim: Claim | None = None) -> RuleSet:
    """The rule set `intake` in force when the claim was reported (now, for a new one)."""
    return await in_force(tx, "intake", None if claim is None else legal_day(claim.reported_at))
