"""How plans and visits are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.risk.exposure.tables import ClaimSeen
from services.risk.inspection import queries, schemas
from services.risk.inspection.tables import Inspection, InspectionPlan
from shared.actions import Action, judged
from shared.database import Transaction


def item(row: Inspection) -> schemas.InspectionItem:
    """The visit in a list."""
    return schemas.InspectionItem.model_validate(row)


def plan_item(row: InspectionPlan) -> schemas.PlanItem:
    """The plan in a list."""
    return schemas.PlanItem.model_validate(row)


def claim(row: ClaimSeen) -> dict[str, Any]:
    """A claim as the inspector sees it."""
    told = {"claim_id": str(row.claim_id), "injured_count": row.injured_count, "death_count": row.death_count}
    return told | ({} if row.loss_on is None else {"loss_on": row.loss_on.isoformat()})


async def alone(
    tx: Transaction, inspection: Inspection, hazards: Sequence[dict[str, Any]],
    actions: tuple[Action[queries.InspectionFacts], ...], language: str,
) -> schemas.InspectionOut:  # fmt: skip
    """The visit read singly, with its hazards and the customer's claims."""
    facts = await queries.facts_of(tx, inspection)
    return schemas.InspectionOut(
        **item(inspection).model_dump(), inspector_person_id=inspection.inspector_person_id,
        sections=inspection.sections, participants=inspection.participants, warnings=inspection.warnings,
        feedback=inspection.feedback, hazards=list(hazards),
        claims=[claim(one) for one in await queries.claims_of(tx, inspection)],
        available_actions=judged(actions, tx.actor, facts, inspection.id, language),
    )  # fmt: skip
