"""How a visit is shown: its deadline, its customer masked, its questions, its actions judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.crm.cool_down.queries import resting
from services.crm.customer.shapes import masked
from services.crm.customer.tables import Customer
from services.crm.questionnaire.queries import asked_at
from services.crm.questionnaire.rules import Asked
from services.crm.timeline.queries import numbers_of
from services.crm.timeline.schemas import About
from services.crm.visit import queries
from services.crm.visit.schemas import (
    AskedOut,
    AttemptOut,
    FindingState,
    QuestionnaireOut,
    VisitedCustomer,
    VisitItem,
    VisitOut,
    VisitState,
)
from services.crm.visit.tables import Finding, ReturnVisit, VisitAttempt
from shared.actions import Action, judged
from shared.database import Transaction
from shared.directory import staff_numbers


def state_of(visit: ReturnVisit) -> VisitState:
    return VisitState(id=visit.id, version=visit.version, status=visit.status)


def finding_state(row: Finding) -> FindingState:
    return FindingState(id=row.id, source=row.source, area=row.area, severity=row.severity, status=row.status)


def item(visit: ReturnVisit, numbers: Mapping[UUID, str]) -> VisitItem:
    """The visit in a list."""
    about = About(kind=visit.about_kind, id=visit.about_id, number=numbers.get(visit.about_id))
    return VisitItem(
        id=visit.id, version=visit.version, org_path=visit.org_path, created_at=visit.created_at,
        updated_at=visit.updated_at, kind=visit.kind, about=about, customer_id=visit.customer_id, status=visit.status,
        due=visit.deadline.shown(), mode=visit.mode, score=visit.score, completed_at=visit.completed_at,
        cancelled_by=visit.cancelled_by, left_alone=visit.left_alone, batch_id=visit.batch_id,
    )  # fmt: skip


async def items(tx: Transaction, visits: Sequence[ReturnVisit]) -> list[VisitItem]:
    """These visits with the numbers of what they are about."""
    numbers = await numbers_of(tx, [one.about_id for one in visits])
    return [item(one, numbers) for one in visits]


def customer_of(customer: Customer) -> VisitedCustomer:
    """Whom to ask, masked; the phone is called `mobile` here."""
    shown = masked(customer, "name", "id_no", "phone")
    hidden = ["mobile" if name == "phone" else name for name in shown.pop("masked")]
    return VisitedCustomer(
        id=customer.id, name=shown.get("name"), id_no=shown.get("id_no"), mobile=shown.get("phone"), masked=hidden
    )


def asked_out(one: Asked) -> AskedOut:
    """A question as whoever asks it needs it."""
    question, condition = one.question, one.question.asked_if
    labels = {code: words._asdict() for code, words in one.options if words.zh != code}
    return AskedOut(
        code=question.code, form=str(question.form), text=one.text._asdict(),
        answers=[code for code, _ in one.options], labels=labels or None, required=question.required,
        asked_if=condition and {"question": condition.question, "answers": sorted(condition.answers)},
    )  # fmt: skip


def _attempt(row: VisitAttempt, staff: Mapping[UUID, str]) -> AttemptOut:
    person = {"person_id": str(row.person_id)} | ({"staff_no": staff[row.person_id]} if row.person_id in staff else {})
    return AttemptOut(
        id=row.id, created_at=row.created_at, occurred_at=row.occurred_at, mode=row.mode, result=row.result,
        recording_ref=row.recording_ref, remark=row.remark, person=person,
    )  # fmt: skip


async def alone(
    tx: Transaction, visit: ReturnVisit, actions: tuple[Action[queries.VisitFacts], ...], language: str
) -> VisitOut:
    """The visit read singly."""
    [shown] = await items(tx, [visit])
    attempts = await queries.attempts_of(tx, visit.id)
    staff = await staff_numbers(tx, [one.person_id for one in attempts])
    edition, version, asked = await asked_at(tx, visit.kind, visit.org_path, visit.questionnaire_id)
    alone_now = (await resting(tx, [visit.customer_id])).get(visit.customer_id)
    whom = customer_of(await tx.find(Customer, visit.customer_id))
    facts = await queries.facts_of(tx, visit)
    return VisitOut(
        **shown.model_dump(), customer=whom, attempts=[_attempt(one, staff) for one in attempts],
        attempts_needed=(await queries.figures(tx)).content["attempts_before_unreachable"],
        questionnaire=QuestionnaireOut(
            id=None if edition is None else edition.id, version=version, questions=[asked_out(one) for one in asked]
        ),
        resting=None if alone_now is None else alone_now.shown(),
        answers=visit.answers, recording_ref=visit.recording_ref, remark=visit.remark,
        findings=[finding_state(one) for one in await queries.findings_of(tx, visit.id)],
        masked=[f"customer.{name}" for name in whom.masked],
        available_actions=judged(actions, tx.actor, facts, visit.id, language),
    )  # fmt: skip


async def plain_values(tx: Transaction, visit: ReturnVisit) -> dict[str, str | None]:
    """What a reveal of a visit can show: whom to ask, under the names that the visit gives, with and without path."""
    customer = await tx.find(Customer, visit.customer_id)
    values: dict[str, Any] = {"name": customer.name, "id_no": customer.id_no, "mobile": customer.phone}
    return values | {f"customer.{name}": value for name, value in values.items()}
