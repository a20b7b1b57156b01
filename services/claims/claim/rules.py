"""The spine of a claim: its states, its line, its outcome, and which duties one person may not combine on it.

The life of a claim is data (`NEXT`): the same table refuses a wrong move and tells the caller which moves there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from shared.actor import Actor
from shared.errors import Conflict, Fault, ReasonRequired, SeparationOfDuties, StateConflict, Text


class Line(StrEnum):
    """Line of business; `accident` is personal accident."""

    LIABILITY = "liability"
    ACCIDENT = "accident"


class ClaimStatus(StrEnum):
    REPORTED = "reported"
    DISPATCHED = "dispatched"
    SURVEYED = "surveyed"
    REGISTERED = "registered"
    ASSESSING = "assessing"
    DOCUMENTS_PENDING = "documents_pending"
    DOCUMENTS_COMPLETE = "documents_complete"
    CALCULATED = "calculated"
    IN_APPROVAL = "in_approval"
    RETURNED = "returned"
    DECIDED = "decided"
    AGREED = "agreed"
    PAYING = "paying"
    PAID = "paid"
    REFUSAL_SERVED = "refusal_served"
    ZERO = "zero"
    CLOSED = "closed"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"
    REOPENED = "reopened"


class Outcome(StrEnum):
    """How a claim ended, as the settlement event tells it."""

    PAID = "paid"
    PARTIAL = "partial"
    REFUSED = "refused"
    ZERO = "zero"
    WITHDRAWN = "withdrawn"


class Flag(StrEnum):
    """What a handler must look at; none of them refuses a report."""

    UNMATCHED = "unmatched"
    NOT_IN_FORCE = "not_in_force"
    LOSS_BEFORE_PERIOD = "loss_before_period"
    LOSS_AFTER_PERIOD = "loss_after_period"
    COVER_ENDED_BEFORE_LOSS = "cover_ended_before_loss"
    RESCINDED = "rescinded"
    CHANGED_AFTER_REPORT = "changed_after_report"
    INSURED_NOT_LISTED = "insured_not_listed"
    PREMIUM_WITHOUT_DECISION = "premium_without_decision"
    LATE_NOTICE = "late_notice"
    LOSS_AFTER_NOTICE = "loss_after_notice"
    COUNTS_DIFFER = "counts_differ"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    STAFF_OR_RELATIVE = "staff_or_relative"
    SERIOUS_CASUALTIES = "serious_casualties"
    REINSURED = "reinsured"
    AMBIGUOUS_POLICY = "ambiguous_policy"
    REPORTER_NOT_INSURED = "reporter_not_insured"
    RESERVE_INADEQUATE = "reserve_inadequate"
    RESERVE_EXCESSIVE = "reserve_excessive"


def in_order(flags: Collection[str]) -> list[str]:
    """The flags of a claim in the order of `Flag`; marks that other rooms set come after them and are never lost."""
    known = [str(flag) for flag in Flag if flag in flags]
    return [*known, *sorted(set(flags) - set(known))]


_S = ClaimStatus

NEXT: dict[ClaimStatus, frozenset[ClaimStatus]] = {
    _S.REPORTED: frozenset({_S.DISPATCHED, _S.REGISTERED, _S.CANCELLED}),
    _S.DISPATCHED: frozenset({_S.SURVEYED}),
    _S.SURVEYED: frozenset({_S.REGISTERED}),
    _S.REGISTERED: frozenset({_S.ASSESSING, _S.CANCELLED}),
    # Papers that are all in at the first delivery leave nothing to wait for.
    _S.ASSESSING: frozenset({_S.DOCUMENTS_PENDING, _S.DOCUMENTS_COMPLETE}),
    _S.DOCUMENTS_PENDING: frozenset({_S.DOCUMENTS_COMPLETE}),
    _S.DOCUMENTS_COMPLETE: frozenset({_S.DOCUMENTS_PENDING, _S.CALCULATED}),
    _S.CALCULATED: frozenset({_S.IN_APPROVAL}),
    # A new calculation sheet voids the steps taken on the old one.
    _S.IN_APPROVAL: frozenset({_S.RETURNED, _S.DECIDED, _S.CALCULATED}),
    _S.RETURNED: frozenset({_S.CALCULATED}),
    # What was approved and changes before anything is paid takes the decision back: calculated and approved anew.
    _S.DECIDED: frozenset({_S.AGREED, _S.REFUSAL_SERVED, _S.ZERO, _S.RETURNED}),
    _S.AGREED: frozenset({_S.PAYING, _S.RETURNED}),
    # Where a part is paid and what was approved has changed, the claim is reopened.
    _S.PAYING: frozenset({_S.PAID, _S.REOPENED}),
    _S.PAID: frozenset({_S.CLOSED}),
    _S.REFUSAL_SERVED: frozenset({_S.CLOSED}),
    _S.ZERO: frozenset({_S.CLOSED}),
    # A shelved claim is a closed claim whose file stands on the shelf: it can be reopened as well.
    _S.CLOSED: frozenset({_S.ARCHIVED, _S.REOPENED}),
    _S.ARCHIVED: frozenset({_S.REOPENED}),
    _S.REOPENED: frozenset({_S.ASSESSING}),
    _S.CANCELLED: frozenset(),
}

BEFORE_DECISION: frozenset[ClaimStatus] = frozenset(
    {
        *(_S.REPORTED, _S.DISPATCHED, _S.SURVEYED, _S.REGISTERED, _S.ASSESSING, _S.DOCUMENTS_PENDING),
        *(_S.DOCUMENTS_COMPLETE, _S.CALCULATED, _S.IN_APPROVAL, _S.RETURNED, _S.REOPENED),
    }
)
"""States in which nobody has yet decided about the claim (again, after a reopening)."""


def legal_moves(current: ClaimStatus) -> list[str]:
    """The states a claim may go to from `current`, in the order of its life."""
    return [str(status) for status in ClaimStatus if status in NEXT[current]]


def advance(current: ClaimStatus, to: ClaimStatus) -> ClaimStatus:
    """`to`, if a claim may go there from `current`; otherwise `StateConflict` (409) with the legal moves."""
    if to not in NEXT[current]:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(current))
    return to


class ReopeningsExhausted(Conflict):
    """Members: `reopened_count` and `maximum`."""

    code = "reopenings_exhausted"
    title = Text("重开次数已用完", "No more reopenings")
    detail = Text(
        "该赔案已重开 {reopened_count} 次，最多 {maximum} 次。",
        "The claim was reopened {reopened_count} time(s); {maximum} is the most.",
    )


def reopen(current: ClaimStatus, reopened_count: int, maximum: int) -> ClaimStatus:
    """The state of a reopened claim; refused (409) from any state but closed or archived, and beyond `maximum`."""
    status = advance(current, ClaimStatus.REOPENED)
    if reopened_count >= maximum:
        raise ReopeningsExhausted(reopened_count=reopened_count, maximum=maximum)
    return status


def cancel(current: ClaimStatus, reason_code: str, reason: str) -> ClaimStatus:
    """The state of a withdrawn report; both reasons are wanted (422), a claim past registration stays (409)."""
    status = advance(current, ClaimStatus.CANCELLED)
    wanted = {"reason_code": reason_code, "reason": reason}
    faults = [_reason_missing(f"#/{name}") for name, value in wanted.items() if not value.strip()]
    if faults:
        raise ReasonRequired(*faults)
    return status


def may_cancel(current: ClaimStatus) -> None:
    """Refuse (409) the cancellation of a claim that is neither a mere report nor just registered."""
    advance(current, ClaimStatus.CANCELLED)


def _reason_missing(pointer: str) -> Fault:
    return Fault(ReasonRequired.code, Text("注销须说明原因。", "A cancellation needs its reason."), pointer=pointer)


class Duty(StrEnum):
    """What a person did on a claim; taken once done, and never given back."""

    REPORTER = "reporter"
    DISPATCHER = "dispatcher"
    SURVEYOR = "surveyor"
    REGISTRAR = "registrar"
    ADJUSTER = "adjuster"
    APPROVER = "approver"
    CASHIER = "cashier"
    ARCHIVIST = "archivist"


class PolicyDuty(StrEnum):
    """Duties on the policy which bear on its claims; the caller adds them to what was held on the claim."""

    SELLER = "seller"
    UNDERWRITER = "underwriter"


@dataclass(frozen=True)
class Held:
    """One duty one person had on this claim or on its policy."""

    duty: Duty | PolicyDuty
    person_id: UUID


# Pairs that must be separate persons on one claim, whatever positions they hold.
SEPARATE: frozenset[frozenset[Duty | PolicyDuty]] = frozenset(
    frozenset(pair)
    for pair in (
        (Duty.SURVEYOR, Duty.ADJUSTER),
        (Duty.SURVEYOR, Duty.APPROVER),
        (Duty.SURVEYOR, PolicyDuty.SELLER),
        (Duty.ADJUSTER, Duty.APPROVER),
        (Duty.ADJUSTER, Duty.CASHIER),
        (Duty.ADJUSTER, Duty.ARCHIVIST),
        (Duty.APPROVER, Duty.REPORTER),
        (Duty.APPROVER, Duty.REGISTRAR),
        (Duty.APPROVER, Duty.CASHIER),
        (Duty.APPROVER, Duty.ARCHIVIST),
        (Duty.APPROVER, PolicyDuty.UNDERWRITER),
    )
)

FORBIDDEN: dict[Duty, frozenset[Duty | PolicyDuty]] = {
    duty: frozenset(other for pair in SEPARATE if duty in pair for other in pair if other is not duty) for duty in Duty
}
"""For a duty about to be taken: the duties that must not already be the same person's. The relation is symmetric."""


