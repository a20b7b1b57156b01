"""Bodies and answers of applications."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money, Rate, SignedMoney

IdType = Literal["resident_id", "passport", "hk_macau_permit", "taiwan_permit", "uscc"]
Channel = Literal[
    "phone", "letter", "visit", "web", "email", "app", "core_system", "regulator_transfer", "return_visit", "social"
]
Relation = Literal["self", "employee", "child", "parent", "spouse", "student", "dependant", "member", "other"]
Short = Annotated[str, Field(min_length=1, max_length=100)]
Long = Annotated[str, Field(min_length=1, max_length=500)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Policyholder(_Body):
    name: Short
    id_type: IdType
    id_no: str = Field(min_length=4, max_length=30)
    phone: str | None = Field(default=None, max_length=30)
    email: str | None = Field(default=None, max_length=100)
    address: str | None = Field(default=None, max_length=300)
    contact: str | None = Field(default=None, max_length=100)


class Applicant(_Body):
    """Who applies; an authorised person shows his authority."""

    role: Literal["policyholder", "authorised_person", "other"] = "policyholder"
    name: str | None = Field(default=None, max_length=100)
    authority_attachment_id: UUID | None = None


class Risk(_Body):
    """What is insured. `place_code` joins what stands in one place; `reinsured`: it is or will be ceded."""

    industry: str | None = Field(default=None, max_length=60)
    site: str | None = Field(default=None, max_length=300)
    place_code: str | None = Field(default=None, max_length=60)
    area_code: str | None = Field(default=None, pattern=r"^[0-9]{6}$")
    insured_at_site: int | None = Field(default=None, ge=0)
    project: str | None = Field(default=None, max_length=200)
    reinsured: bool = False


class Beneficiary(_Body):
    """`relation` to the insured person; `employer` is refused for employees."""

    name: Short
    relation: str = Field(min_length=1, max_length=50)
    share: Rate | None = None


class InsuredPersonIn(_Body):
    op: Literal["add", "remove"] = "add"
    ref: str = Field(min_length=1, max_length=50)
    name: Short
    id_type: IdType
    id_no: str = Field(min_length=4, max_length=30)
    born_on: date | None = None
    occupation_class: int | None = Field(default=None, ge=1, le=6)
    sum_insured: Money | None = None
    relation: Relation | None = None
    beneficiaries: list[Beneficiary] = Field(default_factory=list, max_length=20)


class DocumentIn(_Body):
    """Something on the checklist that was brought along."""

    code: str = Field(min_length=1, max_length=50)
    received_on: date
    attachment_id: UUID | None = None


class Proof(_Body):
    """Why compulsory work-safety cover may end."""

    kind: Literal["closure", "full_stop"]
    reference: str = Field(min_length=3, max_length=200)
    attachment_id: UUID | None = None


class Change(_Body):
    """What an endorsement changes, or how a cancellation ends the policy."""

    kind: Literal[
        "cover", "insured_list", "policyholder_data", "period", "risk_increase", "other", "cancel", "surrender"
    ] | None = None  # fmt: skip
    effective_on: date | None = None
    reason: str | None = Field(default=None, max_length=500)
    cover: dict[str, Any] | None = None
    ends_at: AwareDatetime | None = None
    safety_clause_id: str | None = Field(default=None, max_length=40)
    notice_received_at: AwareDatetime | None = None
    proof: Proof | None = None


class Origin(_Body):
    kind: Literal["enquiry", "visit", "finding"]
    id: UUID


class _Form(_Body):
    """What the guided form asks for; all of it may be filled in later."""

    team_code: str | None = Field(default=None, max_length=40)
    seller_staff_no: str | None = Field(default=None, max_length=40)
    policyholder: Policyholder | None = None
    applicant: Applicant | None = None
    risk: Risk | None = None
    requested_cover: dict[str, Any] | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    insured_count: int | None = Field(default=None, ge=0, le=1_000_000)
    insured_persons: list[InsuredPersonIn] | None = Field(default=None, max_length=5000)
    change: Change | None = None
    documents: list[DocumentIn] | None = Field(default=None, max_length=200)


class OpenApplication(_Form):
    """A proposal names product and customer; an endorsement and a cancellation name the policy."""

    kind: Literal["proposal", "endorsement", "cancellation"]
    product: str | None = Field(default=None, max_length=64)
    customer_id: UUID | None = None
    policy_id: UUID | None = None
    unit_code: str | None = Field(default=None, max_length=20)
    channel: Channel = "visit"
    origin: Origin | None = None


class ChangeApplication(_Form):
    """Members that are given replace what stood there; the insured list as a whole."""


class TellMissing(_Body):
    """How the customer is told, once, of all that is missing."""

    channel: Channel
    further: list[Long] = Field(default_factory=list, max_length=20)


class Withdraw(_Body):
    reason: Long


class RecordState(BaseModel):
    id: Id
    version: int
    status: str


class MissingOut(BaseModel):
    id: Id
    created_at: Instant
    channel: str
    missing: list[dict[str, Any]]
    application: RecordState


class ApplicationItem(BaseModel):
    """An application in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    kind: str
    status: str
    product: str
    line: str
    issued_by: str
    customer_id: Id
    unit_code: str
    team_code: str | None = None
    channel: str
    seller_staff_no: str | None = None
    policy_id: Id | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    base_premium: Money | None = None
    premium: SignedMoney | None = None
    amount: Money | None = None
    insured_count: int
    submitted_at: Instant | None = None
    decided_at: Instant | None = None
    outcome: str | None = None
    reason_code: str | None = None
    confirmed_at: Instant | None = None
    expires_on: date | None = None
    premium_received_at: Instant | None = None
    loss_reported_at: Instant | None = None


class InsuredOut(BaseModel):
    """Masked; the plain values come from a reveal."""

    ref: str
    op: str
    name: str
    id_type: str
    id_no: str
    born_on: date | None = None
    occupation_class: int | None = None
    sum_insured: Money | None = None
    relation: str | None = None
    beneficiaries: list[dict[str, Any]]


class ApplicationOut(ApplicationItem):
    """An application read singly; `missing` is what it lacks now, `parts` what later rooms add."""

    form_version: str
    product_version: int
    policyholder: dict[str, Any]
    applicant: dict[str, Any]
    risk: dict[str, Any]
    requested_cover: dict[str, Any]
    change: dict[str, Any]
    terms: dict[str, Any]
    documents: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    missing_told_at: Instant | None = None
    origin: dict[str, Any] | None = None
    insured_persons: list[InsuredOut]
    disclosure: dict[str, Any] | None = None
    survey: dict[str, Any] | None = None
    masked: list[str]
    available_actions: list[ActionOut]


def plain(value: Any) -> Any:
    """A body's member as it is stored: JSON, decimals as strings, absent members left out."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value
