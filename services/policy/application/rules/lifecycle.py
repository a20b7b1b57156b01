"""States of the three kinds of application, and who may begin one."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.errors import Conflict, Refused, StateConflict, Text


class ApplicationKind(StrEnum):
    PROPOSAL = "proposal"
    ENDORSEMENT = "endorsement"
    CANCELLATION = "cancellation"


class ApplicationStatus(StrEnum):
    DRAFT = "draft"
    DISCLOSED = "disclosed"
    SUBMITTED = "submitted"
    SURVEY_REQUIRED = "survey_required"
    SURVEYED = "surveyed"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    REFERRED_UP = "referred_up"
    APPROVED = "approved"
    APPROVED_WITH_TERMS = "approved_with_terms"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    AWAITING_PREMIUM = "awaiting_premium"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    APPLIED = "applied"
    REJECTED = "rejected"
    FINANCE_PENDING = "finance_pending"
    EFFECTIVE = "effective"
    DELIVERED = "delivered"
    CHECKED = "checked"
    QUOTED = "quoted"
    ACCEPTED = "accepted"
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"
    CLOSED = "closed"


_S = ApplicationStatus
_Moves = dict[ApplicationStatus, frozenset[ApplicationStatus]]
_GIVEN_UP = frozenset({_S.WITHDRAWN, _S.EXPIRED})
_ANSWERED = frozenset({_S.APPROVED, _S.APPROVED_WITH_TERMS, _S.DECLINED, _S.RETURNED, _S.REFERRED_UP, _S.IN_REVIEW})

PROPOSAL: _Moves = {
    _S.DRAFT: frozenset({_S.DISCLOSED, *_GIVEN_UP}),
    # A change of what is applied for, or of the clauses, makes the pack a pack of something else.
    _S.DISCLOSED: frozenset({_S.DRAFT, _S.SUBMITTED, *_GIVEN_UP}),
    _S.SUBMITTED: frozenset({_S.SURVEY_REQUIRED, _S.SURVEYED, _S.IN_REVIEW, *_GIVEN_UP}),
    _S.SURVEY_REQUIRED: frozenset({_S.SURVEYED, _S.DECLINED, _S.RETURNED, *_GIVEN_UP}),
    _S.SURVEYED: frozenset({_S.SURVEY_REQUIRED, *_ANSWERED, *_GIVEN_UP}),
    _S.IN_REVIEW: frozenset({_S.SURVEY_REQUIRED, *_ANSWERED, *_GIVEN_UP}),
    _S.REFERRED_UP: frozenset({_S.SURVEY_REQUIRED, *_ANSWERED, *_GIVEN_UP}),
    _S.RETURNED: frozenset({_S.DRAFT, *_GIVEN_UP}),
    _S.APPROVED: frozenset({_S.AWAITING_PREMIUM, _S.ISSUED, *_GIVEN_UP}),
    _S.APPROVED_WITH_TERMS: frozenset({_S.CONFIRMED, *_GIVEN_UP}),
    _S.CONFIRMED: frozenset({_S.AWAITING_PREMIUM, _S.ISSUED, *_GIVEN_UP}),
    _S.AWAITING_PREMIUM: frozenset({_S.ISSUED, *_GIVEN_UP}),
    _S.DECLINED: frozenset(),
    _S.ISSUED: frozenset(),
    _S.WITHDRAWN: frozenset(),
    _S.EXPIRED: frozenset(),
}
ENDORSEMENT: _Moves = {
    _S.APPLIED: frozenset({_S.IN_REVIEW, _S.REJECTED}),
    _S.IN_REVIEW: frozenset({_S.IN_REVIEW, _S.APPLIED, _S.APPROVED, _S.REJECTED}),
    _S.APPROVED: frozenset({_S.FINANCE_PENDING, _S.EFFECTIVE, _S.REJECTED}),
    _S.FINANCE_PENDING: frozenset({_S.EFFECTIVE, _S.REJECTED}),
    _S.EFFECTIVE: frozenset({_S.DELIVERED}),
    _S.DELIVERED: frozenset(),
    _S.REJECTED: frozenset(),
}
CANCELLATION: _Moves = {
    _S.APPLIED: frozenset({_S.CHECKED, _S.WITHDRAWN}),
    _S.CHECKED: frozenset({_S.APPLIED, _S.QUOTED, _S.WITHDRAWN}),
    _S.QUOTED: frozenset({_S.APPLIED, _S.QUOTED, _S.ACCEPTED, _S.WITHDRAWN}),
    _S.ACCEPTED: frozenset({_S.REFUND_PENDING, _S.CLOSED}),
    _S.REFUND_PENDING: frozenset({_S.REFUNDED}),
    _S.REFUNDED: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}
NEXT: dict[ApplicationKind, _Moves] = {
    ApplicationKind.PROPOSAL: PROPOSAL,
    ApplicationKind.ENDORSEMENT: ENDORSEMENT,
    ApplicationKind.CANCELLATION: CANCELLATION,
}
FIRST: dict[ApplicationKind, ApplicationStatus] = {
    ApplicationKind.PROPOSAL: _S.DRAFT,
    ApplicationKind.ENDORSEMENT: _S.APPLIED,
    ApplicationKind.CANCELLATION: _S.APPLIED,
}

OPEN_TO_CHANGE = frozenset({_S.DRAFT, _S.DISCLOSED, _S.RETURNED, _S.APPLIED})
"""While the applicant may still change what he applies for."""
UNDER_REVIEW: dict[ApplicationKind, frozenset[ApplicationStatus]] = {
    ApplicationKind.PROPOSAL: frozenset({_S.SURVEY_REQUIRED, _S.SURVEYED, _S.IN_REVIEW, _S.REFERRED_UP}),
    ApplicationKind.ENDORSEMENT: frozenset({_S.IN_REVIEW}),
    ApplicationKind.CANCELLATION: frozenset({_S.QUOTED}),
}
"""While the insurer owes an answer."""
UNANSWERED = OPEN_TO_CHANGE.union(
    (_S.SUBMITTED, _S.SURVEY_REQUIRED, _S.SURVEYED, _S.IN_REVIEW, _S.REFERRED_UP, _S.CHECKED, _S.QUOTED)
)
"""Nothing has been decided yet."""


def legal_moves(kind: ApplicationKind, current: ApplicationStatus) -> list[str]:
    """Where an application may go from here, in the order of the states."""
    return [str(status) for status in ApplicationStatus if status in NEXT[kind].get(current, frozenset())]


def advance(kind: ApplicationKind, current: ApplicationStatus, to: ApplicationStatus) -> ApplicationStatus:
    """`to`, if an application of this kind may go there from `current`; otherwise `StateConflict` (409)."""
    if to not in NEXT[kind].get(current, frozenset()):
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(kind, current))
    return to


def refuse_unless(kind: ApplicationKind, current: ApplicationStatus, allowed: frozenset[ApplicationStatus]) -> None:
    """Refuse (409) what is not done in this state."""
    if current not in allowed:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(kind, current))


class PremiumUndecided(Conflict):
    code = "premium_undecided"
    title = Text("已收保费尚未作出核保决定", "Premium was received and nothing was decided")
    detail = Text(
        "已收取保费的投保须先作出核保决定(保险法解释二第四条)。",
        "An application whose premium came in is answered first (保险法解释二 art. 4).",
    )


class NotThePolicyholder(Refused):
    code = "not_the_policyholder"
    title = Text("申请人不是投保人", "The applicant is not the policyholder")
    detail = Text(
        "批改、退保只能由投保人或其授权的人申请。",
        "Only the policyholder, or whom he authorised, applies for a change or an end.",
    )


class CompulsoryCover(Conflict):
    code = "compulsory_cover"
    title = Text("法定保险不得退保", "Compulsory cover is not cancelled")
    detail = Text(
        "安全生产责任保险仅凭关闭或者全面停产停业证明退保。",
        "Compulsory work-safety cover ends only with proof of closure or of a full stop of production.",
    )


class PolicyNotInForce(Conflict):
    """Member: `status` of the policy."""

    code = "policy_not_in_force"
    title = Text("保单不在可办理状态", "The policy cannot be changed")
    detail = Text("保单状态为 {status}，不能批改或者退保。", "The policy is {status}: it is neither changed nor ended.")


class ApplicationOpen(Conflict):
    """Member: `application_id` of the one that is open."""

    code = "application_open"
    title = Text("已有同类申请在办", "Such an application is open already")
    detail = Text("该保单已有同类申请 {application_id} 在办理。", "Application {application_id} of this kind is open.")


class MissingToldAlready(Conflict):
    """Member: `told_at`."""

    code = "missing_items_told"
    title = Text("所缺事项已一次性告知", "What is missing was told already")
    detail = Text("所缺事项已于 {told_at} 一次性告知。", "What is missing was told, all together, at {told_at}.")


class NothingMissing(Conflict):
    code = "nothing_missing"
    title = Text("没有所缺事项", "Nothing is missing")
    detail = Text("申请材料齐全。", "The application is complete.")


class BackDated(Refused):
    """Member: `starts_at`."""

    code = "back_dated"
    title = Text("不得倒签", "No back-dating")
    detail = Text("保险责任起始时间 {starts_at} 早于现在。", "Cover would begin at {starts_at}, which has passed.")


def refuse_back_dating(starts_at: datetime | None, now: datetime) -> None:
    """Refuse (422) cover that would begin before this moment, whatever the reason."""
    if starts_at is not None and starts_at < now:
        raise BackDated(starts_at=starts_at.isoformat())
