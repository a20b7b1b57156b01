"""Agreements, notices and explanations as they cross HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.claims.agreement.rules import NoticeKind
from services.claims.claim.schemas import FactOut
from shared.clock import Instant
from shared.money import Money, Rate

Method = Annotated[str, Field(min_length=1, max_length=40, pattern="^[a-z][a-z0-9_]*$")]
"""How somebody was told: `letter`, `visit`, `phone`, …"""


class BeneficiaryIn(BaseModel):
    """One beneficiary of a death benefit. Without `share`: in equal parts (保险法 art. 40). `entitled` false: died
    before the insured person, lost the right or gave it up (art. 42, 43)."""

    model_config = ConfigDict(extra="forbid")

    claimant_ref: str = Field(min_length=1, max_length=50)
    name: str = Field(min_length=1, max_length=100)
    relation: str = Field(min_length=1, max_length=50)
    share: Rate | None = None
    entitled: bool = True


class RecordAgreement(BaseModel):
    model_config = ConfigDict(extra="forbid")

    agreed_at: AwareDatetime
    beneficiaries: list[BeneficiaryIn] = Field(default_factory=list, max_length=100)


class BeneficiaryOut(BaseModel):
    """The name is masked."""

    claimant_ref: str
    name: str
    relation: str
    share: Rate | None = None
    entitled: bool


class AgreementOut(FactOut):
    """`amount`: what is payable, in yuan; `due_on`: the last day on which the law is met without a roll."""

    agreed_at: Instant
    amount: Money
    due_on: date | None = None
    due_legal_on: date | None = None
    beneficiaries: list[BeneficiaryOut]
    masked: list[str] = Field(default_factory=list)


class ServeNotice(BaseModel):
    """`reason` and `clause_ids` of a refusal: the decision's where they are left out."""

    model_config = ConfigDict(extra="forbid")

    kind: NoticeKind
    served_at: AwareDatetime
    method: Method
    reason: str | None = Field(default=None, max_length=2000)
    clause_ids: list[str] | None = Field(default=None, max_length=50)


class NoticeOut(FactOut):
    kind: str
    served_at: Instant
    method: str
    reason: str | None = None
    clause_ids: list[str]


class RecordExplanation(BaseModel):
    """`content`: what was explained; `reply`: the customer's words."""

    model_config = ConfigDict(extra="forbid")

    explained_at: AwareDatetime
    method: Method
    content: str = Field(min_length=1, max_length=2000)
    reply: str = Field(min_length=1, max_length=2000)


class ExplanationOut(FactOut):
    explained_at: Instant
    method: str
    explained_by: dict[str, str]
    content: str
    reply: str
