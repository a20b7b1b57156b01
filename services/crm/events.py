"""The events that the crm service publishes. Their JSON Schemas stand in `docs/events/`."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from shared.events import Payload


class CustomerRegistered(Payload):
    SUBJECT: ClassVar[str] = "crm.customer.registered.v1"

    customer_id: UUID
    core_no: str | None = None
    kind: str
    unit_code: str


class CustomerChanged(Payload):
    """Told when unit, team, core number or kind changes."""

    SUBJECT: ClassVar[str] = "crm.customer.changed.v1"

    customer_id: UUID
    core_no: str | None = None
    kind: str
    unit_code: str
    team_code: str | None = None


class CustomerMerged(Payload):
    SUBJECT: ClassVar[str] = "crm.customer.merged.v1"

    kept_id: UUID
    merged_id: UUID


class ReturnVisitCompleted(Payload):
    """`about` is the policy, claim or complaint the customer was asked about; `score` counts from 0 to 100."""

    SUBJECT: ClassVar[str] = "crm.return_visit.completed.v1"

    visit_id: UUID
    kind: str
    about_kind: str
    about: UUID
    score: int
    findings: list[UUID]


class FindingRaised(Payload):
    SUBJECT: ClassVar[str] = "crm.finding.raised.v1"

    finding_id: UUID
    area: str
    about_kind: str
    about: UUID
    severity: str


class NoticeSent(Payload):
    SUBJECT: ClassVar[str] = "crm.notice.sent.v1"

    notice_id: UUID
    about: UUID
    channel: str
    state: str
    kind: str | None = None


class KeyAccountChanged(Payload):
    """Without `tier` the customer is a key account no longer. A mark for the order of work, and for nothing else."""

    SUBJECT: ClassVar[str] = "crm.key_account.changed.v1"

    customer_id: UUID
    tier: str | None = None
    manager_id: UUID | None = None


EVENTS: tuple[type[Payload], ...] = (
    CustomerRegistered,
    CustomerChanged,
    CustomerMerged,
    ReturnVisitCompleted,
    FindingRaised,
    NoticeSent,
    KeyAccountChanged,
)
