"""Plan visits from what the events left, and take them back; right in whatever order the events came.

Every function looks at what is known now and makes the visits agree with it, so it may be called at every news.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.crm.customer.handlers import heard_of
from services.crm.customer.tables import Customer
from services.crm.planning import queries
from services.crm.timeline.queries import owner_of
from services.crm.visit import queries as visits
from services.crm.visit import rules
from services.crm.visit.handlers import cancel_visits, open_visit
from services.crm.visit.rules import VisitKind
from services.crm.visit.tables import ReturnVisit
from shared.clock import legal_day
from shared.database import Transaction
from shared.deadline_registry import DeadlineRow, Unit
from shared.ids import uuid7
from shared.periods import deadline_of

CLAIM_DEADLINE = "DL-RV-1"
_NEVER = 2**31 - 1
_CANCELLED, _REOPENED = "claims.claim.cancelled", "claims.claim.reopened"


async def plan_for(tx: Transaction, record_id: UUID, kind: str) -> None:
    """Make the visits about a record agree with what is known of it; its customer may have become known just now."""
    if kind == "claim":
        await after_settlement(tx, record_id)
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


async def after_issue(tx: Transaction, policy_id: UUID) -> None:
    """A visit about a new contract, where it is drawn and still fresh; imported ones are no exception."""
    policy = await queries.policy(tx, policy_id)
    customer = await _owner(tx, policy_id)
    if policy is None or customer is None:
        return
    figures = (await visits.figures(tx)).content
    issued = rules.IssuedPolicy(
        policy_id, policy.line, policy.business == "individual", customer.key_account_tier is not None, policy.issued_on
    )
    sampling = rules.read_sampling(figures)
    if rules.plan_after_issue(issued, legal_day(tx.now), sampling, await visits.sampling_key(tx)) is None:
        return
    row = _own_row(figures["underwriting"], Unit.DAYS, "policy_issued", sampling.underwriting_days)
    about = _About("policy", policy_id, policy.policy_no, customer)
    await _plan(tx, VisitKind.UNDERWRITING, about, row, policy.issued_on, length=sampling.underwriting_days)


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


async def _plan(
    tx: Transaction, kind: VisitKind, about: _About, row: DeadlineRow, start: date, *, length: int, trigger: int = 0
) -> None:
    """Plan the one visit of this kind about this record and trigger; nothing happens where it was planned before."""
    customer = about.customer
    due = deadline_of(row, start, await visits.calendar(tx), length=length)
    values = {
        "id": uuid7(), "version": 1, "org_path": customer.org_path, "created_at": tx.now, "updated_at": tx.now,
        "customer_id": customer.id, "kind": str(kind), "about_kind": about.kind, "about_id": about.id,
        "trigger": trigger, "status": str(rules.VisitStatus.PLANNED), "due": due.stored(), "due_on": due.due_on,
        "due_at": due.due_at,
    }  # fmt: skip
    visit = await tx.scalar(insert(ReturnVisit).values(**values).on_conflict_do_nothing().returning(ReturnVisit))
    if visit is None:
        return
    await open_visit(tx, visit, customer, about.number)
    tx.note("plan", visit, after={"kind": visit.kind, "about": str(about.id), "due_on": visit.due_on})
