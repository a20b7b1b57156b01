"""Reading plans and visits, and what actions on a visit are judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.risk.checklist import queries as checklists
from services.risk.checklist.rules import Item, read_items
from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import ClaimSeen, PolicySeen
from services.risk.inspection import rules
from services.risk.inspection.rules import InspectionKind, InspectionStatus
from services.risk.inspection.tables import Hazard, Inspection, InspectionPlan, InspectionSignature
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.assignees import Check, NotInPosition
from shared.attachments import attachments
from shared.database import Record, Transaction
from shared.errors import ReferenceNotFound
from shared.pagination import Filter, Listing

INSPECTIONS = Listing(
    model=Inspection,
    filters={
        "status": Filter(Inspection.status),
        "kind": Filter(Inspection.kind),
        "inspection_no": Filter(Inspection.inspection_no),
        "policy_no": Filter(Inspection.policy_no),
        "customer_id": Filter(Inspection.customer_id, UUID),
        "application_id": Filter(Inspection.application_id, UUID),
        "site_id": Filter(Inspection.site_id, UUID),
        "assignee_person_id": Filter(Inspection.inspector_person_id, UUID),
        "due_on": Filter(Inspection.due_on, date, ranged=True),
    },
    search=(Inspection.inspection_no, Inspection.policy_no),
    sorts={"due_on": Inspection.due_on},
    default_sort="due_on",
    conditions={"due_before": lambda text: Inspection.due_on < date.fromisoformat(text[:10])},
)
PLANS = Listing(
    model=InspectionPlan,
    filters={
        "status": Filter(InspectionPlan.status),
        "policy_no": Filter(InspectionPlan.policy_no),
        "customer_id": Filter(InspectionPlan.customer_id, UUID),
        "risk_level": Filter(InspectionPlan.risk_level),
    },
    search=(InspectionPlan.policy_no,),
)


@dataclass(frozen=True)
class InspectionFacts:
    """What an action on a visit is judged by, read once."""

    inspection: Inspection
    policy: PolicySeen | None
    now: datetime


async def facts_of(tx: Transaction, inspection: Inspection) -> InspectionFacts:
    return InspectionFacts(inspection, await exposure.policy(tx, inspection.policy_id), tx.now)


async def claims_of(tx: Transaction, inspection: Inspection) -> Sequence[ClaimSeen]:
    """The customer's claims, which the inspector sees beside the accident history."""
    return await exposure.claims_of(tx, inspection.customer_id)


async def newest(tx: Transaction, customer_id: UUID) -> Sequence[Inspection]:
    """A customer's visits, the latest due first, for the risk control file."""
    statement = select(Inspection).where(Inspection.customer_id == customer_id)
    return await tx.scalars(statement.order_by(Inspection.due_on.desc()).limit(50))


async def hazards_of(tx: Transaction, inspection_id: UUID) -> tuple[dict[str, int], Decimal | None]:
    """How many hazards of each class a visit found, and the largest probable loss of one event."""
    worst = func.max(Hazard.probable_maximum_loss)
    statement = select(Hazard.hazard_class, func.count(), worst).where(Hazard.inspection_id == inspection_id)
    rows = (await tx.execute(statement.group_by(Hazard.hazard_class))).all()
    return {name: count for name, count, _ in rows}, max((loss for *_, loss in rows), default=None)


async def refuse_foreign_files(tx: Transaction, record: Record, ids: Sequence[UUID], pointer: str) -> None:
    """Refuse (422 `reference_not_found`) files that are not the record's own."""
    if not ids:
        return
    files = attachments.c
    mine = select(files.id).where(files.record_id == record.id, files.id.in_(ids))
    if set(await tx.scalars(mine)) != set(ids):
        raise ReferenceNotFound.at(pointer)


async def refuse_unknown_photos(tx: Transaction, inspection: Inspection, sections: Mapping[str, Any]) -> None:
    """Refuse (422) photos in a section that are not files of the visit."""
    for name, one in sections.items():
        photos = [UUID(str(photo)) for photo in one.get("photo_ids") or ()]
        await refuse_foreign_files(tx, inspection, photos, f"#/sections/{name}/photo_ids")


def parts_of(inspection: Inspection) -> dict[str, dict[str, Any]]:
    """The sections sent one by one before the report: `{content, client_id, written_at}`."""
    return {name: one for name, one in inspection.sections.items() if "content" in one}


def entry_of(content: Mapping[str, Any]) -> rules.SectionEntry:
    """A section as its rules read it."""
    return rules.SectionEntry(
        content.get("text", ""), content.get("counts"), content.get("none_found", False),
        content.get("explanation", ""), content.get("answers") or {},
    )  # fmt: skip


