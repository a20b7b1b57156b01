"""Papers of a claim: what is still missing, and the one notice that may ask for more.

保险法 art. 22: what is missing is told once and all at once. There is therefore one supplement notice in the life of a
claim, it lists its items, and it never asks for what the insurer itself already holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.claims.claim.rules import ClaimStatus, advance, legal_moves
from services.claims.guide.rules import DocumentItem
from shared.clock import legal_day
from shared.errors import (
    Conflict,
    Fault,
    OccurredInFuture,
    ReasonRequired,
    Refused,
    StateConflict,
    Text,
    ValidationFailed,
)


def missing(checklist: Iterable[DocumentItem], received: Collection[str]) -> list[str]:
    """Codes of the required papers that have not come in, in the order of the list."""
    return [item.code for item in checklist if item.required and not item.held and item.code not in received]


WORKING = frozenset(
    {
        *(ClaimStatus.REGISTERED, ClaimStatus.ASSESSING, ClaimStatus.DOCUMENTS_PENDING),
        ClaimStatus.DOCUMENTS_COMPLETE,
    }
)
"""States in which papers are collected or a sum is calculated."""

_OVER = frozenset({ClaimStatus.CANCELLED, ClaimStatus.CLOSED, ClaimStatus.ARCHIVED})


def may_collect(current: ClaimStatus) -> None:
    """Refuse (409) papers for a claim that is over: later ones go to a supplement of its file."""
    if current in _OVER:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(current))


def may_request(current: ClaimStatus, *, already_requested: bool) -> None:
    """Refuse (409) a second notice in whatever state, and any before the claim is being assessed or after it was."""
    if already_requested:
        raise SupplementAlreadyRequested()
    if current not in _NOTICE_STATES:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(current))


def may_receive(current: ClaimStatus, *, requested: bool, complete: bool) -> None:
    """Refuse (409) an answer to a notice that was never served, or that has been answered."""
    may_collect(current)
    if not requested:
        raise NoSupplementRequested()
    if complete:
        raise SupplementsComplete()


def begins_assessment(current: ClaimStatus) -> bool:
    """Whether papers that come now are the first work on a registered or reopened claim."""
    return current in (ClaimStatus.REGISTERED, ClaimStatus.REOPENED)


def after_delivery(current: ClaimStatus, outstanding: Collection[str]) -> ClaimStatus:
    """The state once papers have come in; before assessment and after completion their arrival changes nothing."""
    if current not in (ClaimStatus.ASSESSING, ClaimStatus.DOCUMENTS_PENDING):
        return current
    to = ClaimStatus.DOCUMENTS_PENDING if outstanding else ClaimStatus.DOCUMENTS_COMPLETE
    return to if to is current else advance(current, to)


@dataclass(frozen=True)
class SupplementItem:
    """One thing asked for: a code of the checklist, or free words where the list has no code for it."""

    code: str | None = None
    description: str = ""


class SupplementAlreadyRequested(Conflict):
    code = "supplement_already_requested"
    title = Text("已一次性通知补充资料", "Supplements were already asked for")
    detail = Text(
        "补充索赔资料只能一次性通知(保险法第二十二条)，本案已通知过。",
        "Missing papers are asked for once, all at once (保险法 art. 22); this claim has had its notice.",
    )


class SupplementItemsRequired(Refused):
    code = "supplement_items_required"
    title = Text("须列明所需资料", "The papers wanted must be listed")
    detail = Text("补充通知须逐项列明所需资料。", "A supplement notice must list, one by one, what is wanted.")


class AlreadyHeld(Refused):
    """One fault per item; its member `document` is the code."""

    code = "already_held"
    title = Text("公司已持有该资料", "The insurer already holds this")
    detail = Text(
        "不得要求索赔人提供公司已持有的资料。", "A claimant may not be asked for what the insurer already holds."
    )


_NOTICE_STATES = (ClaimStatus.ASSESSING, ClaimStatus.DOCUMENTS_PENDING, ClaimStatus.DOCUMENTS_COMPLETE)


def request_supplements(
    current: ClaimStatus,
    items: Sequence[SupplementItem],
    *,
    already_requested: bool,
    checklist: Iterable[DocumentItem],
    received: Collection[str],
) -> ClaimStatus:
    """The state after the one supplement notice.

    Refuses a second notice (409), a wrong state (409), a notice without items or with an empty one (422), and items
    that have come in or that the insurer has by nature (422, all of them named).
    """
    if already_requested:
        raise SupplementAlreadyRequested()
    if current not in _NOTICE_STATES:
        advance(current, ClaimStatus.DOCUMENTS_PENDING)
    _refuse_empty(items)
    held = {*received, *(item.code for item in checklist if item.held)}
    faults = [
        Fault(AlreadyHeld.code, AlreadyHeld.detail, pointer=f"#/items/{i}", members={"document": item.code})
        for i, item in enumerate(items)
        if item.code in held
    ]
    if faults:
        raise AlreadyHeld(*faults)
    return ClaimStatus.DOCUMENTS_PENDING


def _refuse_empty(items: Sequence[SupplementItem]) -> None:
    if not items:
        raise SupplementItemsRequired(
            Fault(SupplementItemsRequired.code, SupplementItemsRequired.detail, pointer="#/items")
        )
    empty = [i for i, item in enumerate(items) if not (item.code or item.description.strip())]
    if empty:
        text = Text("该项没有写明所需资料。", "This item does not say what is wanted.")
        raise SupplementItemsRequired(
            *(Fault(SupplementItemsRequired.code, text, pointer=f"#/items/{i}") for i in empty)
        )


class SupplementsComplete(Conflict):
    code = "supplements_complete"
    title = Text("补充资料已齐", "The supplements are complete")
    detail = Text(
        "所通知的补充资料已全部收到；其他资料按清单提交。",
        "Everything that the notice asked for has come in; further papers go to the checklist.",
    )


class NoSupplementRequested(Conflict):
    code = "no_supplement_requested"
    title = Text("尚未通知补充资料", "No supplements were asked for")
    detail = Text("本案没有补充资料通知。", "This claim has no supplement notice to answer.")


def outstanding_supplements(requested: Sequence[str] | None, arrived: Collection[str]) -> list[str]:
    """What is still outstanding of the notice; empty ends the pause of the period. Without a notice 409.

    `requested` are the references of the notice's items (their codes, or their numbers where they have none).
    """
    if requested is None:
        raise NoSupplementRequested()
    return [item for item in requested if item not in arrived]


class UnknownDocument(Refused):
    """One fault per item; its member `document` is the code."""

    code = "unknown_document"
    title = Text("清单中没有该资料", "The list has no such paper")
    detail = Text("本案资料清单中没有该代码。", "The checklist of this claim has no paper with this code.")


class DocumentsRequired(Refused):
    code = "documents_required"
    title = Text("须列明资料", "No papers are named")
    detail = Text("须至少列出一项资料。", "Name at least one paper.")


def check_codes(checklist: Iterable[DocumentItem], codes: Sequence[str | None]) -> None:
    """Refuse (422) an empty delivery and every code that the checklist does not have; None is no code."""
    if not codes:
        raise DocumentsRequired(Fault(DocumentsRequired.code, DocumentsRequired.detail, pointer="#/items"))
    known = {item.code for item in checklist}
    faults = [
        Fault(UnknownDocument.code, UnknownDocument.detail, pointer=f"#/items/{n}/code", members={"document": code})
        for n, code in enumerate(codes)
        if code is not None and code not in known
    ]
    if faults:
        raise UnknownDocument(*faults)


def check_moment(at: datetime, name: str, reason: str | None, *, loss_at: datetime, now: datetime) -> None:
    """Refuse a moment in the future or before the loss (422), and one of an earlier day than today without a reason:
    legal days follow from it, so a day told afterwards is explained.
    """
    pointer = f"#/{name}"
    if at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer=pointer))
    if at < loss_at:
        text = Text("不能早于出险时间。", "This lies before the loss.")
        raise ValidationFailed(Fault("before_loss", text, pointer=pointer))
    if legal_day(at) < legal_day(now) and not (reason or "").strip():
        text = Text("补录以前日期的事项须说明原因。", "An earlier day needs a reason.")
        raise ReasonRequired(Fault(ReasonRequired.code, text, pointer="#/reason"))


def check_fixed_on(day: date, loss_on: date, today: date) -> None:
    """Refuse (422) a day on which liability cannot have been fixed: before the loss, or later than today."""
    if day > today:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/liability_fixed_on"))
    if day < loss_on:
        text = Text("不能早于出险日期。", "This lies before the loss.")
        raise ValidationFailed(Fault("before_loss", text, pointer="#/liability_fixed_on"))


def check_after_service(at: datetime, served_at: datetime | None) -> None:
    """Refuse (422) an answer that came before its notice."""
    if served_at is not None and at < served_at:
        text = Text("不能早于补充通知的送达时间。", "This lies before the service of the notice.")
        raise ValidationFailed(Fault("before_notice", text, pointer="#/received_at"))


def numbers_of(
    wanted: Sequence[Mapping[str, Any]], told: Sequence[tuple[int | None, str | None]], *, final: bool
) -> list[int]:
    """For each answer the number (from 1) of the notice's item that it answers, told by number or by code.

    Refuses (422) what the notice did not ask for, and no answer at all unless it is the claimant's last word.
    """
    if not told and not final:
        raise DocumentsRequired(Fault(DocumentsRequired.code, DocumentsRequired.detail, pointer="#/items"))
    codes = {one.get("code"): n for n, one in enumerate(wanted, start=1) if one.get("code")}
    numbers = [number if number is not None else codes.get(code, 0) for number, code in told]
    faults = [
        Fault(
            UnknownDocument.code,
            Text("补充通知没有要求该资料。", "The notice did not ask for this."),
            pointer=f"#/items/{n}",
        )
        for n, number in enumerate(numbers)
        if not 1 <= number <= len(wanted)
    ]
    if faults:
        raise UnknownDocument(*faults)
    return numbers
