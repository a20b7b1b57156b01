"""Who may be given a complaint. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.complaints.complaint.rules import NEXT, ComplaintStatus, RecusalGround, Recused
from services.complaints.officer.rules import OfficerDuty, OfficerSellsOrAdjusts
from shared.errors import Conflict, Fault, ReasonRequired, Refused, StateConflict, Text

_S = ComplaintStatus
WAITING_FOR_OFFICER = frozenset({_S.IDENTITY_CHECKED, _S.ASSIGNED, _S.INVESTIGATING, _S.EXTENDED_30, _S.EXTENDED_60})
"""States in which a complaint without an officer is given to one."""
IN_WORK = frozenset({_S.ASSIGNED, _S.INVESTIGATING, _S.PAUSED, _S.EXTENDED_30, _S.EXTENDED_60})
"""States in which it changes hands and stays where it is."""
ENDED = frozenset({_S.CLOSED, _S.MERGED, _S.WITHDRAWN, _S.REVIEW_DECIDED})


def refuse_assigning(current: ComplaintStatus) -> None:
    """Refuse (409) giving a complaint to an officer before its identity check, and after its decision."""
    if current is not _S.IDENTITY_CHECKED and current not in IN_WORK:
        raise StateConflict(current_state=str(current), legal_moves=[str(one) for one in _S if one in NEXT[current]])


def refuse_unexplained(reason: str | None) -> None:
    """Refuse (422) taking a complaint from one officer and giving it to another without saying why."""
    if not (reason or "").strip():
        words = Text("更换专员须说明原因。", "A complaint changes hands with a reason.")
        raise ReasonRequired(Fault(ReasonRequired.code, words, pointer="#/reason"))


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
    """An officer in office today, with the work already open for him; `duty`: as what he is named, if he is."""

    person_id: UUID
    staff_no: str
    unit_code: str
    path: str
    open_items: int
    ground: RecusalGround | None
    duty: str | None = None
    unfit: bool = False
    """Sells or adjusts beside."""

    @property
    def eligible(self) -> bool:
        return self.ground is None and not self.unfit

    @property
    def reason(self) -> str | None:
        """The code of the refusal that an assignment would get."""
        if self.ground is not None:
            return Recused.code
        return OfficerSellsOrAdjusts.code if self.unfit else None


def choose(candidates: Sequence[Candidate]) -> Candidate:
    """The eligible officer nearest to the complaint (its branch before head office): a full-time one before those who
    stand in, among equals the one with the least open work.

    Raises `NoEligibleOfficer`.
    """
    eligible = [one for one in candidates if one.eligible]
    if not eligible:
        raise NoEligibleOfficer()
    return min(
        eligible, key=lambda one: (-len(one.path), one.duty != OfficerDuty.FULL_TIME, one.open_items, one.staff_no)
    )


def appoint(candidates: Sequence[Candidate], person_id: UUID, grounds: Mapping[UUID, RecusalGround]) -> Candidate:
    """The officer named; refuses one who must stay out (403), and one who is no officer there or sells or adjusts
    beside (422)."""
    if person_id in grounds:
        raise Recused(ground=str(grounds[person_id]))
    for one in candidates:
        if one.person_id == person_id:
            if one.unfit:
                raise OfficerSellsOrAdjusts()
            return one
    raise NotAnOfficer(Fault(NotAnOfficer.code, NotAnOfficer.detail, pointer="#/officer_person_id"))