async def items_of(tx: Transaction, inspection: Inspection) -> Sequence[Item]:
    """The questions of the visit's checklist; none where it has no list."""
    found = (await checklists.by_id(tx, [inspection.checklist_id])).get(inspection.checklist_id or UUID(int=0))
    return [] if found is None else read_items(found.items)


def points_of(inspection: Inspection) -> dict[str, Any]:
    """Points of the whole and of each section, where the visit was made by a checklist."""
    return {} if inspection.score is None else {"score": f"{inspection.score:.1f}", "scores": inspection.scores}


async def signatures_of(tx: Transaction, inspection_id: UUID) -> Sequence[InspectionSignature]:
    """What each side signed, or why not."""
    statement = select(InspectionSignature).where(InspectionSignature.inspection_id == inspection_id)
    return await tx.scalars(statement.order_by(InspectionSignature.id))


def inspectors(kind: str) -> Sequence[str]:
    """Who goes on a visit of this kind: before cover a surveyor may look as well."""
    return ("risk_engineer", "surveyor") if kind == InspectionKind.PRE_BIND else ("risk_engineer",)


async def engineer(
    tx: Transaction, person_id: UUID, pointer: str, positions: Sequence[str] = ("risk_engineer",)
) -> Mapping[str, Any]:
    """The appointment of an engineer of loss prevention, or to another of `positions`. Refuses (422) anybody else."""
    held = await directory.appointments(tx, person_id=person_id)
    found = next((one for one in held if one["position"] in positions), None)
    if found is None:
        raise ReferenceNotFound.at(pointer)
    return found


def _may_schedule(_actor: Actor, facts: InspectionFacts) -> None:
    if facts.inspection.state is not InspectionStatus.SCHEDULED:
        rules.advance(facts.inspection.state, InspectionStatus.SCHEDULED)


def _may_confirm(_actor: Actor, facts: InspectionFacts) -> None:
    rules.may_confirm(facts.inspection.state, facts.inspection.confirmed_at)


def _move(target: InspectionStatus) -> Callable[[Actor, InspectionFacts], None]:
    """The lifecycle's own answer, for acts that are refused by the state alone."""

    def check(_actor: Actor, facts: InspectionFacts) -> None:
        rules.advance(facts.inspection.state, target)

    return check


def may_report(actor: Actor, facts: InspectionFacts) -> None:
    """Refuse whoever may not inspect this place (403), and a visit that cannot be reported now (409)."""
    for person in {actor.person_id, actor.on_behalf_of or actor.person_id}:
        refuse_inspector(person, actor.scope, facts)
    if facts.inspection.state is not InspectionStatus.IN_PROGRESS:
        rules.advance(facts.inspection.state, InspectionStatus.IN_PROGRESS)


def refuse_inspector(person_id: UUID, path: str, facts: InspectionFacts) -> None:
    """Refuse (403) an inspector of another area, the seller and the underwriter of the policy."""
    policy = facts.policy
    rules.check_inspector(
        person_id, path, facts.inspection.org_path,
        seller_id=facts.inspection.seller_id if policy is None else policy.seller_id,
        underwriter_id=None if policy is None else policy.underwriter_id,
    )  # fmt: skip


async def who_may_inspect(tx: Transaction, inspection_id: UUID, _state: Any) -> Check:
    """For pickers: the refusal that naming this person for the visit would get."""
    facts = await facts_of(tx, await tx.find(Inspection, inspection_id))

    async def check(person_id: UUID) -> None:
        held = await directory.appointments(tx, person_id=person_id)
        positions = inspectors(facts.inspection.kind)
        engineer = next((one for one in held if one["position"] in positions), None)
        if engineer is None:
            raise NotInPosition(positions=list(positions))
        refuse_inspector(person_id, engineer["path"], facts)

    return check


def _confirm(_actor: Actor, plan: InspectionPlan) -> None:
    rules.refuse_confirmed(plan.status)


_BASE = "/v1/inspections/{id}/"
ACTIONS: tuple[Action[InspectionFacts], ...] = (
    Action("schedule", "POST", _BASE + "schedules", "risk.inspection.schedule", _may_schedule),
    Action("confirm", "POST", _BASE + "confirmations", "risk.inspection.schedule", _may_confirm),
    Action("report", "POST", _BASE + "reports", "risk.inspection.report", may_report),
    Action("give_feedback", "POST", _BASE + "feedback", "risk.inspection.feedback", _move(InspectionStatus.CLOSED)),
)
PLAN_ACTIONS: tuple[Action[InspectionPlan], ...] = (
    Action("confirm", "POST", "/v1/inspection-plans/{id}/confirmations", "risk.inspection_plan.confirm", _confirm),
)
