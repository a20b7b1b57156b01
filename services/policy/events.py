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


EVENTS: tuple[type[Payload], ...] = (PolicyIssued, PolicyEndorsed, InsuredListed, PolicyCancelled, PaymentOrderCreated)
