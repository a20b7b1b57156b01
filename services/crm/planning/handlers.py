"""Plan visits from what the events left, and take them back; right in whatever order the events came.

Every function looks at what is known now and makes the visits agree with it, so it may be called at every news.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from services.crm.cool_down import queries as cool_down
from services.crm.cool_down.rules import LeftAlone
from services.crm.customer.handlers import heard_of
from services.crm.customer.tables import Customer
from services.crm.planning import queries
from services.crm.timeline.queries import hold, numbers_of, owner_of
from services.crm.visit import queries as visits
from services.crm.visit import rules
from services.crm.visit.handlers import cancel_visits, open_visit, set_due
from services.crm.visit.rules import VisitKind
from services.crm.visit.tables import ReturnVisit
from shared.clock import legal_day
from shared.database import Transaction
from shared.deadline_registry import DeadlineRow, Unit
from shared.ids import uuid7
from shared.periods import deadline_of
from shared.work_items import work_items

CLAIM_DEADLINE = "DL-RV-1"
BATCH_DEADLINE = "batch"
COOL_DOWN = "cool_down"
_NEVER = 2**31 - 1
_CANCELLED, _REOPENED = "claims.claim.cancelled", "claims.claim.reopened"


async def plan_for(tx: Transaction, record_id: UUID, kind: str) -> None:
    """Make the visits about a record agree with what is known of it; its customer may have become known just now."""
    if kind == "claim":
        await after_settlement(tx, record_id)
        await after_survey(tx, record_id)
    elif kind == "complaint":
        await after_complaint(tx, record_id)


async def after_settlement(tx: Transaction, claim_id: UUID) -> None:
    """One visit for the settlement that stands; none while the claim is open again, cancelled or withdrawn."""
    claim = await queries.claim(tx, claim_id)
    if claim is None:
        return
    stands = claim.settled_version > claim.reopened_version and not claim.cancelled
    gone_by = _CANCELLED if claim.cancelled else _REOPENED
    latest = _NEVER if claim.cancelled else max(claim.reopened_version, claim.settled_version)
    gone = await queries.open_before(tx, VisitKind.CLAIM_SETTLEMENT, claim_id, latest)
    await cancel_visits(tx, gone, gone_by)
    await tx.flush()
    if not stands or claim.settled_at is None or claim.outcome is None:
        return
    settled_on, calendar = legal_day(claim.settled_at), await visits.calendar(tx)
    sampling = rules.read_sampling((await visits.figures(tx)).content)
    key = await visits.sampling_key(tx)
    if rules.plan_after_settlement(claim_id, claim.outcome, settled_on, calendar, sampling, key) is None:
        return
    customer = await _owner(tx, claim_id)
    if customer is None:
        return
    row = (await visits.registry(tx)).row(CLAIM_DEADLINE, settled_on)
    about = _About("claim", claim_id, claim.claim_no, customer)
    await _plan(
        tx, VisitKind.CLAIM_SETTLEMENT, about, row, settled_on, length=sampling.claim_working_days,
        trigger=claim.settled_version,
    )  # fmt: skip


async def after_survey(tx: Transaction, claim_id: UUID) -> None:
    """On the day of the first loss survey the customer is asked whether it was prompt; not about a cancelled claim."""
    claim = await queries.claim(tx, claim_id)
    if claim is None or claim.surveyed_at is None:
        return
    if claim.cancelled:
        gone = await queries.open_before(tx, VisitKind.SURVEY_PROMPTNESS, claim_id, _NEVER)
        await cancel_visits(tx, gone, _CANCELLED)
        return
    figures, surveyed_on = (await visits.figures(tx)).content, legal_day(claim.surveyed_at)
    sampling, key = rules.read_sampling(figures), await visits.sampling_key(tx)
    due_on = rules.plan_after_survey(claim_id, surveyed_on, visits.today(tx), sampling, key)
    customer = None if due_on is None else await _owner(tx, claim_id)
    if customer is None:
        return
    row = _own_row(figures["survey_promptness"], Unit.DAYS, "loss_survey", sampling.promptness_days)
    about = _About("claim", claim_id, claim.claim_no, customer)
    await _plan(tx, VisitKind.SURVEY_PROMPTNESS, about, row, surveyed_on, length=sampling.promptness_days)


async def after_issue(tx: Transaction, policy_id: UUID) -> None:
    """A visit about a new contract, where it is drawn and still fresh; imported ones are no exception. Whoever was
    asked lately is left alone by a sample, and by nothing else.
    """
    policy = await queries.policy(tx, policy_id)
    customer = await _owner(tx, policy_id)
    if policy is None or customer is None:
        return
    figures = (await visits.figures(tx)).content
    issued = rules.IssuedPolicy(
        policy_id, policy.line, policy.business == "individual", customer.key_account_tier is not None,
        policy.issued_on, term_days=(policy.ends_on - (policy.starts_on or policy.issued_on)).days,
        received_on=await queries.received_on(tx, policy_id),
    )  # fmt: skip
    planned = rules.plan_after_issue(
        issued, legal_day(tx.now), rules.read_sampling(figures), await visits.sampling_key(tx)
    )
    if planned is None:
        return
    length = (planned.due_on - planned.starts_on).days
    row = _own_row(figures[str(planned.kind)], Unit.DAYS, "policy_issued", length)
    about = _About("policy", policy_id, policy.policy_no, customer)
    resting = None if planned.of_everybody else (await cool_down.resting(tx, [customer.id])).get(customer.id)
    await _plan(tx, planned.kind, about, row, planned.starts_on, length=length, left_alone=resting)


async def after_receipt(tx: Transaction, policy_id: UUID) -> None:
    """The time to give a contract back begins with its receipt: a visit that is still to be made is due by its end."""
    policy, received_on = await queries.policy(tx, policy_id), await queries.received_on(tx, policy_id)
    if policy is None or received_on is None or received_on < policy.issued_on:
        return
    figures = (await visits.figures(tx)).content["cooling_off"]
    row = _own_row(figures, Unit.DAYS, "policy_received", figures["days"])
    for visit in await queries.open_before(tx, VisitKind.COOLING_OFF, policy_id, _NEVER):
        due = deadline_of(row, received_on, await visits.calendar(tx), length=figures["days"])
        if visit.due_on == due.due_on:
            continue
        before = visit.due_on
        set_due(visit, due)
        visit.version += 1
        visit.updated_at = tx.now
        item = (work_items.c.record_id == visit.id) & work_items.c.closed_at.is_(None)
        await tx.execute(update(work_items).where(item).values(due_at=visit.due_at))
        tx.note("move_due", visit, before={"due_on": before}, after={"due_on": visit.due_on})


async def after_complaint(tx: Transaction, complaint_id: UUID) -> None:
    """One visit after the complainant was told, none where the complaint was withdrawn or merged."""
    complaint = await queries.complaint(tx, complaint_id)
    if complaint is None:
        return
    if complaint.withdrawn:
        gone = await queries.open_before(tx, VisitKind.COMPLAINT, complaint_id, _NEVER)
        await cancel_visits(tx, gone, "complaints.complaint.withdrawn")
        return
    if complaint.notified_at is None:
        return
    notified_on, calendar = legal_day(complaint.notified_at), await visits.calendar(tx)
    figures = (await visits.figures(tx)).content
    sampling = rules.read_sampling(figures)
    key = await visits.sampling_key(tx)
    if rules.plan_after_complaint(complaint_id, notified_on, calendar, sampling, key) is None:
        return
    customer = await _owner(tx, complaint_id)
    if customer is None:
        return
    length = sampling.complaint_working_days
    row = _own_row(figures["complaint"], Unit.WORKING_DAYS, "complaint_notified", length)
    about = _About("complaint", complaint_id, None, customer)
    await _plan(tx, VisitKind.COMPLAINT, about, row, notified_on, length=length)


def _own_row(figures: dict[str, str], unit: Unit, trigger: str, length: int) -> DeadlineRow:
    """Our own time for a visit, as the rule set states it, in the form of a legal period."""
    return DeadlineRow(
        id=figures["deadline"], trigger=trigger, length=length, unit=unit, basis=figures["basis"],
        basis_zh=figures["basis_zh"], effective_from=date.min,
    )  # fmt: skip


async def _owner(tx: Transaction, record_id: UUID) -> Customer | None:
    """Whom a visit about this record would be made to; None where nobody knows yet."""
    customer_id, path = await owner_of(tx, record_id)
    return None if customer_id is None or path is None else await heard_of(tx, customer_id, path)


@dataclass(frozen=True)
class _About:
    """The record that a visit is about."""

    kind: str
    id: UUID
    number: str | None
    customer: Customer


async def plan_extra(
    tx: Transaction, kind: VisitKind, about: tuple[str, UUID], customer: Customer, due_on: date, batch_id: UUID
) -> ReturnVisit | None:
    """A visit that no rule asks for, until a day; None where one of this kind is still to be made about the record."""
    about_kind, about_id = about
    await hold(tx, about_id)
    number = -1 - await queries.batches_about(tx, kind, about_id)
    length = (due_on - visits.today(tx)).days
    row = DeadlineRow(
        id=BATCH_DEADLINE, trigger="batch", length=length, unit=Unit.DAYS, basis="as the batch states",
        basis_zh="按批次确定的期限", effective_from=date.min,
    )  # fmt: skip
    numbers = await numbers_of(tx, [about_id])
    told = _About(about_kind, about_id, numbers.get(about_id), customer)
    visit = await _plan(tx, kind, told, row, visits.today(tx), length=length, trigger=number)
    if visit is not None:
        visit.batch_id = batch_id
    return visit


async def _plan(
    tx: Transaction, kind: VisitKind, about: _About, row: DeadlineRow, start: date, *, length: int, trigger: int = 0,
    left_alone: LeftAlone | None = None,
) -> ReturnVisit | None:  # fmt: skip
    """Plan the one visit of this kind about this record and trigger; None where it was planned before.

    Of a customer who is left alone it is kept that he is, and why.
    """
    customer = about.customer
    due = deadline_of(row, start, await visits.calendar(tx), length=length)
    status = rules.VisitStatus.PLANNED if left_alone is None else rules.VisitStatus.CANCELLED
    values = {
        "id": uuid7(), "version": 1, "org_path": customer.org_path, "created_at": tx.now, "updated_at": tx.now,
        "customer_id": customer.id, "kind": str(kind), "about_kind": about.kind, "about_id": about.id,
        "trigger": trigger, "status": str(status), "due": due.stored(), "due_on": due.due_on, "due_at": due.due_at,
        "left_alone": None if left_alone is None else left_alone.shown(),
        "cancelled_by": None if left_alone is None else COOL_DOWN,
    }  # fmt: skip
    visit = await tx.scalar(insert(ReturnVisit).values(**values).on_conflict_do_nothing().returning(ReturnVisit))
    if visit is None:
        return None
    if left_alone is None:
        await open_visit(tx, visit, customer, about.number)
    after = {"kind": visit.kind, "about": str(about.id), "due_on": visit.due_on, "status": visit.status}
    tx.note("plan" if left_alone is None else "leave_alone", visit, after=after)
    return visit
