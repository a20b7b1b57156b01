"""Reading officers, and what can be done with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select, text

from services.complaints.officer import rules
from services.complaints.officer.tables import ComplaintOfficer
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Transaction
from shared.pagination import Filter, Listing

_LOCK = text("select pg_advisory_xact_lock(hashtextextended('complaints.officers.' || cast(:unit_code as text), 0))")
OFFICERS = Listing(
    model=ComplaintOfficer,
    filters={
        "duty": Filter(ComplaintOfficer.duty),
        "staff_no": Filter(ComplaintOfficer.staff_no),
        "assignee_person_id": Filter(ComplaintOfficer.person_id, UUID),
    },
    sorts={"from_on": ComplaintOfficer.from_on},
    default_sort="-from_on",
)


@dataclass(frozen=True)
class OfficerFacts:
    """What an act on an officer's term is judged by."""

    term: rules.Term
    others: Sequence[rules.Term]
    today: date


def term_of(row: ComplaintOfficer) -> rules.Term:
    return rules.Term(row.person_id, rules.OfficerDuty(row.duty), row.from_on, row.to_on)


async def hold(tx: Transaction, unit_code: str) -> None:
    """Wait until nobody else is changing the officers of this unit, and keep others waiting until the commit."""
    await tx.execute(_LOCK, {"unit_code": unit_code})


async def terms_of(tx: Transaction, unit_code: str, *, without: UUID | None = None) -> list[rules.Term]:
    """All times in office at the unit, but for the one with the id `without`."""
    rows = await tx.scalars(select(ComplaintOfficer).where(ComplaintOfficer.unit_code == unit_code))
    return [term_of(row) for row in rows if row.id != without]


async def facts_of(tx: Transaction, row: ComplaintOfficer) -> OfficerFacts:
    others = await terms_of(tx, row.unit_code, without=row.id)
    return OfficerFacts(term_of(row), others, legal_day(tx.now))


async def duties_today(tx: Transaction, paths: Sequence[str]) -> Mapping[tuple[str, UUID], str]:
    """Duty by (path of the unit, person) today. Read in the scope of whoever asks: head office's own are not his."""
    today, row = legal_day(tx.now), ComplaintOfficer
    in_office = (row.from_on <= today, or_(row.to_on.is_(None), row.to_on > today))
    scope = tx.scope
    await tx.use_scope("00")
    rows = await tx.scalars(select(row).where(row.org_path.in_(paths), *in_office))
    found = {(one.org_path, one.person_id): one.duty for one in rows}
    await tx.use_scope(scope)
    return found


def _end(_actor: Actor, facts: OfficerFacts) -> None:
    rules.refuse_ended(facts.term, facts.today)


ACTIONS: tuple[Action[OfficerFacts], ...] = (
    Action("end", "POST", "/v1/complaint-officers/{id}/endings", "complaints.office.fill", _end),
)
