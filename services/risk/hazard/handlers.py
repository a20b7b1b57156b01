"""Rating hazards during a visit; the same hazard sent again is the same hazard."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from services.risk import events
from services.risk.exposure import queries as exposure
from services.risk.hazard import rules
from services.risk.hazard.schemas import HazardItem, RateHazard
from services.risk.inspection.rules import InspectionStatus, advance
from services.risk.inspection.tables import Hazard, Inspection
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import open_item

_AT_WORK = (InspectionStatus.IN_PROGRESS, InspectionStatus.SCHEDULED, InspectionStatus.OVERDUE)


async def rate_hazard(
    db: Database, actor: Actor, key: RequestKey, inspection_id: UUID, client_id: str, command: RateHazard
) -> Answer:
    """Rate a hazard of a visit before its report; sent again with the same client id it changes nothing or corrects."""
    async with db.transaction(actor, key) as tx:
        inspection = await tx.find(Inspection, inspection_id, lock=True)
        may_rate(inspection.state)
        scoring = rules.read_scoring(await exposure.thresholds(tx, "hazard"))
        rating = rules.rate(command.likelihood, command.exposure, command.consequence, scoring)
        policy = await exposure.policy(tx, inspection.policy_id)
        limit = None if policy is None else policy.limit_per_accident or policy.aggregate_limit
        rules.check_pml(command.probable_maximum_loss, limit, command.comment or "")
        hazard = await tx.scalar(
            select(Hazard).where(Hazard.inspection_id == inspection_id, Hazard.client_id == client_id)
        )
        if hazard is not None and _same(hazard, command):
            return tx.answer(HazardItem.model_validate(hazard), status=200, version=hazard.version)
        if hazard is not None:
            rules.refuse_noticed(rules.HazardStatus(hazard.status), hazard.notice_id is not None)
        hazard = await _write(tx, hazard, inspection, client_id, command, rating)
        if inspection.state is not InspectionStatus.IN_PROGRESS:
            before = inspection.status
            inspection.advance(InspectionStatus.IN_PROGRESS)
            inspection.version += 1
            inspection.updated_at = tx.now
            tx.note("begin", inspection, before={"status": before}, after={"status": inspection.status})
        return tx.answer(HazardItem.model_validate(hazard), status=200, version=hazard.version)


def may_rate(state: InspectionStatus) -> None:
    """Refuse (409) hazards of a visit that nobody is making."""
    if state not in _AT_WORK:
        advance(state, InspectionStatus.IN_PROGRESS)


def _same(hazard: Hazard, command: RateHazard) -> bool:
    return all(getattr(hazard, name) == getattr(command, name) for name in RateHazard.model_fields)


async def _write(
    tx: Transaction, hazard: Hazard | None, inspection: Inspection, client_id: str, command: RateHazard,
    rating: rules.Rating,
) -> Hazard:  # fmt: skip
    before = None
    if hazard is None:
        hazard = Hazard(
            id=uuid7(), version=0, org_path=inspection.org_path, inspection_id=inspection.id, client_id=client_id,
            policy_id=inspection.policy_id, policy_no=inspection.policy_no, customer_id=inspection.customer_id,
            unit_code=inspection.unit_code, status=str(rules.HazardStatus.RATED), found_by=tx.actor.person_id,
            extensions=0, steps=0,
        )  # fmt: skip
        tx.add(hazard)
    else:
        before = {"class": hazard.hazard_class, "score": str(hazard.score)}
    for name in RateHazard.model_fields:
        setattr(hazard, name, getattr(command, name))
    hazard.score, hazard.hazard_class = Decimal(rating.score), str(rating.hazard_class)
    hazard.rectify_days = rating.rectify_days
    hazard.version += 1
    hazard.updated_at = tx.now
    await tx.flush()
    tell_found(tx, hazard)
    await open_item(
        tx, "issue_rectification_notice", hazard, Text("出具整改意见书", "Issue the rectification notice"),
        number=inspection.inspection_no, unit_code=hazard.unit_code, position="risk_engineer",
        priority="high" if hazard.hazard_class == "extreme" else "normal", href="/v1/rectification-notices",
    )  # fmt: skip
    tx.note("rate", hazard, before=before, after={"class": hazard.hazard_class, "score": str(hazard.score)})
    return hazard


def tell_found(tx: Transaction, hazard: Hazard) -> None:
    """The hazard as it stands: told when it is rated, and again when its day is set, put off or counts anew."""
    told = {
        "hazard_id": hazard.id, "policy_id": hazard.policy_id, "customer_id": hazard.customer_id,
        "class": hazard.hazard_class, "due_on": hazard.due_on,
    }  # fmt: skip
    tx.publish(events.HazardFound.model_validate(told), hazard)
