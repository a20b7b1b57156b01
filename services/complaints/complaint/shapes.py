"""How complaints are shown: the complainant masked, the persons named never."""

from __future__ import annotations

from typing import Any

from services.complaints.complaint import queries
from services.complaints.complaint.schemas import ComplaintItem, ComplaintOut, FactOut, RecordState
from services.complaints.complaint.tables import Complaint, ComplaintFact
from shared import directory
from shared.actions import Action, judged
from shared.database import Transaction
from shared.masking import masked_id_no, masked_name, masked_phone
from shared.periods import Deadline

_MASKS = {"name": masked_name, "phone": masked_phone, "id_no": masked_id_no}


def item(complaint: Complaint) -> ComplaintItem:
    """The complaint in a list."""
    return ComplaintItem.model_validate(complaint)


def _hidden(person: dict[str, Any]) -> dict[str, Any]:
    return {key: _MASKS[key](value) if key in _MASKS and value else value for key, value in person.items() if value}


def clock(complaint: Complaint) -> dict[str, Any]:
    """The legal clock with its deadline."""
    deadline = Deadline.from_stored(complaint.deadline).shown()
    return {
        "rule": complaint.rule,
        "stage": complaint.stage,
        "started_on": complaint.started_on.isoformat(),
        "deadlines": [deadline],
    }


def state(complaint: Complaint) -> RecordState:
    return RecordState(id=complaint.id, version=complaint.version, status=complaint.status)


def fact(row: ComplaintFact, complaint: Complaint, staff_no: str) -> FactOut:
    """The answer to one act."""
    person = {"person_id": str(row.person_id), "staff_no": staff_no}
    return FactOut(
        id=row.id, created_at=row.created_at, kind=row.kind, person=person, occurred_at=row.occurred_at, told=row.told,
        complaint=state(complaint),
    )  # fmt: skip


async def plain_values(_tx: Transaction, complaint: Complaint) -> dict[str, str | None]:
    """What a reveal of a complaint can show."""
    told = complaint.complainant
    return {f"complainant.{name}": told.get(name) for name in _MASKS}


async def alone(
    tx: Transaction, complaint: Complaint, actions: tuple[Action[queries.ComplaintFacts], ...], language: str
) -> ComplaintOut:
    """The complaint read singly."""
    facts = await queries.facts_of(tx, complaint)
    told = await queries.facts_told(tx, complaint.id)
    officer = None
    if complaint.officer_person_id is not None:
        numbers = await directory.staff_numbers(tx, [complaint.officer_person_id])
        officer = {
            "person_id": str(complaint.officer_person_id),
            "staff_no": numbers.get(complaint.officer_person_id, ""),
        }
    done = [{"kind": row.kind, "occurred_at": row.occurred_at.isoformat(), "told": row.told} for row in told]
    return ComplaintOut(
        **item(complaint).model_dump(), content=complaint.content, complainant=_hidden(complaint.complainant),
        representatives=[_hidden(one) for one in complaint.representatives], clock=clock(complaint), officer=officer,
        recused=len(facts.grounds), origin=complaint.origin, facts=done,
        masked=[f"complainant.{name}" for name in _MASKS if complaint.complainant.get(name)],
        available_actions=judged(actions, tx.actor, facts, complaint.id, language),
    )  # fmt: skip
