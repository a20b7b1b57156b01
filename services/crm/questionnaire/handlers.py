"""Draft an edition, and approve it as somebody else."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from services.crm.questionnaire import queries, rules, shapes
from services.crm.questionnaire.schemas import (
    ApproveQuestionnaire,
    DraftQuestionnaire,
    QuestionnaireApprovalOut,
    QuestionnaireRecordOut,
)
from services.crm.questionnaire.tables import Questionnaire
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.rule_sets import in_force
from shared.work_items import close_items, open_item

_ONE_CODE = text("select pg_advisory_xact_lock(hashtextextended('crm.questionnaire.' || cast(:code as text), 0))")


async def must_ask(tx: Transaction, purpose: str) -> list[str]:
    """What a rule wants asked in questionnaires of this purpose, whoever drafts them."""
    return (await in_force(tx, "sampling")).content.get(purpose, {}).get("must_ask", [])


async def draft(db: Database, actor: Actor, key: RequestKey, command: DraftQuestionnaire, language: str) -> Answer:
    """Keep the next edition of a code as a draft of the caller's unit."""
    async with db.transaction(actor, key) as tx:
        rows = [one.model_dump(mode="json", exclude_none=True) for one in command.questions]
        counted = command.purpose == rules.SURVEY
        rules.check_edition(rows, must_ask=await must_ask(tx, command.purpose), counted=counted)
        await tx.execute(_ONE_CODE, {"code": f"{actor.scope}/{command.code}"})
        row = Questionnaire(
            id=uuid7(), version=1, org_path=actor.scope, purpose=command.purpose, code=command.code,
            edition=await queries.edition_after(tx, actor.scope, command.code), title_zh=command.title.zh,
            title_en=command.title.en, content={"questions": rows}, status=str(rules.Status.DRAFT),
            drafted_by=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        await open_item(
            tx, "approve_questionnaire", row, Text("审批问卷", "Approve a questionnaire"), number=None,
            unit_code=actor.unit_code, position="department_head", href=f"/v1/questionnaires/{row.id}/approvals",
        )  # fmt: skip
        tx.note("draft", row, after={"code": row.code, "edition": row.edition, "status": row.status})
        out: QuestionnaireRecordOut = await shapes.alone(tx, row, ACTIONS, language)
        return tx.answer(out, location=f"/v1/questionnaires/{row.id}", version=row.version)


def check_approval(actor: Actor, row: Questionnaire) -> None:
    """Whether this caller may approve this edition now."""
    persons = {actor.person_id, actor.on_behalf_of or actor.person_id}
    rules.may_approve(rules.Status(row.status), row.drafted_by, persons)


async def approve(
    db: Database, actor: Actor, key: RequestKey, questionnaire_id: UUID, version: int | None,
    command: ApproveQuestionnaire,
) -> Answer:  # fmt: skip
    """From now on this edition is asked; the one before it is retired."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Questionnaire, questionnaire_id, version)
        check_approval(actor, row)
        before = await queries.approved(tx, row.org_path, row.code)
        if before is not None:
            before.status, before.updated_at = str(rules.Status.RETIRED), tx.now
            before.version += 1
            tx.note("retire", before, before={"status": "approved"}, after={"status": "retired"})
            await tx.flush()
        row.status, row.approved_by, row.approved_at = str(rules.Status.APPROVED), actor.person_id, tx.now
        await close_items(tx, row.id)
        tx.note("approve", row, before={"status": "draft"}, after={"status": row.status}, reason=command.remark)
        out = QuestionnaireApprovalOut(
            id=uuid7(), created_at=tx.now, questionnaire=shapes.state_of(row),
            retired_id=None if before is None else before.id,
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/questionnaires/{row.id}", version=row.version)


ACTIONS: tuple[Action[Questionnaire], ...] = (
    Action("approve", "POST", "/v1/questionnaires/{id}/approvals", "crm.questionnaire.approve", check_approval),
)
