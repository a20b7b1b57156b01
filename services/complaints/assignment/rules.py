"""Who may be given a complaint. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.complaints.complaint.rules import RecusalGround, Recused
from shared.errors import Conflict, Fault, Refused, Text

HELD_ALREADY: Collection[str] = ("policy", "claim_file", "claim_documents", "identity_of_insured")
"""Papers that the company has itself and does not ask the complainant for."""


class NoEligibleOfficer(Conflict):
    code = "no_eligible_officer"
    title = Text("没有可指派的投诉专员", "No officer may handle this")
    detail = Text(
        "本级与上级均无可指派的投诉专员。", "Neither the branch nor head office has an officer who may handle it."
    )


class NotAnOfficer(Refused):
    code = "not_an_officer"
    title = Text("该人员不是投诉专员", "Not a complaint officer")
    detail = Text(
        "只能指派给归属分公司或总公司的投诉专员。", "Only officers of the owning branch or of head office are assigned."
    )


@dataclass(frozen=True)
class Candidate:
    """An officer in office today, with the work already open for him."""

    person_id: UUID
    staff_no: str
    unit_code: str
    path: str
    open_items: int
    ground: RecusalGround | None

    @property
    def eligible(self) -> bool:
        return self.ground is None


def choose(candidates: Sequence[Candidate]) -> Candidate:
    """The eligible officer nearest to the complaint (its branch before head office) with the least open work.

    Raises `NoEligibleOfficer`.
    """
    eligible = [one for one in candidates if one.eligible]
    if not eligible:
        raise NoEligibleOfficer()
    return min(eligible, key=lambda one: (-len(one.path), one.open_items, one.staff_no))


def appoint(candidates: Sequence[Candidate], person_id: UUID, grounds: Mapping[UUID, RecusalGround]) -> Candidate:
    """The officer named; refuses one who must stay out (403) and one who is no officer there (422)."""
    if person_id in grounds:
        raise Recused(ground=str(grounds[person_id]))
    for one in candidates:
        if one.person_id == person_id:
            return one
    raise NotAnOfficer(Fault(NotAnOfficer.code, NotAnOfficer.detail, pointer="#/officer_person_id"))
