"""The events that the complaints service publishes. Their JSON Schemas stand in `docs/events/`."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.clock import Instant
from shared.events import Part, Payload
from shared.money import Money


class Origin(Part):
    """What the complaint grew out of; crm closes that source."""

    kind: str
    id: UUID


class ComplaintRegistered(Payload):
    SUBJECT: ClassVar[str] = "complaints.complaint.registered.v1"

    complaint_id: UUID
    customer_id: UUID | None = None
    claim_id: UUID | None = None
    policy_id: UUID | None = None
    channel: str
    cause: str
    due_on: date
    due_legal_on: date
    origin: Origin | None = None
    kept_out: tuple[UUID, ...] = ()
    """Persons whom this must not reach: a copy of the complaint is hidden from them as the complaint itself is."""


class ComplaintRecused(Payload):
    """More persons must stay out of the complaint than was told before."""

    SUBJECT: ClassVar[str] = "complaints.complaint.recused.v1"

    complaint_id: UUID
    case_ids: tuple[UUID, ...] = ()
    """Cases of mis-selling that grew out of it: hidden alike."""
    kept_out: tuple[UUID, ...]


class ComplaintExtended(Payload):
    SUBJECT: ClassVar[str] = "complaints.complaint.extended.v1"

    complaint_id: UUID
    due_on: date
    due_legal_on: date


class ComplaintDecided(Payload):
    """`claim_id` and `policy_id` say whose mark ends, so that nobody has to remember the registration."""

    SUBJECT: ClassVar[str] = "complaints.complaint.decided.v1"

    complaint_id: UUID
    claim_id: UUID | None = None
    policy_id: UUID | None = None
    outcome: str
    compensation_amount: Money | None = None


class ComplaintNotified(Payload):
    SUBJECT: ClassVar[str] = "complaints.complaint.notified.v1"

    complaint_id: UUID
    customer_id: UUID | None = None
    notified_at: Instant


class ComplaintWithdrawn(Payload):
    SUBJECT: ClassVar[str] = "complaints.complaint.withdrawn.v1"

    complaint_id: UUID
    claim_id: UUID | None = None
    policy_id: UUID | None = None
    merged_into: UUID | None = None


class DeadlineBreached(Payload):
    SUBJECT: ClassVar[str] = "complaints.deadline.breached.v1"

    complaint_id: UUID
    due_on: date
    due_legal_on: date


class MisSellingOpened(Payload):
    SUBJECT: ClassVar[str] = "complaints.mis_selling_case.opened.v1"

    case_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    seller_id: UUID
    due_on: date
    origin: Origin | None = None
    kept_out: tuple[UUID, ...] = ()
    """The seller and the seller's line managers: they hear of it when it is put to them, not from a copy."""


class MisSellingClosed(Payload):
    """`policy_id` says whose mark ends and whose finding is fixed; `action` is the first kind of what was done."""

    SUBJECT: ClassVar[str] = "complaints.mis_selling_case.closed.v1"

    case_id: UUID
    policy_id: UUID | None = None
    outcome: str
    action: str


class NoticeSent(Payload):
    SUBJECT: ClassVar[str] = "complaints.notice.sent.v1"

    notice_id: UUID
    about: UUID
    channel: str
    state: str
    kind: str | None = None


EVENTS: tuple[type[Payload], ...] = (
    ComplaintRegistered,
    ComplaintRecused,
    ComplaintExtended,
    ComplaintDecided,
    ComplaintNotified,
    ComplaintWithdrawn,
    DeadlineBreached,
    MisSellingOpened,
    MisSellingClosed,
    NoticeSent,
)
