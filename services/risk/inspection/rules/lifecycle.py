"""Kinds and states of visits, and who may make one."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.errors import (
    Conflict,
    Fault,
    Forbidden,
    OccurredInFuture,
    ReasonRequired,
    Refused,
    SeparationOfDuties,
    StateConflict,
    Text,
)


class InspectionKind(StrEnum):
    PRE_BIND = "pre_bind"
    PERIODIC = "periodic"
    AD_HOC = "ad_hoc"
    RE_INSPECTION = "re_inspection"


class InspectionStatus(StrEnum):
    PLANNED = "planned"
    DUE = "due"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    REPORTED = "reported"
    CLOSED = "closed"
    OVERDUE = "overdue"
    CANCELLED = "cancelled"


_S = InspectionStatus

NEXT: dict[InspectionStatus, frozenset[InspectionStatus]] = {
    # A visit may be agreed before it is due.
    _S.PLANNED: frozenset({_S.DUE, _S.SCHEDULED, _S.OVERDUE, _S.CANCELLED}),
    _S.DUE: frozenset({_S.SCHEDULED, _S.OVERDUE, _S.CANCELLED}),
    _S.SCHEDULED: frozenset({_S.IN_PROGRESS, _S.OVERDUE, _S.CANCELLED}),
    _S.IN_PROGRESS: frozenset({_S.REPORTED, _S.OVERDUE, _S.CANCELLED}),
    _S.OVERDUE: frozenset({_S.SCHEDULED, _S.IN_PROGRESS, _S.CANCELLED}),
    _S.REPORTED: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.CANCELLED: frozenset(),
}


def advance(current: InspectionStatus, to: InspectionStatus) -> InspectionStatus:
    """`to`, if an inspection may go there from `current`; otherwise `StateConflict` (409) with the legal moves."""
    if to not in NEXT[current]:
        moves = [str(status) for status in InspectionStatus if status in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    return to


class InspectorOutsideSubtree(Forbidden):
    code = "inspector_outside_subtree"
    title = Text("检查人不属于该辖区", "The inspector is of another area")
    detail = Text("检查人所在机构不管辖该客户。", "The inspector's unit does not have this customer in its area.")


def check_inspector(
    inspector_id: UUID, inspector_path: str, record_path: str, *, seller_id: UUID | None, underwriter_id: UUID | None
) -> None:
    """Refuse (403) an inspector of another subtree, and one who sold the contract or underwrites it."""
    if record_path != inspector_path and not record_path.startswith(f"{inspector_path}."):
        raise InspectorOutsideSubtree()
    for duty, person_id in (("seller", seller_id), ("underwriter", underwriter_id)):
        if person_id == inspector_id:
            raise SeparationOfDuties(conflicting_duty=duty)


def refuse_confirmed(status: str) -> None:
    """Refuse (409) confirming a plan twice, or one whose policy has ended."""
    if status != "planned":
        raise StateConflict(current_state=status, legal_moves=[])


class PolicyEnded(Conflict):
    code = "policy_ended"
    title = Text("保单已终止", "The policy has ended")
    detail = Text("保单的保险责任已终止，不再安排检查。", "Cover has ended: nothing is planned any more.")


def refuse_ended(ended: bool) -> None:
    """Refuse (409) planning a visit for a policy whose cover has ended."""
    if ended:
        raise PolicyEnded()


class DueInPast(Refused):
    code = "due_in_past"
    title = Text("检查日期不能早于今天", "The day lies in the past")
    detail = Text("计划检查日期不能早于今天。", "A visit is planned for today or later.")


def refuse_past(past: bool) -> None:
    """Refuse (422) planning a visit for a day gone by."""
    if past:
        raise DueInPast(Fault(DueInPast.code, DueInPast.detail, pointer="#/due_on"))


class PlaceRequired(Refused):
    code = "place_required"
    title = Text("须写明检查地点", "Whose place, and where")
    detail = Text(
        "须写明保单、保险地点，或承保前查勘的客户与地点。",
        "Name a policy or a site; before the contract the customer and the place.",
    )


def refuse_no_place(kind: str, known: object, customer_id: UUID | None, place: object) -> None:
    """Refuse (422) a visit to nowhere: only one before the contract goes to a place of no policy and no site."""
    if known is None and not (kind == InspectionKind.PRE_BIND and customer_id is not None and place is not None):
        raise PlaceRequired(Fault(PlaceRequired.code, PlaceRequired.detail, pointer="#/policy_no"))


def may_schedule(current: InspectionStatus, reason: str | None) -> None:
    """Refuse (409) agreeing on a visit that has begun, and (422) another day for one agreed on without a reason."""
    if current is not InspectionStatus.SCHEDULED:
        advance(current, InspectionStatus.SCHEDULED)
    elif not (reason or "").strip():
        text = Text("改期须说明原因。", "Another day needs a reason.")
        raise ReasonRequired(Fault(ReasonRequired.code, text, pointer="#/reason"))


def may_confirm(current: InspectionStatus, confirmed_at: datetime | None) -> None:
    """Refuse (409) confirming a visit nobody has agreed on, and confirming it twice."""
    if current is not InspectionStatus.SCHEDULED or confirmed_at is not None:
        raise StateConflict(current_state=str(current), legal_moves=sorted(NEXT[current]))


def refuse_future(at: datetime, now: datetime, pointer: str) -> None:
    """Refuse (422) a fact that has not happened yet."""
    if at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer=pointer))
