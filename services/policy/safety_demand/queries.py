"""Reading demands, and which duties a contract has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from services.policy.policy.tables import Policy
from services.policy.refund_quote.queries import terms_of
from services.policy.safety_demand.tables import SafetyDemand
from services.policy.survey.tables import HazardCopy
from shared.database import Transaction
from shared.pagination import Filter, Listing

DEMANDS = Listing(
    model=SafetyDemand,
    filters={
        "status": Filter(SafetyDemand.status),
        "policy_id": Filter(SafetyDemand.policy_id, UUID),
        "policy_no": Filter(SafetyDemand.policy_no),
        "customer_id": Filter(SafetyDemand.customer_id, UUID),
        "hazard_id": Filter(SafetyDemand.hazard_id, UUID),
        "due_on": Filter(SafetyDemand.due_on, date, ranged=True),
    },
    search=(SafetyDemand.policy_no,),
    sorts={"due_on": SafetyDemand.due_on},
)


@dataclass(frozen=True)
class DemandFacts:
    """What an act on a demand is judged by."""

    demand: SafetyDemand


async def duty_clauses(tx: Transaction, policy: Policy) -> frozenset[str] | None:
    """The duties of the contract by their clauses, special agreements included; None where they are not kept here."""
    terms = await terms_of(tx, policy)
    if terms is None:
        return None
    agreements = frozenset(str(one["code"]) for one in terms.content["agreements"])
    return frozenset(one.clause_id for one in terms.duty_clauses) | agreements


async def open_of_hazard(tx: Transaction, hazard_id: UUID) -> list[SafetyDemand]:
    """Demands about a hazard that nothing was demanded of yet."""
    waiting = select(SafetyDemand).where(SafetyDemand.hazard_id == hazard_id, SafetyDemand.status == "proposed")
    return list(await tx.scalars(waiting.with_for_update()))


async def closed_already(tx: Transaction, hazard_id: UUID) -> bool:
    """Whether risk told before that the hazard is closed: what is told of it in whatever order, nothing is asked."""
    return bool(await tx.scalar(select(HazardCopy.closed).where(HazardCopy.hazard_id == hazard_id)))


async def demanded_increase(tx: Transaction, policy_id: UUID, clause_id: str) -> Decimal | None:
    """The share of the premium that is demanded more for this duty of a policy; None where nothing is."""
    statement = select(SafetyDemand.increase_rate).where(
        SafetyDemand.policy_id == policy_id, SafetyDemand.clause_id == clause_id, SafetyDemand.status == "demanded"
    )
    return await tx.scalar(statement.order_by(SafetyDemand.demanded_at.desc()).limit(1))
