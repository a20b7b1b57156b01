"""Drafting an assessment, and signing it when it is handed over."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.risk import events
from services.risk.assessment import rules
from services.risk.assessment.schemas import (
    AssessmentFactOut,
    AssessmentState,
    DraftAssessment,
    SignAssessment,
)
from services.risk.assessment.shapes import alone
from services.risk.assessment.tables import RiskAssessment
from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import Site
from services.risk.inspection.queries import refuse_foreign_files
from services.risk.inspection.rules import check_inspector
from services.risk.inspection.tables import Inspection
from shared.actor import Actor
from shared.database import Database, Record, Transaction
from shared.errors import NotFound, ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7


async def draft(db: Database, actor: Actor, key: RequestKey, command: DraftAssessment, language: str) -> Answer:
    """Draft an assessment; it lies where the visit, the site or the policy that it is about lies, else here."""
    async with db.transaction(actor, key) as tx:
        rules.check_content(command.factors, command.advice)
        level = rules.level_of(command.score, await exposure.thresholds(tx, "assessment"))
        about = await _about(tx, actor, command)
        row = RiskAssessment(
            id=uuid7(), version=1, status=str(rules.AssessmentStatus.DRAFT), level=level,
            customer_id=command.customer_id, site_id=command.site_id, inspection_id=command.inspection_id,
            score=command.score, advice=command.advice, summary=command.summary, assessor_person_id=actor.person_id,
            factors=[one.model_dump(exclude_none=True) for one in command.factors], **about,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        tx.note("draft", row, after={"score": row.score, "level": level})
        out = alone(row, actor, language)
        return tx.answer(out, location=f"/v1/risk-assessments/{row.id}", version=1)


async def _about(tx: Transaction, actor: Actor, command: DraftAssessment) -> dict[str, Any]:
    """Place, policy and application of the assessment. Raises `ReferenceNotFound`, `CustomerMismatch`."""
    about: dict[str, Any] = {
        "org_path": actor.scope, "unit_code": actor.unit_code, "application_id": command.application_id,
    }  # fmt: skip
    for kind, given, name in ((Site, command.site_id, "site_id"), (Inspection, command.inspection_id, "inspection_id")):
        if given is not None:
            found: Any = await _referred(tx, kind, given, f"#/{name}")
            rules.refuse_other_customer(command.customer_id, found.customer_id, f"#/{name}")
            about |= {name: getattr(found, name) for name in ("org_path", "unit_code", "policy_id", "policy_no")}
    if command.policy_no is not None:
        policy = await exposure.policy_in_scope(tx, actor, command.policy_no)
        rules.refuse_other_customer(command.customer_id, policy.customer_id, "#/policy_no")
        about |= {
            "org_path": policy.path, "unit_code": policy.unit_code, "policy_id": policy.policy_id,
            "policy_no": policy.policy_no,
        }  # fmt: skip
    if command.inspection_id is not None and about["application_id"] is None:
        visit = await tx.find(Inspection, command.inspection_id)
        about["application_id"] = visit.application_id
    return about


async def _referred(tx: Transaction, kind: type[Record], record_id: UUID, pointer: str) -> Any:
    try:
        return await tx.find(kind, record_id)
    except NotFound:
        raise ReferenceNotFound.at(pointer) from None


async def sign(
    db: Database, actor: Actor, key: RequestKey, assessment_id: UUID, version: int | None, command: SignAssessment
) -> Answer:
    """Sign the assessment that the customer has got. Refuses (403) the seller and the underwriter of the policy."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(RiskAssessment, assessment_id, version)
        rules.may_sign(row.status)
        policy = await exposure.policy(tx, row.policy_id)
        duties = {} if policy is None else {"seller_id": policy.seller_id, "underwriter_id": policy.underwriter_id}
        for person in {actor.person_id, actor.on_behalf_of or actor.person_id}:
            check_inspector(person, actor.scope, row.org_path, **{"seller_id": None, "underwriter_id": None, **duties})
        given = command.handed_over
        rules.refuse_future(given.at, tx.now, "#/handed_over/at")
        files = [given.attachment_id] if given.attachment_id else []
        await refuse_foreign_files(tx, row, files, "#/handed_over/attachment_id")
        row.status, row.signed_by, row.signed_at = str(rules.AssessmentStatus.SIGNED), actor.person_id, tx.now
        row.handed_over_at = given.at
        row.handed_over = given.model_dump(mode="json", exclude={"at"}, exclude_none=True)
        tx.publish(_signed(row, tx.now), row)
        tx.note("sign", row, before={"status": "draft"}, after={"status": row.status, "method": given.method})
        state = AssessmentState(id=row.id, version=row.version, status=row.status)
        out = AssessmentFactOut(
            id=uuid7(), created_at=tx.now, handed_over_at=given.at, level=row.level, risk_assessment=state
        )
        return tx.answer(out, location=f"/v1/risk-assessments/{row.id}", version=row.version)


def _signed(row: RiskAssessment, at: datetime) -> events.AssessmentSigned:
    return events.AssessmentSigned(
        assessment_id=row.id, customer_id=row.customer_id, application_id=row.application_id, policy_id=row.policy_id,
        score=row.score, level=row.level, assessor_id=row.assessor_person_id, signed_at=at,
    )  # fmt: skip