def conflicts(
    duties: Iterable[Held], person_id: UUID, forbidden: Collection[Duty | PolicyDuty]
) -> Iterator[Duty | PolicyDuty]:
    """The duties among `forbidden` which this person already has on the claim; for pickers that explain a no."""
    return (held.duty for held in duties if held.person_id == person_id and held.duty in forbidden)


def refuse_if_held(
    duties: Iterable[Held], person_id: UUID, forbidden: Collection[Duty | PolicyDuty] | None = None, *, taking: Duty
) -> None:
    """Refuse (403) a person who already has a duty that must be separate from `taking`.

    `forbidden` defaults to the table; it counts persons, so a second account or appointment changes nothing.
    """
    for duty in conflicts(duties, person_id, FORBIDDEN[taking] if forbidden is None else forbidden):
        raise SeparationOfDuties(conflicting_duty=str(duty), taking=str(taking))


def sees(actor: Actor, org_path: str) -> bool:
    """Whether a record at `org_path` lies in the caller's scope."""
    return org_path == actor.scope or org_path.startswith(actor.scope + ".")


def acting(actor: Actor) -> frozenset[UUID]:
    """Everybody whose act it is: the caller, and the one on whose behalf."""
    return frozenset({actor.person_id, actor.on_behalf_of or actor.person_id})


def refuse_to_take(duties: Iterable[Held], actor: Actor, taking: Duty, interested: Collection[UUID] = ()) -> None:
    """Refuse (403) a caller who, or whose delegator, already has a duty that must be separate from `taking`, or an
    interest of his own (`interested`: staff who are, or whose relatives are, claimant or reporter).
    """
    for person in acting(actor):
        refuse_person(duties, person, taking, interested)


def refuse_person(duties: Iterable[Held], person: UUID, taking: Duty, interested: Collection[UUID] = ()) -> None:
    """The same for one person who is to be given the duty: the claim of staff or relatives is an outsider's."""
    refuse_if_held(duties, person, taking=taking)
    if person in interested:
        raise SeparationOfDuties(conflicting_duty="interested_party", taking=str(taking))


def forbidden_for_assessment(injury_amount: Decimal, threshold: Decimal) -> frozenset[Duty]:
    """Who may not assess an injury of `injury_amount` yuan: above `threshold` the surveyor must be somebody else."""
    return frozenset({Duty.SURVEYOR}) if injury_amount > threshold else frozenset()
