"""How a questionnaire is shown."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from services.crm.questionnaire.schemas import QuestionIn, QuestionnaireItem, QuestionnaireRecordOut, QuestionnaireState
from services.crm.questionnaire.tables import Questionnaire
from shared.actions import Action, judged
from shared.database import Transaction
from shared.directory import staff_numbers


def state_of(row: Questionnaire) -> QuestionnaireState:
    return QuestionnaireState(id=row.id, version=row.version, status=row.status)


def item(row: Questionnaire) -> QuestionnaireItem:
    """The edition in a list."""
    return QuestionnaireItem(
        id=row.id, version=row.version, org_path=row.org_path, created_at=row.created_at, updated_at=row.updated_at,
        purpose=row.purpose, code=row.code, edition=row.edition, title={"zh": row.title_zh, "en": row.title_en},
        status=row.status, approved_at=row.approved_at, question_count=len(row.content["questions"]),
    )  # fmt: skip


def person(person_id: UUID, staff: Mapping[UUID, str]) -> dict[str, str]:
    """Somebody as facts name him: the id, and the staff number where it is known."""
    return {"person_id": str(person_id)} | ({"staff_no": staff[person_id]} if person_id in staff else {})


async def alone(
    tx: Transaction, row: Questionnaire, actions: tuple[Action[Questionnaire], ...], language: str
) -> QuestionnaireRecordOut:
    """The edition read singly."""
    known = [one for one in (row.drafted_by, row.approved_by) if one is not None]
    staff = await staff_numbers(tx, known)
    return QuestionnaireRecordOut(
        **item(row).model_dump(), questions=[QuestionIn.model_validate(one) for one in row.content["questions"]],
        drafted_by=person(row.drafted_by, staff),
        approved_by=None if row.approved_by is None else person(row.approved_by, staff),
        available_actions=judged(actions, tx.actor, row, row.id, language),
    )  # fmt: skip
