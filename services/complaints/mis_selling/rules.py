"""A case of suspected mis-selling: its states, who may handle it, and what closes it. Pure.

人身保险业务基本服务规定 (2010): whoever finds mis-selling has it dealt with by a person who did not sell, within 15
working days.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from uuid import UUID

from shared.errors import Conflict, Fault, Forbidden, Refused, StateConflict, Text


class CaseStatus(StrEnum):
    OPEN = "open"
    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"
    CLOSED = "closed"


class ActionKind(StrEnum):
    """What is done about it. `explained`: all that a case needs whose suspicion was not verified."""

    EXPLAINED = "explained"
    APOLOGY = "apology"
    CORRECTION = "correction"
    REFUND = "refund"
    CANCELLATION = "cancellation"
    TRAINING = "training"
    SANCTION = "sanction"


SALES_POSITIONS = frozenset({"sales_agent", "account_manager"})
NEXT: dict[CaseStatus, frozenset[CaseStatus]] = {
    CaseStatus.OPEN: frozenset({CaseStatus.VERIFIED, CaseStatus.NOT_VERIFIED}),
    CaseStatus.VERIFIED: frozenset({CaseStatus.CLOSED}),
    CaseStatus.NOT_VERIFIED: frozenset({CaseStatus.CLOSED}),
    CaseStatus.CLOSED: frozenset(),
}


class SoldItself(Forbidden):
    code = "handler_sold"
    title = Text("须由非销售人员处理", "Handled by somebody who did not sell")
    detail = Text(
        "销售误导须由与该销售无关的非销售人员处理。",
        "Mis-selling is handled by a person who does not sell and had no part in this sale.",
    )


class HandlerMissing(Conflict):
    code = "handler_missing"
    title = Text("尚未指派处理人", "Nobody handles it yet")
    detail = Text("须先指派处理人。", "Assign somebody first.")


class NotTheHandler(Forbidden):
    code = "not_the_handler"
    title = Text("不是处理人", "Somebody else handles it")
    detail = Text("只有指派的处理人可以办理。", "Only the person it was given to may do this.")


class NoActionTaken(Conflict):
    code = "no_action_taken"
    title = Text("未采取措施不得结案", "Not closed without action")
    detail = Text("须先记录采取的措施。", "Record what was done about it first.")


class ExplanationNotEnough(Refused):
    code = "explanation_not_enough"
    title = Text("仅解释不足以结案", "An explanation is not enough")
    detail = Text(
        "销售误导属实的，除解释外须有纠正措施。",
        "Where mis-selling is verified, something is put right, not only said.",
    )


def advance(current: CaseStatus, to: CaseStatus) -> CaseStatus:
    """`to`, if the case may go there; otherwise `StateConflict` (409)."""
    if to not in NEXT[current]:
        moves = [str(one) for one in CaseStatus if one in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    return to


def refuse_seller(persons: Collection[UUID | None], kept_out: Collection[UUID], positions: Collection[str]) -> None:
    """Refuse (403) whoever sold, manages the seller, or sells at all; `persons` are the person and the delegator."""
    if set(persons) & set(kept_out) or SALES_POSITIONS & set(positions):
        raise SoldItself()


def refuse_closed(current: CaseStatus) -> None:
    """Refuse (409) any act on a closed case."""
    if current is CaseStatus.CLOSED:
        raise StateConflict(current_state=str(current), legal_moves=[])


def check_handler(handler: UUID | None, person_id: UUID) -> None:
    """Refuse an act while nobody handles the case (409), and one by anybody else (403)."""
    if handler is None:
        raise HandlerMissing()
    if handler != person_id:
        raise NotTheHandler()


def act(current: CaseStatus) -> None:
    """Refuse (409) an action before the finding, and after the end."""
    if current not in (CaseStatus.VERIFIED, CaseStatus.NOT_VERIFIED):
        raise StateConflict(current_state=str(current), legal_moves=[str(one) for one in NEXT[current]])


def close(current: CaseStatus, done: Sequence[str]) -> str:
    """The kind of action that the closing tells; refuses a case without finding (409) or action (409), and a verified
    one in which nothing was put right (422)."""
    advance(current, CaseStatus.CLOSED)
    if not done:
        raise NoActionTaken()
    right = [one for one in done if one != ActionKind.EXPLAINED]
    if current is CaseStatus.VERIFIED and not right:
        raise ExplanationNotEnough(Fault(ExplanationNotEnough.code, ExplanationNotEnough.detail, pointer="#/outcome"))
    return (right or list(done))[0]
