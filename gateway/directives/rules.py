"""The life of a directive: pure decisions, one exception class per refusal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.authority import covers
from shared.errors import Conflict, Fault, Forbidden, Refused, StateConflict, Text, ValidationFailed

if TYPE_CHECKING:
    from shared.actor import Actor


class DirectiveStatus(StrEnum):
    ISSUED = "issued"
    ACKNOWLEDGED = "acknowledged"
    DONE = "done"
    OVERDUE = "overdue"


NEXT: dict[DirectiveStatus, frozenset[DirectiveStatus]] = {
    DirectiveStatus.ISSUED: frozenset({DirectiveStatus.ACKNOWLEDGED, DirectiveStatus.OVERDUE}),
    DirectiveStatus.ACKNOWLEDGED: frozenset({DirectiveStatus.DONE, DirectiveStatus.OVERDUE}),
    DirectiveStatus.OVERDUE: frozenset({DirectiveStatus.DONE}),
    DirectiveStatus.DONE: frozenset(),
}
RUNNING = (DirectiveStatus.ISSUED, DirectiveStatus.ACKNOWLEDGED)


class DirectiveNotDownward(ValidationFailed):
    """Faults: the units that do not stand below the issuing one."""

    code = "directive_not_downward"
    title = Text("指令只能下达给下级机构", "A directive goes to units below")
    detail = Text("{count} 个机构不是本机构的下级。", "{count} unit(s) do not stand below the issuing one.")


class DueInPast(Refused):
    code = "due_in_past"
    title = Text("期限早于今日", "The due day lies in the past")
    detail = Text("完成期限不得早于今日。", "A directive is due today or later.")


class NotAddressed(Forbidden):
    """Member: `unit_code` that was addressed."""

    code = "not_addressed"
    title = Text("指令不是下达给本机构的", "The directive addresses another unit")
    detail = Text("该指令由机构 {unit_code} 办理。", "It is for unit {unit_code} to answer this directive.")


class AlreadyAcknowledged(Conflict):
    """Member: `acknowledged_at`."""

    code = "already_acknowledged"
    title = Text("已签收", "Acknowledged before")
    detail = Text("本机构已签收该指令。", "The unit has acknowledged the directive already.")


class NotAcknowledged(Conflict):
    code = "not_acknowledged"
    title = Text("尚未签收", "Not acknowledged yet")
    detail = Text("须先签收，再报完成。", "Acknowledge the directive before reporting it done.")


def may_issue(actor: Actor, addressed: Iterable[tuple[int, str]], due_on: date, today: date) -> None:
    """`addressed`: place in the request and org path. Raises `DirectiveNotDownward`, `DueInPast`."""
    words = Text("不是下级机构。", "This unit does not stand below the issuing one.")
    faults = [
        Fault(DirectiveNotDownward.code, words, pointer=f"#/unit_codes/{n}")
        for n, path in addressed
        if path == actor.scope or not covers(path, actor.scope)
    ]
    if faults:
        raise DirectiveNotDownward(*faults)
    if due_on < today:
        raise DueInPast()


def may_answer(actor: Actor, unit_code: str) -> None:
    """The unit addressed answers, through whoever acts for it. Raises `NotAddressed`."""
    if actor.unit_code != unit_code:
        raise NotAddressed(unit_code=unit_code)


def may_acknowledge(actor: Actor, unit_code: str, status: str, acknowledged_at: datetime | None) -> None:
    """Once for each unit, late ones too. Raises `NotAddressed`, `AlreadyAcknowledged`, `StateConflict`."""
    may_answer(actor, unit_code)
    if acknowledged_at is not None:
        raise AlreadyAcknowledged(acknowledged_at=acknowledged_at.isoformat())
    if status == DirectiveStatus.DONE:
        raise _over(status)


def may_complete(actor: Actor, unit_code: str, status: str, acknowledged_at: datetime | None) -> None:
    """After it was acknowledged, and once. Raises `NotAddressed`, `StateConflict`, `NotAcknowledged`."""
    may_answer(actor, unit_code)
    if status == DirectiveStatus.DONE:
        raise _over(status)
    if acknowledged_at is None or status == DirectiveStatus.ISSUED:
        raise NotAcknowledged()


def _over(status: str) -> StateConflict:
    return StateConflict(current_state=status, legal_moves=sorted(NEXT[DirectiveStatus(status)]))


def after_acknowledgement(status: str) -> DirectiveStatus:
    """What is late stays overdue until it is done."""
    return DirectiveStatus.OVERDUE if status == DirectiveStatus.OVERDUE else DirectiveStatus.ACKNOWLEDGED


def is_overdue(status: str, due_on: date, today: date) -> bool:
    """From the day after the due day on."""
    return status in RUNNING and due_on < today
