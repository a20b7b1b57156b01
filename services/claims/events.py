"""The events that the claims service publishes. Their JSON Schemas stand in `docs/events/`."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.clock import Instant
from shared.events import Part, Payload
from shared.money import Money


class Origin(Part):
    """What the claim grew out of; crm closes that source."""

    kind: str
    id: UUID


class LimitUsed(Part):
    """How much of one limit of the policy a settlement used, in yuan."""

    limit: str
    claimant_ref: str | None = None
    amount: Money


class ClaimReported(Payload):
    SUBJECT: ClassVar[str] = "claims.claim.reported.v1"

    claim_id: UUID
    claim_no: str
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    line: str | None = None
    loss_at: Instant
    reported_at: Instant
    injured_count: int
    death_count: int
    estimated_amount: Money | None = None
    origin: Origin | None = None


class ClaimMatched(Payload):
    SUBJECT: ClassVar[str] = "claims.claim.matched.v1"

    claim_id: UUID
    policy_id: UUID
    customer_id: UUID | None = None
    line: str
    loss_at: Instant
    reported_at: Instant
    injured_count: int
    death_count: int


class ClaimLinked(Payload):
    SUBJECT: ClassVar[str] = "claims.claim.linked.v1"

    claim_id: UUID
    linked_claim_id: UUID


class ClaimCancelled(Payload):
    SUBJECT: ClassVar[str] = "claims.claim.cancelled.v1"

    claim_id: UUID
    duplicate_of: UUID | None = None
    reason_code: str


class HeadOfficeInformed(Payload):
    SUBJECT: ClassVar[str] = "claims.claim.head_office_informed.v1"

    claim_id: UUID
    reason: str
    due_at: Instant


class DutyTaken(Payload):
    SUBJECT: ClassVar[str] = "claims.duty.taken.v1"

    claim_id: UUID
    duty: str
    person_id: UUID
    due_at: Instant | None = None
    """Until when the duty had to be done (a survey, the shelving of a file), where it had a time."""


class ClaimRegistered(Payload):
    SUBJECT: ClassVar[str] = "claims.claim.registered.v1"

    claim_id: UUID
    reserve_amount: Money
    due_on: date | None = None
    due_legal_on: date | None = None


class ClaimApproved(Payload):
    SUBJECT: ClassVar[str] = "claims.claim.approved.v1"

    claim_id: UUID
    outcome: str
    gross_amount: Money
    sheet_version: int
    levels: list[str]


class ClaimRefused(Payload):
    SUBJECT: ClassVar[str] = "claims.claim.refused.v1"

    claim_id: UUID
    outcome: str
    gross_amount: Money
    sheet_version: int
    levels: list[str]


class PaymentOrdered(Payload):
    SUBJECT: ClassVar[str] = "claims.payment.ordered.v1"

    payment_id: UUID
    claim_id: UUID
    amount: Money
    payee_kind: str
    due_on: date


class ClaimSettled(Payload):
    SUBJECT: ClassVar[str] = "claims.claim.settled.v1"

    claim_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    outcome: str
    gross_amount: Money
    paid_amount: Money
    by_limit: list[LimitUsed]
    settled_at: Instant


class ClaimReopened(Payload):
    SUBJECT: ClassVar[str] = "claims.claim.reopened.v1"

    claim_id: UUID
    reason_code: str


class DeadlineBreached(Payload):
    SUBJECT: ClassVar[str] = "claims.deadline.breached.v1"

    claim_id: UUID
    deadline: str
    due_on: date
    due_legal_on: date


class NoticeSent(Payload):
    SUBJECT: ClassVar[str] = "claims.notice.sent.v1"

    notice_id: UUID
    about: UUID
    channel: str
    state: str
    kind: str | None = None


EVENTS: tuple[type[Payload], ...] = (
    ClaimReported,
    ClaimMatched,
    ClaimLinked,
    ClaimCancelled,
    HeadOfficeInformed,
    DutyTaken,
    ClaimRegistered,
    ClaimApproved,
    ClaimRefused,
    PaymentOrdered,
    ClaimSettled,
    ClaimReopened,
    DeadlineBreached,
    NoticeSent,
)
