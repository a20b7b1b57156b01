"""How long a stretch of the calendar may be, and which visits can be given to somebody else."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.risk.inspection.rules import InspectionStatus
from shared.errors import Conflict, Fault, Refused, StateConflict, Text

LONGEST_DAYS = 93
MOVABLE = frozenset(
    (InspectionStatus.PLANNED, InspectionStatus.DUE, InspectionStatus.SCHEDULED, InspectionStatus.OVERDUE)
)


class StretchInvalid(Refused):
    """Member: `longest`, in days."""

    code = "stretch_invalid"
    title = Text("日期范围无效", "Not a stretch of days")
    detail = Text(
        "止日不得早于起日，且最长 {longest} 天。", "It ends on or after its first day, and has {longest} days."
    )


class AlreadyTheVisitor(Conflict):
    code = "already_the_visitor"
    title = Text("已由该检查人负责", "This engineer goes already")
    detail = Text("该次检查已由所指检查人负责。", "The engineer named makes this visit already.")


def check_stretch(begins: date, ends: date) -> None:
    """Refuse (422) days that end before they begin, or are more than a quarter."""
    if not 0 <= (ends - begins).days < LONGEST_DAYS:
        told = {"longest": LONGEST_DAYS}
        raise StretchInvalid(Fault(StretchInvalid.code, StretchInvalid.detail, parameter="to", members=told), **told)


def may_give(state: InspectionStatus, visitor: UUID | None, to: UUID) -> None:
    """Refuse (409) giving away a visit that has begun, and giving it to whoever has it."""
    if state not in MOVABLE:
        raise StateConflict(current_state=str(state), legal_moves=[])
    if visitor == to:
        raise AlreadyTheVisitor()
