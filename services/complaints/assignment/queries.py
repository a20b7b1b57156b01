"""Officers who could handle a complaint today."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.complaints.assignment import rules
from services.complaints.assignment.rules import Candidate
from services.complaints.complaint.queries import ComplaintFacts, facts_of
from services.complaints.complaint.tables import Complaint
from services.complaints.officer.queries import duties_today
from services.complaints.officer.rules import UNFIT
from shared import directory
from shared.assignees import Check
from shared.database import Transaction
from shared.work_items import open_counts

OFFICER = "complaint_officer"


async def candidates(tx: Transaction, facts: ComplaintFacts) -> list[Candidate]:
    """The officers of the owning branch, then those of head office, with their open work and any ground to stay out."""
    places = (facts.complaint.owner_path, "00")
    held = await directory.appointments(tx, position=OFFICER)
    own = [row for row in held if row["path"] in places]
    counts = await open_counts(tx, [row["person_id"] for row in own])
    named, unfit = await duties_today(tx, places), await _unfit(tx)
    found = [
        Candidate(
            row["person_id"], row["staff_no"], row["unit_code"], row["path"], counts.get(row["person_id"], 0),
            facts.grounds.get(row["person_id"]), named.get((row["path"], row["person_id"])), row["person_id"] in unfit,
        )
        for row in own
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-len(one.path), one.staff_no))


async def _unfit(tx: Transaction) -> set[UUID]:
    """Who sells or adjusts today, whatever else he is."""
    held = [await directory.appointments(tx, position=position) for position in sorted(UNFIT)]
    return {row["person_id"] for rows in held for row in rows}


async def who_may_handle(tx: Transaction, complaint_id: UUID, _state: Any) -> Check:
    """For pickers: the refusal that an assignment to this person would get."""
    facts = await facts_of(tx, await tx.find(Complaint, complaint_id))
    officers = await candidates(tx, facts)

    async def check(person_id: UUID) -> None:
        rules.appoint(officers, person_id, facts.grounds)

    return check
