"""Reading hazards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import PolicySeen
from services.risk.hazard.rules import HazardStatus
from services.risk.hazard.tables import HazardEvidence
from services.risk.inspection.tables import Hazard
from shared.database import Transaction
from shared.pagination import Filter, Listing

ENDED = ("closed", "cancel_cover")
"""States in which a hazard asks nothing of anybody any more."""

HAZARDS = Listing(
    model=Hazard,
    filters={
        "status": Filter(Hazard.status),
        "class": Filter(Hazard.hazard_class),
        "policy_no": Filter(Hazard.policy_no),
        "customer_id": Filter(Hazard.customer_id, UUID),
        "inspection_id": Filter(Hazard.inspection_id, UUID),
        "notice_id": Filter(Hazard.notice_id, UUID),
        "due_on": Filter(Hazard.due_on, date, ranged=True),
    },
    search=(Hazard.policy_no,),
    sorts={"score": Hazard.score, "due_on": Hazard.due_on},
    conditions={
        "due_before": lambda text: Hazard.due_on < date.fromisoformat(text[:10]),
        "open": lambda text: Hazard.status.in_(ENDED) != {"true": True, "false": False}[text],
    },
)


@dataclass(frozen=True)
class HazardFacts:
    """What an action on a hazard is judged by, read once."""

    hazard: Hazard
    policy: PolicySeen | None
    evidence: Sequence[HazardEvidence]
    now: datetime

    @property
    def state(self) -> HazardStatus:
        return HazardStatus(self.hazard.status)

    @property
    def compulsory(self) -> bool:
        return self.policy is not None and self.policy.compulsory


async def facts_of(tx: Transaction, hazard: Hazard) -> HazardFacts:
    """The hazard with its policy and what was shown of its cure, the earliest first."""
    statement = select(HazardEvidence).where(HazardEvidence.hazard_id == hazard.id).order_by(HazardEvidence.id)
    policy = await exposure.policy(tx, hazard.policy_id)
    return HazardFacts(hazard, policy, await tx.scalars(statement), tx.now)


async def found_at(tx: Transaction, inspection_id: UUID) -> Sequence[Hazard]:
    """The hazards of one visit, the worst first."""
    statement = select(Hazard).where(Hazard.inspection_id == inspection_id)
    return await tx.scalars(statement.order_by(Hazard.score.desc(), Hazard.id))


async def of_customer(tx: Transaction, customer_id: UUID) -> Sequence[Hazard]:
    """A customer's open hazards, the worst first."""
    statement = select(Hazard).where(Hazard.customer_id == customer_id, Hazard.status.not_in(ENDED))
    return await tx.scalars(statement.order_by(Hazard.score.desc(), Hazard.id))
