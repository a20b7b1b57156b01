"""How plans and visits are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.risk.exposure.tables import ClaimSeen
from services.risk.inspection import queries, schemas
from services.risk.inspection.tables import Inspection, InspectionPlan, InspectionSignature
from shared.actions import Action, judged
from shared.clock import rfc3339
from shared.database import Transaction
from shared.masking import masked_name


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
        **item(inspection).model_dump(), place=inspection.place, reasons=inspection.reasons,
        confirmation=inspection.confirmation, checklist_id=inspection.checklist_id,
        sections={name: one.get("content", one) for name, one in inspection.sections.items()},
        scores=inspection.scores, explanation=inspection.explanation, jointly=inspection.jointly,
        participants=inspection.participants, warnings=inspection.warnings, feedback=inspection.feedback,
        hazards=list(hazards), claims=[claim(one) for one in await queries.claims_of(tx, inspection)],
        signatures=[signature(one) for one in await queries.signatures_of(tx, inspection.id)],
        available_actions=judged(actions, tx.actor, facts, inspection.id, language),
    )  # fmt: skip


def signature(row: InspectionSignature) -> dict[str, Any]:
    """A signature as everybody sees it: the name is masked."""
    told = {
        "side": row.side, "signed_at": rfc3339(row.signed_at), "method": row.method, "signer_role": row.signer_role,
        "signer_name": row.signer_name and masked_name(row.signer_name), "refused_reason": row.refused_reason,
        "attachment_id": row.attachment_id and str(row.attachment_id),
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}
