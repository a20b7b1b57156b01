"""What an enquiry may become, and where that is made. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from services.crm.enquiry.rules import EnquiryKind
from services.crm.enquiry.rules.refusals import ConversionNotPossible


class Target(StrEnum):
    CLAIM = "claim"
    APPLICATION = "application"
    COMPLAINT = "complaint"


CREATED_AT: Mapping[Target, str] = {
    Target.CLAIM: "/v1/claims", Target.APPLICATION: "/v1/applications", Target.COMPLAINT: "/v1/complaints",
}  # fmt: skip
_ELSEWHERE: Mapping[EnquiryKind, Target] = {EnquiryKind.APPLY: Target.CLAIM, EnquiryKind.CLAIM: Target.APPLICATION}


def check_target(kind: EnquiryKind, target: Target) -> None:
    """Refuse (422) to make a claim of a wish to insure, and the other way round; anything may become a complaint."""
    if _ELSEWHERE.get(kind) is target:
        raise ConversionNotPossible(kind=str(kind))
