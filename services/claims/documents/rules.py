"""Papers of a claim: what is still missing, and the one notice that may ask for more.

保险法 art. 22: what is missing is told once and all at once. There is therefore one supplement notice in the life of a
claim, it lists its items, and it never asks for what the insurer itself already holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.claims.claim.rules import ClaimStatus, advance
from services.claims.guide.rules import DocumentItem
from shared.errors import Conflict, Fault, Refused, Text


def missing(checklist: Iterable[DocumentItem], received: Collection[str]) -> list[str]:
    """Codes of the required papers that have not come in, in the order of the list."""
    return [item.code for item in checklist if item.required and not item.held and item.code not in received]


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


class ConsentBasis(StrEnum):
    """Why medical data of an injured person may be kept (个人信息保护法 arts. 13, 28, 29, 31)."""

    CONSENT = "consent"
    GUARDIAN_CONSENT = "guardian_consent"
    LEGAL_DUTY = "legal_duty"


class GuardianConsentRequired(Refused):
    """Member: `age_limit` in years."""

    code = "guardian_consent_required"
    title = Text("须监护人同意", "The guardian must consent")
    detail = Text(
        "不满 {age_limit} 周岁的，须由监护人同意(个人信息保护法第三十一条)。",
        "Below the age of {age_limit} the guardian consents (个人信息保护法 art. 31).",
    )


def check_consent(basis: ConsentBasis, age: int | None, *, age_limit: int) -> None:
    """Refuse (422) a child's own consent; with the age unknown the statement is taken as it is."""
    if basis is ConsentBasis.CONSENT and age is not None and age < age_limit:
        fault = Fault(GuardianConsentRequired.code, GuardianConsentRequired.detail, pointer="#/basis")
        raise GuardianConsentRequired(fault, age_limit=age_limit)


def consents_missing(
    checklist: Iterable[DocumentItem], received: Collection[str], claimants: Iterable[str], consented: Collection[str]
) -> list[str]:
    """Claimants whose medical papers are here without a recorded basis: a task on the claim, never a stop."""
    medical = any(item.medical and item.code in received for item in checklist)
    return [ref for ref in claimants if ref not in consented] if medical else []
