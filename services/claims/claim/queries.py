"""Reading claims: one by id, the list, the facts that actions are judged by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
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
    interested: frozenset[UUID] = frozenset()
    """Staff who are, or whose declared relatives are, claimant or reporter."""
    approval: Any = None
    """How far the approval has come, as its room knows it; None where there is no calculation sheet."""


FactSource = Callable[[Transaction, Claim, Any], Awaitable[Mapping[str, Any]]]
"""`source(tx, claim, state)` adds what a later room knows to the facts, by the name of the field."""
PartSource = Callable[[Transaction, ClaimFacts], Awaitable[Mapping[str, Any]]]
"""`source(tx, facts)` adds what a later room shows to the claim read singly, by the name of the member."""


async def duties_of(tx: Transaction, claim_id: UUID) -> tuple[rules.Held, ...]:
    """Every duty taken on the claim so far."""
    rows = await tx.scalars(select(ClaimDuty).where(ClaimDuty.claim_id == claim_id).order_by(ClaimDuty.created_at))
    return tuple(rules.Held(rules.Duty(row.duty), row.person_id) for row in rows)


async def facts_of(tx: Transaction, claim: Claim, state: Any = None) -> ClaimFacts:
    """The facts; with the application's `state` also those of the rooms that come later (`fact_sources`)."""
    more: dict[str, Any] = {}
    for source in getattr(state, "fact_sources", ()):
        more |= await source(tx, claim, state)
    return ClaimFacts(claim, await duties_of(tx, claim.id), tx.now, **more)


async def parts_of(tx: Transaction, facts: ClaimFacts, state: Any) -> dict[str, Any]:
    """What later rooms add to the claim read singly (`part_sources` of the application's `state`).

    Each may name the masked fields of its part in `masked`; they are put together.
    """
    parts: dict[str, Any] = {}
    masked: list[str] = []
    for source in getattr(state, "part_sources", ()):
        part = dict(await source(tx, facts))
        masked += part.pop("masked", ())
        parts |= part
    return {**parts, "masked": masked}


async def injured_of(tx: Transaction, claim_id: UUID) -> Sequence[InjuredPerson]:
    """The injured as reported, in the order in which they were named."""
    statement = select(InjuredPerson).where(InjuredPerson.claim_id == claim_id)
    return await tx.scalars(statement.order_by(InjuredPerson.position))


async def figures(tx: Transaction, claim: Claim | None = None) -> RuleSet:
    """The rule set `intake` in force when the claim was reported (now, for a new one)."""
    return await in_force(tx, "intake", None if claim is None else legal_day(claim.reported_at))
