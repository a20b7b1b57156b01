"""Who is visited, and by when.

Shares and periods are data of the rule set `sampling`; the calendar is passed in. A sample is drawn by keyed hash: the
same record always gets the same answer, and nobody without the key can tell beforehand which.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID


class VisitKind(StrEnum):
    UNDERWRITING = "underwriting"
    CLAIM_SETTLEMENT = "claim_settlement"
    COMPLAINT = "complaint"
    SURVEY_PROMPTNESS = "survey_promptness"
    COOLING_OFF = "cooling_off"


class WorkingDays(Protocol):
    """The part of a business calendar that planning needs."""

    def add_working_days(self, day: date, count: int) -> date: ...


@dataclass(frozen=True)
class Sampling:
    """The rule set `sampling`, as far as it is about visits; shares from 0 to 1."""

    attempts_before_unreachable: int
    underwriting_days: int
    issued_at_most_days_ago: int
    individual_accident: Decimal
    key_accounts: Decimal
    others: Decimal
    claim_working_days: int
    claim_share: Decimal
    complaint_working_days: int
    complaint_share: Decimal
    promptness_days: int
    promptness_at_most_days_ago: int
    promptness_share: Decimal
    cooling_off_days: int
    cooling_off_term_days: int


def read_sampling(content: Mapping[str, Any]) -> Sampling:
    """The content as a value object; a missing figure is a `KeyError` at load."""
    issue, claim, complaint = content["underwriting"], content["claim_settlement"], content["complaint"]
    promptness, cooling_off = content["survey_promptness"], content["cooling_off"]
    return Sampling(
        attempts_before_unreachable=content["attempts_before_unreachable"],
        underwriting_days=issue["within_days"],
        issued_at_most_days_ago=issue["issued_at_most_days_ago"],
        individual_accident=Decimal(issue["individual_accident"]),
        key_accounts=Decimal(issue["key_accounts"]),
        others=Decimal(issue["others"]),
        claim_working_days=claim["within_working_days"],
        claim_share=Decimal(claim["share"]),
        complaint_working_days=complaint["within_working_days"],
        complaint_share=Decimal(complaint["share"]),
        promptness_days=promptness["within_days"],
        promptness_at_most_days_ago=promptness["at_most_days_ago"],
        promptness_share=Decimal(promptness["share"]),
        cooling_off_days=cooling_off["days"],
        cooling_off_term_days=cooling_off["term_longer_than_days"],
    )


def drawn(record_id: UUID, purpose: str, share: Decimal, key: bytes) -> bool:
    """Whether a record falls into a sample of `share`: by keyed hash, stable; larger shares contain smaller ones."""
    digest = hmac.digest(key, f"{purpose}:{record_id}".encode(), hashlib.sha256)
    return Decimal(int.from_bytes(digest[:8], "big")) < share * (1 << 64)


@dataclass(frozen=True)
class IssuedPolicy:
    policy_id: UUID
    line: str
    individual: bool
    key_account: bool
    issued_on: date
    term_days: int = 365
    received_on: date | None = None


@dataclass(frozen=True)
class Planned:
    """By when a visit of which kind is made. `of_everybody`: not one of a sample, so that nobody is left alone."""

    kind: VisitKind
    starts_on: date
    due_on: date
    of_everybody: bool


def plan_after_issue(policy: IssuedPolicy, today: date, sampling: Sampling, key: bytes) -> Planned | None:
    """The visit to the customer of a new contract, or `None`: not drawn, or issued too long ago.

    An individual's accident cover of a long term is asked about within the time in which it may be given back.
    """
    if (today - policy.issued_on).days > sampling.issued_at_most_days_ago:
        return None
    mine = policy.individual and policy.line == "accident"
    if mine and policy.term_days > sampling.cooling_off_term_days:
        begins = max(policy.issued_on, policy.received_on or policy.issued_on)
        return Planned(VisitKind.COOLING_OFF, begins, begins + timedelta(days=sampling.cooling_off_days), True)
    shares = [sampling.others]
    if mine:
        shares.append(sampling.individual_accident)
    if policy.key_account:
        shares.append(sampling.key_accounts)
    if not drawn(policy.policy_id, VisitKind.UNDERWRITING, max(shares), key):
        return None
    due_on = policy.issued_on + timedelta(days=sampling.underwriting_days)
    return Planned(VisitKind.UNDERWRITING, policy.issued_on, due_on, max(shares) == 1)


def plan_after_survey(claim_id: UUID, surveyed_on: date, today: date, sampling: Sampling, key: bytes) -> date | None:
    """The day by which the customer is asked whether the surveyor came in time; `None`: heard of too late."""
    if (today - surveyed_on).days > sampling.promptness_at_most_days_ago:
        return None
    if not drawn(claim_id, VisitKind.SURVEY_PROMPTNESS, sampling.promptness_share, key):
        return None
    return surveyed_on + timedelta(days=sampling.promptness_days)


def plan_after_settlement(
    claim_id: UUID, outcome: str, settled_on: date, calendar: WorkingDays, sampling: Sampling, key: bytes
) -> date | None:
    """The day by which a claimant is visited, paid or refused; a withdrawn report is nobody's experience."""
    if outcome == "withdrawn" or not drawn(claim_id, VisitKind.CLAIM_SETTLEMENT, sampling.claim_share, key):
        return None
    return calendar.add_working_days(settled_on, sampling.claim_working_days)


def plan_after_complaint(
    complaint_id: UUID, notified_on: date, calendar: WorkingDays, sampling: Sampling, key: bytes
) -> date | None:
    """The day by which a complainant is visited after he was told the decision."""
    if not drawn(complaint_id, VisitKind.COMPLAINT, sampling.complaint_share, key):
        return None
    return calendar.add_working_days(notified_on, sampling.complaint_working_days)
