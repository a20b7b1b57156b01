"""Why medical data of an injured person may be kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from enum import StrEnum

from services.claims.claim.rules import ClaimStatus, legal_moves
from services.claims.guide.rules import DocumentItem
from shared.errors import Fault, Refused, StateConflict, Text


def may_consent(current: ClaimStatus) -> None:
    """Refuse (409) a basis for data of a claim that was cancelled."""
    if current is ClaimStatus.CANCELLED:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(current))


def age_of(id_no: str | None, on: date) -> int | None:
    """Full years on a day, by the birth date in an 18-digit identity number; None where there is none."""
    digits = (id_no or "")[6:14]
    if len(id_no or "") != 18 or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


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
    checklist: Iterable[DocumentItem], received: Collection[str], claimants: Mapping[str, bool],
    consented: Collection[str],
) -> list[str]:  # fmt: skip
    """Claimants of whom medical data are here without a recorded basis: a task on the claim, never a stop.

    `claimants`: whether the report itself told of an injury. A medical paper counts for all of them.
    """
    medical = any(item.medical and item.code in received for item in checklist)
    return [ref for ref, told in claimants.items() if (medical or told) and ref not in consented]
