"""How complaints are shown: the complainant masked, the persons named never."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from services.complaints.complaint import queries
from services.complaints.complaint.schemas import ComplaintItem, ComplaintOut, FactOut, RecordState, TimelineEntry
from services.complaints.complaint.tables import Complaint, ComplaintFact
from shared import directory
from shared.actions import Action, judged
from shared.clock import rfc3339
from shared.database import Transaction
from shared.masking import masked_id_no, masked_name, masked_phone
from shared.money import yuan
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
    told = {"complainant": complaint.complainant, "proxy": complaint.proxy or {}}
    told |= {f"representatives.{n}": one for n, one in enumerate(complaint.representatives)}
    return {f"{who}.{name}": person.get(name) for who, person in told.items() for name in _MASKS}


PartSource = Callable[[Transaction, Complaint], Awaitable[dict[str, Any]]]
"""What a later room adds to the complaint read singly, by member."""


async def alone(
    tx: Transaction, complaint: Complaint, actions: tuple[Action[queries.ComplaintFacts], ...], language: str,
    sources: tuple[PartSource, ...] = (),
) -> ComplaintOut:  # fmt: skip
    """The complaint read singly."""
    facts = await queries.facts_of(tx, complaint)
    told = await queries.facts_told(tx, complaint.id)
    done = [{"kind": row.kind, "occurred_at": row.occurred_at.isoformat(), "told": row.told} for row in told]
    parts = {name: part for source in sources for name, part in (await source(tx, complaint)).items()}
    shown_clock = clock(complaint)
    shown_clock["deadlines"] += [Deadline.from_stored(one).shown() for one in await queries.merged_into(tx, complaint)]
    return ComplaintOut(
        **item(complaint).model_dump(), content=complaint.content, complainant=_hidden(complaint.complainant),
        representatives=[_hidden(one) for one in complaint.representatives], clock=shown_clock,
        officer=await _officer(tx, complaint), recused=len(facts.grounds), origin=complaint.origin, facts=done,
        proxy=None if complaint.proxy is None else _hidden(complaint.proxy), reception=complaint.reception,
        transfer=complaint.transfer, compensation=_compensation(complaint), review=_review(complaint),
        root_causes=parts.get("root_causes", []),
        masked=[name for name, value in (await plain_values(tx, complaint)).items() if value],
        available_actions=judged(actions, tx.actor, facts, complaint.id, language),
    )  # fmt: skip


async def timeline(tx: Transaction, complaint: Complaint) -> list[TimelineEntry]:
    """The complaint's life in the order in which it happened: its receipt, what was done about it as it was told, and
    what stands in its history alone (registration, money, letters, what the clock did). Who stays out is not told."""
    done = await queries.facts_told(tx, complaint.id)
    numbers = await directory.staff_numbers(tx, [row.person_id for row in done])
    entries = [TimelineEntry(at=complaint.received_at, kind="receive", facts={"channel": complaint.channel})]
    entries += [
        TimelineEntry(
            at=row.occurred_at, kind=row.kind, recorded_at=row.created_at, facts=row.told,
            person={"person_id": str(row.person_id), "staff_no": numbers.get(row.person_id, "")},
        )
        for row in done
    ]  # fmt: skip
    told = {(row.kind, row.person_id, row.created_at) for row in done}
    for row in await queries.acts_on(tx, complaint):
        if row["action"] == "keep_out" or (row["action"], row["person_id"], row["at"]) in told:
            continue
        person = {"person_id": str(row["person_id"]), "staff_no": row["staff_no"]}
        facts = {"at": row["at"], "kind": row["action"], "facts": row["after"] or {}, "reason": row["reason"]}
        entries.append(TimelineEntry(**facts, recorded_at=row["at"], person=person))
    return sorted(entries, key=lambda one: one.at)


async def _officer(tx: Transaction, complaint: Complaint) -> dict[str, str] | None:
    person = complaint.officer_person_id
    if person is None:
        return None
    return {"person_id": str(person), "staff_no": (await directory.staff_numbers(tx, [person])).get(person, "")}


def _compensation(complaint: Complaint) -> dict[str, Any] | None:
    if complaint.compensation_amount is None:
        return None
    return {"amount": yuan(complaint.compensation_amount), "status": complaint.compensation_status}


def _review(complaint: Complaint) -> dict[str, Any] | None:
    if complaint.review_requested_at is None:
        return None
    told: dict[str, Any] = {"requested_at": rfc3339(complaint.review_requested_at)}
    days = {"due_on": complaint.review_due_on, "due_legal_on": complaint.review_due_legal_on}
    told |= {name: str(day) for name, day in days.items()}
    if complaint.review_decided_at is not None:
        told |= {"decided_at": rfc3339(complaint.review_decided_at), "outcome": complaint.review_outcome}
    return told
