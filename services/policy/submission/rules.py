"""What a submission is refused for, in the order in which it is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.policy.application.rules import (
    ApplicationKind,
    ApplicationStatus,
    Listed,
    Missing,
    refuse_above_minor_caps,
    refuse_back_dating,
    refuse_blank,
    refuse_employer_benefit,
    refuse_incomplete,
    refuse_unconsented,
    refuse_without_interest,
)
from services.policy.disclosure.rules import Disclosure, refuse_undisclosed
from services.policy.product.rules import Terms
from shared.clock import legal_day

_S = ApplicationStatus
SUBMITTED_FROM: dict[ApplicationKind, frozenset[ApplicationStatus]] = {
    ApplicationKind.PROPOSAL: frozenset({_S.DRAFT, _S.DISCLOSED, _S.RETURNED}),
    ApplicationKind.ENDORSEMENT: frozenset({_S.APPLIED}),
    ApplicationKind.CANCELLATION: frozenset({_S.APPLIED}),
}


@dataclass(frozen=True)
class Submission:
    """What is judged: the form with what it lacks, who is insured, what was disclosed."""

    kind: ApplicationKind
    terms: Terms
    form: Mapping[str, Any]
    missing: tuple[Missing, ...]
    listed: tuple[Listed, ...]
    elsewhere: Mapping[str, Decimal]
    disclosure: Disclosure
    settings: Mapping[str, Any]
    starts_at: datetime | None
    now: datetime


def may_submit(given: Submission) -> None:
    """Refuse a blank form, cover of the past, what was not disclosed or answered, persons who may not be insured like
    that, and last, in one list, everything that is missing (all 422)."""
    refuse_blank(str(given.kind), given.terms.line, given.form)
    if given.kind is ApplicationKind.PROPOSAL:
        refuse_back_dating(given.starts_at, given.now)
        refuse_undisclosed(given.terms, given.disclosure)
    if given.terms.death_cover and given.listed:
        _persons(given)
    kinds = ("field", "document")
    refuse_incomplete([one for one in given.missing if one.kind in kinds])


def _persons(given: Submission) -> None:
    """Insurable interest, benefit, consent and minors' caps (保险法 art. 31, 33, 34, 39)."""
    on, consented = legal_day(given.starts_at or given.now), given.disclosure.consented
    caps = [(one["below_age"], Decimal(one["amount"])) for one in given.settings["minor_caps"]]
    refuse_without_interest(given.listed)
    refuse_employer_benefit(given.listed)
    refuse_above_minor_caps(given.listed, given.elsewhere, caps, on, consented)
    refuse_unconsented(given.listed, consented, on, given.settings["adult_age"])
