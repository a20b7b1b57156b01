"""Investigating: steps, longer periods, pauses. The clock's rules refuse what the rule in force does not allow."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.complaints import events
from services.complaints.assignment.handlers import take_back
from services.complaints.clock import queries as clock
from services.complaints.clock import rules as clock_rules
from services.complaints.complaint.handlers import for_act, happened, move_items, record, tell_complainant
from services.complaints.complaint.queries import files_of, keep_out
from services.complaints.complaint.rules import ComplaintStatus, refuse_recused, restarted
from services.complaints.complaint.tables import Complaint
from services.complaints.investigation import rules
from services.complaints.investigation.schemas import Approval, Extend, Investigate, NewFacts, PausePeriod
from shared import directory
from shared.actor import Actor
from shared.attachments import take_uploads
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound
from shared.idempotency import Answer, RequestKey

_EXTENDED = {15: ComplaintStatus.EXTENDED_30, 30: ComplaintStatus.EXTENDED_60}


async def investigate(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: Investigate
) -> Answer:
    """Record one step; the first one begins the investigation."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        before, at = complaint.status, happened(tx, command.occurred_at, "#/occurred_at")
        if complaint.state not in (*_EXTENDED.values(), ComplaintStatus.INVESTIGATING):
            complaint.advance(ComplaintStatus.INVESTIGATING)
        rules.check_step(command.kind, command.party, command.attachment_ids, await files_of(tx, complaint))
        told = {
            "kind": command.kind, "step": command.step, "contacted": command.contacted, "party": command.party,
            "attachment_ids": [str(one) for one in command.attachment_ids],
        }  # fmt: skip
        return await record(tx, complaint, "investigate", told, before=before, at=at)


async def extend(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: Extend
) -> Answer:
    """Lengthen the period by one stage, told to the complainant; the last one approved above."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        before = complaint.status
        complaint.advance(_EXTENDED[command.days])
        approved_at = await _approved(tx, complaint, command.approval)
        deadline = await clock.change_clock(
            tx,
            complaint,
            lambda now, data: clock_rules.extend(
                now, clock_rules.STEP[command.days], data.registry, data.calendar, reason=command.reason,
                told_at=_told(tx, complaint, command.told_at), approved_at=approved_at, now=tx.now,
            ),
        )  # fmt: skip
        await _changed(tx, complaint)
        told = {**clock.shown(deadline), "days": command.days, "reason": command.reason}
        if command.approval is not None:
            told |= {"approver_staff_no": command.approval.approver_staff_no}
        return await record(tx, complaint, "extend", told, before=before, reason=command.reason)


def _told(tx: Transaction, complaint: Complaint, told_at: datetime | None) -> datetime | None:
    """A lead has nobody to be told."""
    return told_at or (tx.now if complaint.lead else None)


async def _approved(tx: Transaction, complaint: Complaint, approval: Approval | None) -> datetime | None:
    """When it was approved, after looking who the approver is; None without approval."""
    if approval is None:
        return None
    person = await directory.person_of_staff_no(tx, approval.approver_staff_no)
    if person is None:
        raise ReferenceNotFound.at("#/approval/approver_staff_no")
    held = [(row["path"], row["position"]) for row in await directory.appointments(tx, person_id=person)]
    callers = [one for one in (tx.actor.person_id, tx.actor.on_behalf_of) if one]
    clock_rules.check_approver(complaint.owner_path, held, person, callers)
    return approval.approved_at


async def _changed(tx: Transaction, complaint: Complaint) -> None:
    """The period is another one: tell those who count, move the work; what was escalated may be in time again."""
    _tell(tx, complaint)
    await move_items(tx, complaint)
    await tell_complainant(tx, complaint, "period_changed")
    if complaint.due_on >= legal_day(tx.now):
        complaint.escalated_at = None


def _tell(tx: Transaction, complaint: Complaint) -> None:
    changed = events.ComplaintExtended(
        complaint_id=complaint.id, due_on=complaint.due_on, due_legal_on=complaint.due_legal_on
    )
    tx.publish(changed, complaint)


async def pause(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: PausePeriod
) -> Answer:
    """Stop the clock for an appraisal or a mediation, or let it run again."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        before = complaint.status
        if complaint.state is ComplaintStatus.PAUSED and command.to_on is not None:
            await _end(tx, complaint, command)
        else:
            await _begin(tx, complaint, command)
        await _changed(tx, complaint)
        told = {"reason": command.reason, "due_on": str(complaint.due_on)}
        return await record(tx, complaint, "pause", told, before=before)


async def _begin(tx: Transaction, complaint: Complaint, command: PausePeriod) -> None:
    held = complaint.status
    complaint.advance(ComplaintStatus.PAUSED)
    span = clock.span(command.reason, command.from_on, command.to_on)
    await clock.change_clock(
        tx,
        complaint,
        lambda now, data: clock_rules.pause(
            now, span, data.registry, data.calendar, told_at=_told(tx, complaint, command.told_at), now=tx.now
        ),
    )
    complaint.paused_from = held
    if command.to_on is not None:
        complaint.status, complaint.paused_from = held, None


async def _end(tx: Transaction, complaint: Complaint, command: PausePeriod) -> None:
    to_on = command.to_on
    if to_on is None or complaint.paused_from is None:
        raise ValueError("only a running pause ends")
    await clock.change_clock(tx, complaint, lambda now, _data: clock_rules.end_pause(now, command.reason, to_on))
    complaint.advance(ComplaintStatus(complaint.paused_from))
    complaint.paused_from = None


async def add_facts(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: NewFacts
) -> Answer:
    """Restart the period on new facts with new material, and keep out whoever they name."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        before, state = complaint.status, restarted(complaint.state)
        deadline = await clock.change_clock(
            tx,
            complaint,
            lambda now, data: clock_rules.restart(
                now, command.received_on, data.registry, data.calendar, new_facts=command.facts,
                new_material=command.upload_ids, told_at=_told(tx, complaint, command.told_at), now=tx.now,
            ),
        )  # fmt: skip
        complaint.status = str(state)
        if complaint.paused_from is not None:
            complaint.paused_from = str(ComplaintStatus.INVESTIGATING)
        await _name(tx, complaint, command.staff_no)
        await take_uploads(tx, command.upload_ids, complaint)
        await _changed(tx, complaint)
        told = {**clock.shown(deadline), "facts": command.facts, "received_on": str(command.received_on)}
        return await record(tx, complaint, "add_facts", told, before=before)


async def _name(tx: Transaction, complaint: Complaint, staff_numbers: list[str]) -> None:
    """Name more persons. Nobody can put himself, or whom he acts for, out of a complaint that he is handling (403)."""
    named = []
    for n, staff_no in enumerate(staff_numbers):
        person = await directory.person_of_staff_no(tx, staff_no)
        if person is None:
            raise ReferenceNotFound.at(f"#/staff_no/{n}")
        named.append(str(person))
    if not named:
        return
    complaint.named_persons = list(dict.fromkeys((*complaint.named_persons, *named)))
    with tx.session.no_autoflush:
        grounds = await keep_out(tx, complaint)
    refuse_recused(tx.actor.person_id, grounds, tx.actor.on_behalf_of)
    if complaint.officer_person_id in grounds:
        await take_back(tx, complaint)
