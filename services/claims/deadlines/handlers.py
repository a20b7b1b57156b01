"""What happens because time has passed: a breach is recorded, a claim climbs one level, the advance is asked for.

And what must be told within hours: a grave accident or a reinsured claim goes to head office when it becomes known.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.claims import events
from services.claims.claim import queries as spine
from services.claims.claim.rules import BEFORE_DECISION, ClaimStatus
from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim
from services.claims.deadlines import queries, rules
from services.claims.deadlines.schemas import ComplexityOut, MarkComplex
from services.claims.deadlines.tables import DeadlineLook, DeadlineMark
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.calendar import DAY
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.ticks import Tick, one_by_one
from shared.work_items import close_items, open_item

HEAD_OFFICE = "00"

ESCALATIONS = {
    "DL-CL-1": ("escalated_decision", Text("核定期限临近或已过", "The period for the decision is running out")),
    "DL-CL-1a": ("escalated_decision", Text("核定期限已过", "The period for the decision is over")),
    "DL-CL-7": ("escalated_report", Text("重大赔案未及时上报", "Head office was not told in time")),
}
_OTHER = ("escalated_deadline", Text("期限已过", "A period is over"))


async def inform_head_office(tx: Transaction, claim: Claim, reasons: Iterable[str]) -> None:
    """Tell head office, once per reason, of a grave accident or a reinsured claim the moment it becomes known.

    By event and by a work item of head office that is due when DL-CL-7 ends.
    """
    told = list(reasons)
    if not told:
        return
    claim.grave_known_at = claim.grave_known_at or tx.now
    claim.head_office_informed_at = claim.head_office_informed_at or tx.now
    due_at = next(one.due_at for one in await queries.deadlines_of(tx, claim) if one.id == "DL-CL-7")
    for reason in told:
        tx.publish(events.HeadOfficeInformed(claim_id=claim.id, reason=reason, due_at=due_at), claim)
    await open_item(
        tx, "head_office", claim, Text("知悉重大或分保赔案", "Take note of a grave or reinsured claim"),
        number=claim.claim_no, unit_code=HEAD_OFFICE, position="claims_approver", due_at=due_at, basis="DL-CL-7",
        href=f"/v1/claims/{claim.id}", method="GET", priority="high",
    )  # fmt: skip


async def mark_complex(tx: Transaction, claim: Claim, reason: str, told_at: datetime) -> None:
    """The 30 days replace the short period of individual accident cover, with a reason that the claimant was told.

    Refuses (422) a missing reason or one told before the papers came, and (409) after the short period.
    """
    rows, days = await queries.registry(tx)
    rules.check_marked_complex(queries.facts_of(claim), reason, legal_day(told_at), rows, days)
    claim.complex_reason, claim.complex_told_at = reason, told_at


def check_mark_complex(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether the short period of this claim may be replaced now."""
    undecided = facts.claim.state in BEFORE_DECISION and facts.claim.state is not ClaimStatus.CANCELLED
    rules.may_mark_complex(queries.facts_of(facts.claim), undecided)


ACTIONS = (
    Action(
        "mark_complex", "POST", "/v1/claims/{id}/complexity", "claims.deadline.extend", check_mark_complex
    ),
)  # fmt: skip


async def record_complexity(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: MarkComplex, state: Any
) -> Answer:
    """The claimant was told why the claim takes longer than the short period of individual accident cover."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_mark_complex(actor, await spine.facts_of(tx, claim, state))
        if command.told_at > tx.now:
            raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/told_at"))
        await mark_complex(tx, claim, command.reason, command.told_at)
        tx.note("mark_complex", claim, after={"told_at": command.told_at}, reason=command.reason)
        period = await queries.decision_deadline(tx, claim)
        out = ComplexityOut(
            id=uuid7(), created_at=tx.now, claim=state_of(claim), reason=command.reason, told_at=command.told_at,
            deadline=None if period is None else period.shown(),
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/claims/{claim.id}", version=claim.version)


async def look(tx: Transaction, claim_id: UUID) -> None:
    """Do what the periods of one claim ask for now, each thing once, and note when to look again."""
    claim = await tx.find(Claim, claim_id, lock=True)
    done = {(one.deadline, one.started_on, one.mark) for one in await queries.marks_of(tx, claim.id)}
    periods = await queries.periods_of(tx, claim)
    for period in periods:
        for mark, now_due in (
            ("breached", period.breached(tx.now)),
            ("escalated", period.to_escalate(tx.now)),
            ("task", period.task_due(tx.now)),
        ):
            if now_due and (period.deadline.id, period.started_on, mark) not in done:
                await _ACTS[mark](tx, claim, period)
    await _close_done(tx, claim, periods)
    await _looked(tx, claim, periods)


async def _close_done(tx: Transaction, claim: Claim, periods: Iterable[rules.ClaimPeriod]) -> None:
    """Close what a period had asked for once its duty is done; head office's note once the claim is determined."""
    open_kinds = {_kind(period) for period in periods if period.met_at is None}
    met = [period for period in periods if period.met_at is not None]
    done = {_kind(period) for period in met} | {"advance_payment" for one in met if one.task_on is not None}
    if claim.determined_at is not None:
        done.add("head_office")
    if done - open_kinds:
        await close_items(tx, claim.id, *sorted(done - open_kinds))


