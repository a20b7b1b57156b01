"""Payments as they cross HTTP."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.claims.claim.schemas import RecordState
from services.claims.payment.rules import PayeeKind, ProofKind
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class PayeeIn(BaseModel):
    """`account_holder`: the name that the account is in, where the bank's data state it."""

    model_config = ConfigDict(extra="forbid")

    kind: PayeeKind
    name: str = Field(max_length=100)
    account: str = Field(max_length=60)
    account_holder: str | None = Field(default=None, max_length=100)


class ProofIn(BaseModel):
    """What proves the payee's right: files of the claim, or the reference of a document."""

    model_config = ConfigDict(extra="forbid")

    kind: ProofKind
    reference: str | None = Field(default=None, min_length=1, max_length=200)
    attachment_ids: list[Id] = Field(default_factory=list, max_length=20)


class OrderPayment(BaseModel):
    """`claimant_ref` names the claimant whose share is paid, where the payee's name does not tell it. `side_id`: the
    granted advance or ex gratia payment that is paid instead of the sheet."""

    model_config = ConfigDict(extra="forbid")

    payee: PayeeIn
    amount: Money
    relation: str = Field(max_length=50)
    proof: ProofIn | None = None
    claimant_ref: str | None = Field(default=None, max_length=50)
    side_id: Id | None = None


class ConfirmPayment(BaseModel):
    model_config = ConfigDict(extra="forbid")

    paid_at: AwareDatetime
    reference: str = Field(max_length=100)


class FailPayment(BaseModel):
    """`failed`: it never went out; `returned`: the bank sent it back after it was paid."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["failed", "returned"]
    reason_code: str = Field(max_length=60, pattern="^[a-z0-9_]*$")
    at: AwareDatetime


class AcceptPayment(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAccount(BaseModel):
    """The account that the same payee has now."""

    model_config = ConfigDict(extra="forbid")

    account: str = Field(max_length=60)
    account_holder: str | None = Field(default=None, max_length=100)


class ResubmitPayment(BaseModel):
    """Sent again as it was, or to another account of the same payee, which needs its `reason`."""

    model_config = ConfigDict(extra="forbid")

    payee: NewAccount | None = None
    reason: str | None = Field(default=None, max_length=500)


class PayeeOut(BaseModel):
    """Masked, but for the core system, which reads both of an ordered payment."""

    kind: str
    name: str
    account: str
    masked: list[str] = Field(default_factory=list)


class PaymentItem(BaseModel):
    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    claim_id: Id
    claim_no: str
    unit_code: str
    payable_no: int
    claimant_ref: str | None = None
    side_id: Id | None = None
    amount: Money
    payee: PayeeOut
    relation: str
    status: str
    due_on: date
    ordered_by: dict[str, str]
    sent_at: Instant
    accepted_at: Instant | None = None
    paid_at: Instant | None = None
    reference: str | None = None
    failed_at: Instant | None = None
    failure_code: str | None = None
    masked: list[str] = Field(default_factory=list)


class PaymentOut(PaymentItem):
    """A payment read singly."""

    proof: dict[str, object] | None = None
    available_actions: list[ActionOut]


class PaymentOrderOut(PaymentItem):
    """The payment ordered, and the claim as the order left it."""

    claim: RecordState


class PaymentFactOut(BaseModel):
    """A fact below a payment, the payment, and the claim as the fact left it."""

    id: Id
    created_at: Instant
    payment: RecordState
    claim: RecordState
