"""An enquiry as it is registered and read, and the facts that change it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.crm.enquiry.rules import EnquiryKind
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id

Channel = Literal[
    "phone", "letter", "visit", "web", "email", "app", "core_system", "regulator_transfer", "return_visit", "social"
]
Told = Literal["in_person", "phone", "sms", "email"]
"""How the customer hears of it: by word of mouth, or by a message that is sent here."""
Satisfaction = Literal["very_satisfied", "satisfied", "neutral", "dissatisfied", "very_dissatisfied", "declined"]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asker(Body):
    """Who asks; all of it may be left out by an anonymous caller."""

    name: str | None = Field(default=None, max_length=100)
    phone: str | None = Field(default=None, max_length=30)
    email: str | None = Field(default=None, max_length=200)
    relation: str | None = Field(default=None, max_length=50)


class Identity(Body):
    """What the asker states to be spoken to about a policy: compared, never kept."""

    id_no: str | None = Field(default=None, max_length=30)
    phone: str | None = Field(default=None, max_length=30)


class AnswerEnquiry(Body):
    """The answer; with `satisfaction` the enquiry is closed at once. `told`: how the customer gets it."""

    text: str = Field(max_length=8000)
    told: Told = "phone"
    article_id: Id | None = None
    quick_answer_id: Id | None = None
    satisfaction: Satisfaction | None = None


class PromiseEnquiry(Body):
    """Until when the customer gets his answer (the full time where `due_at` is left out), and how he was told.

    A second promise extends the first one: once, later, and with its `reason`.
    """

    due_at: AwareDatetime | None = None
    complex: bool = False
    told: Told
    reason: str | None = Field(default=None, max_length=500)


class RegisterEnquiry(Body):
    """A `policy_no` that is not known here is kept as stated; a `query` about a policy needs its holder's identity."""

    kind: EnquiryKind
    channel: Channel
    question: str = Field(min_length=1, max_length=8000)
    asker: Asker = Field(default_factory=Asker)
    customer_id: Id | None = None
    policy_no: str | None = Field(default=None, min_length=1, max_length=60)
    claim_no: str | None = Field(default=None, min_length=1, max_length=60)
    product: str | None = Field(default=None, max_length=60)
    unit_code: str | None = Field(default=None, max_length=20)
    identity: Identity | None = None
    received_at: AwareDatetime | None = None
    reason: str | None = Field(default=None, max_length=500)
    answer: AnswerEnquiry | None = None
    promise: PromiseEnquiry | None = None


class RecordState(BaseModel):
    id: Id
    version: int
    status: str


class RegisteredOut(BaseModel):
    """For another unit's enquiry only `id`, `enquiry_no` and the unit that answers it."""

    id: Id
    enquiry_no: str
    unit_code: str
    version: int | None = None
    org_path: str | None = None
    created_at: Instant | None = None
    status: str | None = None
    policy_match: str | None = None
    promise: dict[str, Any] | None = None


class EnquiryItem(BaseModel):
    """An enquiry in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    enquiry_no: str
    status: str
    kind: str
    channel: str
    unit_code: str
    customer_id: Id | None = None
    policy_no: str | None = None
    claim_no: str | None = None
    product: str | None = None
    received_at: Instant
    owner: dict[str, str]
    handler_person_id: Id | None = None
    transfer_count: int
    promise: dict[str, Any] | None = None
    paused: bool
    escalated_to: str | None = None
    answered_at: Instant | None = None
    answered_in_time: bool | None = None
    closed_at: Instant | None = None
    satisfaction: str | None = None
    led_to: dict[str, str] | None = None


class EnquiryOut(EnquiryItem):
    """An enquiry read singly."""

    question: str
    asker: dict[str, str]
    pauses: list[dict[str, str]]
    converting_to: str | None = None
    facts: list[dict[str, Any]]
    masked: list[str]
    available_actions: list[ActionOut]


class EnquiryFactOut(BaseModel):
    """The answer to one act."""

    id: Id
    created_at: Instant
    kind: str
    person: dict[str, str]
    occurred_at: Instant
    told: dict[str, Any]
    enquiry: RecordState