def _kind(period: rules.ClaimPeriod) -> str:
    return ESCALATIONS.get(period.deadline.id, _OTHER)[0]


async def _breached(tx: Transaction, claim: Claim, period: rules.ClaimPeriod) -> None:
    late = period.deadline
    if late.due_on is None or late.due_legal_on is None:
        return
    _mark(tx, claim, period, "breached", late.due_at)
    tx.publish(
        events.DeadlineBreached(
            claim_id=claim.id, deadline=late.id, due_on=late.due_on, due_legal_on=late.due_legal_on
        ),
        claim,
    )  # fmt: skip
    after = {"deadline": late.id, "due_on": late.due_on, "due_legal_on": late.due_legal_on}
    tx.note("deadline_breached", claim, after=after)


async def _escalated(tx: Transaction, claim: Claim, period: rules.ClaimPeriod) -> None:
    """One level up: the unit above the handling unit; head office answers for itself."""
    above = (await directory.units_on_path(tx, claim.org_path.rpartition(".")[0] or HEAD_OFFICE))[:1]
    unit_code = above[0].code if above else HEAD_OFFICE
    _mark(tx, claim, period, "escalated", tx.now, unit_code)
    kind, title = ESCALATIONS.get(period.deadline.id, _OTHER)
    await open_item(
        tx, kind, claim, title, number=claim.claim_no, unit_code=unit_code, position="department_head",
        due_at=period.deadline.due_at, basis=period.deadline.id, href=f"/v1/claims/{claim.id}", method="GET",
        priority="high",
    )  # fmt: skip
    tx.note("deadline_escalated", claim, after={"deadline": period.deadline.id, "escalated_to": unit_code})


async def _task(tx: Transaction, claim: Claim, period: rules.ClaimPeriod) -> None:
    """保险法 art. 25: the ascertainable amount is paid first; somebody has to ask for it in time."""
    _mark(tx, claim, period, "task", tx.now)
    title = Text("预付可以确定的赔款", "Pay the ascertainable amount in advance")
    await open_item(
        tx, "advance_payment", claim, title, number=claim.claim_no, unit_code=claim.unit_code, position="adjuster",
        due_at=period.deadline.due_at, basis=period.deadline.id, href=f"/v1/claims/{claim.id}/advances",
        priority="high",
    )  # fmt: skip
    tx.note("advance_asked_for", claim, after={"deadline": period.deadline.id})


_ACTS = {"breached": _breached, "escalated": _escalated, "task": _task}


def _mark(
    tx: Transaction, claim: Claim, period: rules.ClaimPeriod, mark: str, at: datetime, unit_code: str | None = None
) -> None:
    tx.add(
        DeadlineMark(
            claim_id=claim.id, org_path=claim.org_path, deadline=period.deadline.id, started_on=period.started_on,
            mark=mark, at=at, unit_code=unit_code,
        )
    )  # fmt: skip


async def _looked(tx: Transaction, claim: Claim, periods: Iterable[rules.ClaimPeriod]) -> None:
    """Again at the next moment, and at the latest tomorrow: a period that stands still moves its days every day."""
    tomorrow = at_midnight(legal_day(tx.now) + DAY)
    again_at = min([tomorrow, *(one for period in periods if (one := period.next_moment(tx.now)) is not None)])
    row = {
        "id": uuid7(), "org_path": claim.org_path, "created_at": tx.now, "claim_id": claim.id, "looked_at": tx.now,
        "again_at": again_at,
    }  # fmt: skip
    seen = insert(DeadlineLook).values(**row)
    newer = {"looked_at": tx.now, "again_at": again_at}
    await tx.execute(seen.on_conflict_do_update(index_elements=["claim_id"], set_=newer))


TICKS = (Tick("deadline_watch", timedelta(minutes=1), one_by_one(queries.to_look_at, look)),)
