"""Whether a proposal may become a policy now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.policy.application.rules import BackDated
from services.policy.version.rules import MasteredByCore
from shared.clock import rfc3339
from shared.errors import Conflict, Refused, SeparationOfDuties, StateConflict, Text

ISSUABLE = ("approved", "confirmed", "awaiting_premium")
ACCEPTED = ("approved", "confirmed")


class IssueWithoutAcknowledgement(Refused):
    """Member: `clauses`. A clause that was not explained and acknowledged has no effect (保险法 art. 17)."""

    code = "issue_without_acknowledgement"
    title = Text("免责条款未经投保人确认", "Exclusions are not acknowledged")
    detail = Text(
        "下列条款未经投保人单独确认：{clauses}(保险法第十七条)。",
        "The customer has not acknowledged: {clauses} (保险法 art. 17).",
    )


class PremiumUnpaid(Conflict):
    """Member: `status` of the payment order, `none` where there is none."""

    code = "premium_unpaid"
    title = Text("见费出单，保险费未到账", "Premium first, then cover")
    detail = Text("该产品须先收费再出单，收费状态：{status}。", "This product needs its premium first; it is {status}.")


class NotAProposal(Conflict):
    """Member: `kind`."""

    code = "not_this_kind_of_application"
    title = Text("申请种类不符", "Not this kind of application")
    detail = Text("该申请为 {kind}，不能这样办理。", "The application is a {kind}; that is done otherwise.")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the issue of a proposal is judged by. `acknowledged`: (clause, text version) of every clause that the
    customer acknowledged; `reducing`: those of the product that free the insurer or pay less. `paid`: the status of the
    premium's order.
    """

    kind: str
    status: str
    issued_by: str
    reducing: Collection[tuple[str, str]]
    acknowledged: Mapping[tuple[str, str], datetime]
    paid: str
    cash_before_cover: bool
    sellers: Collection[UUID]


def refuse_other_kind(kind: str, wanted: str) -> None:
    """Refuse (409) an application of another kind."""
    if kind != wanted:
        raise NotAProposal(kind=kind)


def may_issue(found: Proposal, persons: Collection[UUID]) -> None:
    """Refuse to issue: another kind (409), no approval (409), a product that the core issues (409), whoever sold it
    (403), exclusions without acknowledgement in their very wording (422), a premium that has to come first (409).
    """
    refuse_other_kind(found.kind, "proposal")
    if found.status not in ISSUABLE:
        raise StateConflict(current_state=found.status, legal_moves=[])
    if found.issued_by != "anlan":
        raise MasteredByCore(policy_no="")
    if set(persons) & set(found.sellers):
        raise SeparationOfDuties(conflicting_duty="seller")
    missing = sorted(set(found.reducing) - set(found.acknowledged))
    if missing:
        raise IssueWithoutAcknowledgement(clauses=", ".join(f"{clause} ({text})" for clause, text in missing))
    if found.cash_before_cover and found.paid != "paid":
        raise PremiumUnpaid(status=found.paid)


def period(asked: datetime | None, starts_at: datetime, ends_at: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The period of insurance: as agreed, or of the same length from a later moment. Never from a past one (422)."""
    begins = starts_at if asked is None else asked
    if begins < now or begins < starts_at:
        raise BackDated(starts_at=rfc3339(begins))
    return begins, ends_at + (begins - starts_at)


def exclusions(
    reducing: Sequence[tuple[str, str]], acknowledged: Mapping[tuple[str, str], datetime]
) -> list[dict[str, Any]]:
    """The exclusions of the policy, each with the wording that was shown and when the customer acknowledged it."""
    return [
        {"clause_id": clause, "text_version": text, "acknowledged_at": rfc3339(acknowledged[clause, text])}
        for clause, text in reducing
    ]
