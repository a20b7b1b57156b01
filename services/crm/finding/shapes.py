"""How a finding is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.crm.finding import queries
from services.crm.finding.schemas import FindingItem, FindingOut, FindingOwner, FindingStateOut, FollowUpOut
from services.crm.finding.tables import FollowUp
from services.crm.timeline.queries import numbers_of
from services.crm.timeline.schemas import About
from services.crm.visit.rules.routing import owner_of
from services.crm.visit.tables import Finding
from shared.actions import Action, judged
from shared.database import Transaction
from shared.directory import staff_numbers


def state_of(finding: Finding) -> FindingStateOut:
    return FindingStateOut(id=finding.id, version=finding.version, status=finding.status)


def item(row: Finding, numbers: Mapping[UUID, str]) -> FindingItem:
    """The finding in a list."""
    led_to = None
    if row.led_to_kind is not None and row.led_to_id is not None:
        led_to = About(kind=row.led_to_kind, id=row.led_to_id, number=numbers.get(row.led_to_id))
    about = About(kind=row.about_kind, id=row.about_id, number=numbers.get(row.about_id))
    owner = None
    if row.routed_unit is not None and row.routed_position is not None:
        owner = FindingOwner(service=owner_of(row.area), unit_code=row.routed_unit, position=row.routed_position)
    return FindingItem(
        id=row.id, version=row.version, org_path=row.org_path, created_at=row.created_at, updated_at=row.updated_at,
        status=row.status, source=row.source, area=row.area, severity=row.severity, about=about,
        customer_id=row.customer_id, visit_id=row.visit_id, fixed_at=row.fixed_at, led_to=led_to,
        due_on=row.due_on, owner=owner,
    )  # fmt: skip


async def items(tx: Transaction, rows: Sequence[Finding]) -> list[FindingItem]:
    """These findings with the numbers of what they are about."""
    ids = [row.about_id for row in rows] + [row.led_to_id for row in rows if row.led_to_id is not None]
    numbers = await numbers_of(tx, ids)
    return [item(row, numbers) for row in rows]


def _step(row: FollowUp, staff: Mapping[UUID, str]) -> FollowUpOut:
    known = {"staff_no": staff[row.person_id]} if row.person_id in staff else {}
    return FollowUpOut(
        id=row.id, created_at=row.created_at, action=row.action, text=row.text, fixed=row.fixed,
        person={"person_id": str(row.person_id), **known},
    )  # fmt: skip


async def alone(
    tx: Transaction, finding: Finding, actions: tuple[Action[queries.FindingFacts], ...], language: str
) -> FindingOut:
    """The finding read singly."""
    steps = await queries.steps_of(tx, finding.id)
    staff = await staff_numbers(tx, [one.person_id for one in steps])
    facts = await queries.facts_of(tx, finding)
    [shown] = await items(tx, [finding])
    return FindingOut(
        **shown.model_dump(), follow_ups=[_step(one, staff) for one in steps],
        available_actions=judged(actions, tx.actor, facts, finding.id, language),
    )  # fmt: skip
