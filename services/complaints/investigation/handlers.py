"""Investigating: steps, longer periods, pauses. The clock's rules refuse what the rule in force does not allow."""

from __future__ import annotations

from uuid import UUID

from services.complaints import events
from services.complaints.clock import queries as clock
from services.complaints.clock import rules as clock_rules
from services.complaints.complaint.handlers import for_act, happened, record
from services.complaints.complaint.rules import ComplaintStatus
from services.complaints.complaint.tables import Complaint
from services.complaints.investigation.schemas import Extend, Investigate, PausePeriod
from shared.actor import Actor
from shared.database import Database, Transaction
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
        told = {"step": command.step, "contacted": command.contacted}
        return await record(tx, complaint, "investigate", told, before=before, at=at)


async def extend(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: Extend
) -> Answer:
    """Lengthen the period by one stage, told to the complainant; the last one approved above."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        before = complaint.status
        complaint.advance(_EXTENDED[command.days])
        approved_at = None if command.approval is None else command.approval.approved_at
        deadline = await clock.change_clock(
            tx,
            complaint,
            lambda now, data: clock_rules.extend(
                now, clock_rules.STEP[command.days], data.registry, data.calendar, reason=command.reason,
                told_at=command.told_at, approved_at=approved_at, now=tx.now,
            ),
        )  # fmt: skip
        _tell(tx, complaint)
        return await record(tx, complaint, "extend", clock.shown(deadline), before=before, reason=command.reason)


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
        _tell(tx, complaint)
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
            now, span, data.registry, data.calendar, told_at=command.told_at, now=tx.now
        ),
    )
    complaint.paused_from = held
    if command.to_on is not None:
        complaint.status = held


async def _end(tx: Transaction, complaint: Complaint, command: PausePeriod) -> None:
    to_on = command.to_on
    if to_on is None or complaint.paused_from is None:
        raise ValueError("only a running pause ends")
    await clock.change_clock(tx, complaint, lambda now, _data: clock_rules.end_pause(now, command.reason, to_on))
    complaint.advance(ComplaintStatus(complaint.paused_from))
    complaint.paused_from = None
