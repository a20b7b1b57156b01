"""Plans that follow policies and their sites, and visits after grave accidents.

What is wanted follows from what is known, whatever came first: the newest version of the policy, its early end, its
sites, its claims. So each event brings plan and visits to what is wanted now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import ClaimSeen, PolicySeen
from services.risk.inspection import rules
from services.risk.inspection.rules import InspectionKind, InspectionStatus
from services.risk.inspection.tables import Inspection, InspectionPlan
from services.risk.plan.queries import WAITING, plan_of, standing
from services.risk.plan.rules import cycles_of
from shared.clock import legal_day
from shared.database import Transaction
from shared.ids import uuid7
from shared.numbers import branch_of, next_case_number
from shared.work_items import close_items

Wanted = tuple[date, UUID | None]
"""A day and the site to be visited; no site where none is registered yet."""


async def plan_for(tx: Transaction, policy: PolicySeen) -> None:
    """Make the plan of a policy say what is known of it now; visits that have begun stay as they are."""
    figures = await exposure.thresholds(tx, "inspection")
    plan = await plan_of(tx, policy.policy_id)
    today = legal_day(tx.now)
    planned_from = today if plan is None else plan.planned_from
    cycles = cycles_of(policy.product, figures)
    dates = rules.plan(
        legal_day(policy.starts_at), legal_day(policy.ends_at), policy.risk_level, cycles, planned_from,
        ended_on=None if policy.ended_at is None else legal_day(policy.ended_at),
    )  # fmt: skip
    plan = await _write_plan(tx, plan, policy, cycles[policy.risk_level], dates, planned_from)
    sites = [one.id for one in await exposure.sites_of_policy(tx, policy.policy_id)]
    wanted = [(day, site) for day in dates for site in sites or [None]]
    await _visits(tx, policy, plan, wanted, today)


async def _visits(
    tx: Transaction, policy: PolicySeen, plan: InspectionPlan, wanted: Sequence[Wanted], today: date
) -> None:
    """Open what is wanted from today on, take back what is not, and let the rest follow the policy."""
    ended_on = None if policy.ended_at is None else legal_day(policy.ended_at)
    visits = await standing(tx, Inspection.plan_id == plan.id)
    _place(visits, wanted)
    held = {(one.due_on, one.site_id) for one in visits}
    for one in visits:
        past = one.due_on < today and (ended_on is None or one.due_on < ended_on)
        if one.status in WAITING and not past and (one.due_on, one.site_id) not in wanted:
            await cancel(tx, one)
        elif one.status in WAITING:
            _follow(one, policy)
    for day, site in wanted:
        if day >= today and (day, site) not in held:
            await _open(tx, policy, day, InspectionKind.PERIODIC, plan_id=plan.id, site_id=site)


def _place(visits: Sequence[Inspection], wanted: Sequence[Wanted]) -> None:
    """A visit of no site becomes that of the first site registered which has none on that day."""
    for one in visits:
        if one.site_id is None and one.status in WAITING:
            taken = {other.site_id for other in visits if other.due_on == one.due_on}
            free = (site for day, site in wanted if day == one.due_on and site is not None and site not in taken)
            one.site_id = next(free, None)


def _follow(visit: Inspection, policy: PolicySeen) -> None:
    """A visit not begun belongs to whom and where the newest version of its policy says."""
    visit.customer_id, visit.policy_no = policy.customer_id, policy.policy_no
    visit.org_path, visit.unit_code = policy.path, policy.unit_code


async def _write_plan(
    tx: Transaction, plan: InspectionPlan | None, policy: PolicySeen, cycle: int, dates: Sequence[date],
    planned_from: date,
) -> InspectionPlan:  # fmt: skip
    """The plan's own row; what the customer has agreed to is to be agreed to again where the days change."""
    told = [one.isoformat() for one in dates]
    ended = policy.ended_at is not None
    facts = {
        "policy_no": policy.policy_no, "policy_version": policy.policy_version, "customer_id": policy.customer_id,
        "unit_code": policy.unit_code, "org_path": policy.path, "product": policy.product,
        "risk_level": policy.risk_level, "cycle_months": cycle, "due_dates": told,
    }  # fmt: skip
    if plan is None:
        plan = InspectionPlan(
            id=uuid7(), version=0, policy_id=policy.policy_id, planned_from=planned_from, status="planned", **facts
        )
        tx.add(plan)
    elif _says(plan, facts) and (plan.status == "ended") == ended:
        plan.policy_version = policy.policy_version
        return plan
    before = {"status": plan.status, "due_dates": plan.due_dates, "risk_level": plan.risk_level}
    if ended:
        plan.status = "ended"
    elif before["due_dates"] != told or plan.status == "ended":
        plan.status, plan.confirmed_at, plan.confirmation = "planned", None, None
    for name, value in facts.items():
        setattr(plan, name, value)
    plan.version += 1
    plan.updated_at = tx.now
    await tx.flush()
    after = {"status": plan.status, "risk_level": plan.risk_level, "due_dates": told}
    tx.note("plan", plan, before=before if plan.version > 1 else None, after=after)
    return plan


