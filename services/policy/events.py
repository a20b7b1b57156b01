"""The events that the policy service publishes. Their JSON Schemas stand in `docs/events/`."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field

from shared.clock import Instant
from shared.events import Part, Payload
from shared.money import Money, SignedMoney


class Period(Part):
    starts_at: Instant
    ends_at: Instant


class ExclusionTold(Part):
    """An exclusion clause with the text that was shown, and when the customer acknowledged it."""

    clause_id: str
    text_version: str
    acknowledged_at: Instant | None = None


class PolicyVersionTold(Payload):
    """A complete version of a policy, so that no listener has to ask back."""

    policy_id: UUID
    policy_no: str
    policy_version: int
    made_at: Instant
    """When its issuer made this version: one made after a loss was reported opens no cover before it."""
    effective_at: Instant
    ended_at: Instant | None = None
    status: str
    customer_id: UUID
    product: str
    line: str
    business: str
    compulsory: bool
    period: Period
    cover: dict[str, Any]
    exclusions: list[ExclusionTold]
    sum_insured: Money | None = None
    premium: Money
    premium_delta: SignedMoney
    change_kind: str
    insured_count: int
    seller_id: UUID | None = None
    underwriter_id: UUID | None = None
    risk_level: str
    reinsured: bool
    unit_code: str
    issued_on: date
    imported: bool


class PolicyIssued(PolicyVersionTold):
    SUBJECT: ClassVar[str] = "policy.policy.issued.v1"


class PolicyEndorsed(PolicyVersionTold):
    SUBJECT: ClassVar[str] = "policy.policy.endorsed.v1"


class ListedPerson(Part):
    insured_ref: str
    id_digest: str | None = None
    covered_from: date = Field(alias="from")
    covered_to: date = Field(alias="to")
    occupation_class: int | None = None
    sum_insured: Money | None = None


class InsuredListed(Payload):
    SUBJECT: ClassVar[str] = "policy.insured.listed.v1"

    policy_id: UUID
    policy_version: int
    part: int
    parts: int
    entries: list[ListedPerson]


class PolicyCancelled(Payload):
    SUBJECT: ClassVar[str] = "policy.policy.cancelled.v1"

    policy_id: UUID
    effective_on: date
    effective_at: Instant
    kind: str
    refund_amount: Money
    losses_paid: bool | None = None
    """Of a rescission: whether losses before it are paid (art. 16(5): gross negligence without influence)."""


class PaymentOrderCreated(Payload):
    """Something is to be collected (`in`) or paid (`out`), in yuan. `sending` counts how often it was sent: the same
    order is carried out once, whichever of them is answered.
    """

    SUBJECT: ClassVar[str] = "policy.payment_order.created.v1"

    payment_order_id: UUID
    application_id: UUID | None = None
    policy_id: UUID | None = None
    kind: str
    direction: str
    amount: Money
    due_on: date
    sending: int


class OriginTold(Part):
    """What led to the application: an enquiry, a visit or a finding, as its sender named it."""

    kind: str
    id: UUID


class ApplicationOpened(Payload):
    SUBJECT: ClassVar[str] = "policy.application.opened.v1"

    application_id: UUID
    kind: str
    product: str
    line: str
    customer_id: UUID | None = None
    unit_code: str
    origin: OriginTold | None = None


class ApplicationDecided(Payload):
    """The insurer's answer; an application that lapsed or was withdrawn is told as well, so none ends in silence."""

    SUBJECT: ClassVar[str] = "policy.application.decided.v1"

    application_id: UUID
    kind: str
    customer_id: UUID | None = None
    line: str
    outcome: str
    reason_code: str | None = None
    level: str
    unit_code: str
    decided_at: Instant


class ApplicationApproved(Payload):
    """For a product that the core issues: the core answers with the policy and the application's id."""

    SUBJECT: ClassVar[str] = "policy.application.approved.v1"

    application_id: UUID
    kind: str
    product: str
    product_version: str
    customer_id: UUID
    unit_code: str
    policy_id: UUID | None = None
    terms: dict[str, Any]
    cover: dict[str, Any]
    premium: SignedMoney | None = None
    period: Period | None = None
    insured_count: int
    change: dict[str, Any]
    seller_id: UUID | None = None
    underwriter_id: UUID | None = None


class PremiumReceived(Payload):
    """Premium came in while nothing was decided; a loss in that window is flagged (保险法解释二 art. 4)."""

    SUBJECT: ClassVar[str] = "policy.premium.received.v1"

    application_id: UUID
    customer_id: UUID
    line: str
    amount: Money
    received_at: Instant


class SurveyRequested(Payload):
    SUBJECT: ClassVar[str] = "policy.survey.requested.v1"

    application_id: UUID
    customer_id: UUID
    site: str
    reasons: list[str]
    unit_code: str
    line: str
    seller_id: UUID | None = None


class DocumentDelivered(Payload):
    """An item reached the customer. `days_taken`: from its issue, none where both are on one day."""

    SUBJECT: ClassVar[str] = "policy.document.delivered.v1"

    policy_id: UUID
    item: str
    document_no: str
    received_on: date
    days_taken: int


class PolicyExpiring(Payload):
    """A reminder `days` before the end; each is given once."""

    SUBJECT: ClassVar[str] = "policy.policy.expiring.v1"

    policy_id: UUID
    policy_no: str
    customer_id: UUID
    days: int
    ends_at: Instant
    unit_code: str


EVENTS: tuple[type[Payload], ...] = (
    ApplicationOpened,
    ApplicationDecided,
    ApplicationApproved,
    PremiumReceived,
    SurveyRequested,
    PolicyIssued,
    PolicyEndorsed,
    InsuredListed,
    PolicyCancelled,
    PolicyExpiring,
    PaymentOrderCreated,
    DocumentDelivered,
)