def _says(plan: InspectionPlan, facts: Mapping[str, Any]) -> bool:
    """Whether nothing but the number of the version is new."""
    return all(getattr(plan, name) == value for name, value in facts.items() if name != "policy_version")


async def _open(
    tx: Transaction, policy: PolicySeen, due_on: date, kind: InspectionKind, *, plan_id: UUID | None = None,
    claim_id: UUID | None = None, site_id: UUID | None = None,
) -> Inspection:  # fmt: skip
    inspection = Inspection(
        id=uuid7(), version=1, org_path=policy.path, inspection_no="", kind=str(kind), plan_id=plan_id,
        status=str(InspectionStatus.PLANNED), policy_id=policy.policy_id, policy_no=policy.policy_no,
        customer_id=policy.customer_id, claim_id=claim_id, site_id=site_id, unit_code=policy.unit_code, due_on=due_on,
        sections={}, participants=[], warnings=[], feedback={},
    )  # fmt: skip
    inspection.inspection_no = await next_case_number(tx, "I", branch_of(policy.path))
    tx.add(inspection)
    await tx.flush()
    tx.note("open", inspection, after={"kind": inspection.kind, "due_on": str(due_on)})
    return inspection


async def cancel(tx: Transaction, visit: Inspection) -> None:
    """Take back a visit that has not begun and is no longer asked for."""
    before = visit.status
    visit.advance(InspectionStatus.CANCELLED)
    visit.version += 1
    visit.updated_at = tx.now
    await close_items(tx, visit.id)
    tx.note("cancel", visit, before={"status": before}, after={"status": visit.status})


async def unplanned_visits(tx: Transaction, policy: PolicySeen) -> None:
    """Visits outside the plan follow their policy, and are made no more from the day on which its cover ends early."""
    ended_on = None if policy.ended_at is None else legal_day(policy.ended_at)
    for one in await standing(tx, (Inspection.policy_id == policy.policy_id) & Inspection.plan_id.is_(None)):
        if one.status not in WAITING:
            continue
        if ended_on is not None and one.due_on >= ended_on:
            await cancel(tx, one)
        else:
            _follow(one, policy)


async def after_accident(tx: Transaction, seen: ClaimSeen) -> None:
    """A visit within the notice days after an accident with a death or several injured, one for each claim.

    The claim's own policy is visited, as long as it is in force on that day; a visit caused by a report that was taken
    back, or matched to another policy since, is taken back too unless it has begun.
    """
    figures = await exposure.thresholds(tx, "inspection")
    limits = figures["ad_hoc"]
    policy = await exposure.policy(tx, seen.policy_id)
    grave = rules.needs_ad_hoc(
        seen.death_count or 0, seen.injured_count or 0, death_threshold=limits["deaths"],
        injured_threshold=limits["injured"],
    )  # fmt: skip
    due_on = legal_day(tx.now) + timedelta(days=figures["due_notice_days"])
    for one in await standing(tx, Inspection.claim_id == seen.claim_id):
        kept = grave and not seen.cancelled and (policy is None or one.policy_id == policy.policy_id)
        if one.status not in WAITING or kept:
            return
        await cancel(tx, one)
        await tx.flush()
    covered = policy is not None and (policy.ended_at is None or due_on < legal_day(policy.ended_at))
    if policy is not None and covered and grave and not seen.cancelled:
        await _open(tx, policy, due_on, InspectionKind.AD_HOC, claim_id=seen.claim_id)
