"""Bodies and answers of opinions and decisions."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.policy.application.schemas import RecordState
from services.policy.product.schemas import Words
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money, Rate, SignedMoney


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AgreementIn(_Body):
    """By its code alone one of the library; with title and text one written for this risk."""

    code: str = Field(pattern=r"^[A-Z]{2}-[0-9]{2}$")
    title: Words | None = None
    text: str | None = Field(default=None, min_length=3, max_length=5000)
    widens_exclusions: bool = False


class TermsIn(_Body):
    """What is offered instead of what was asked for."""

    rate_factor: Rate | None = None
    cover: dict[str, Any] = Field(default_factory=dict)
    agreements: list[AgreementIn] = Field(default_factory=list, max_length=20)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None


class GiveAnswer(_Body):
    """An opinion or a decision on `amount` yuan; declining and returning name their reason."""

    outcome: Literal["accept", "accept_with_terms", "counter_offer", "decline", "return"]
    amount: Money
    reason_code: str | None = Field(default=None, max_length=60)
    reason: str | None = Field(default=None, max_length=2000)
    terms: TermsIn | None = None


class StepOut(BaseModel):
    """One act as it was taken; `missing`: the positions that the open step still waits for."""

    id: Id
    created_at: Instant
    step: int
    kind: str
    outcome: str
    level: str
    unit_code: str
    amount: Money
    premium: SignedMoney | None = None
    triggers: list[str]
    missing: list[str]
    application: RecordState


class ActOut(BaseModel):
    id: Id
    created_at: Instant
    round: int
    step: int
    kind: str
    outcome: str
    position: str
    unit_code: str
    level: str
    person: dict[str, str]
    on_behalf_of: Id | None = None
    amount: Money
    reason_code: str | None = None
    reason: str | None = None
    terms: dict[str, Any]


class ChainStepOut(BaseModel):
    step: int
    status: str
    level: str
    unit_code: str
    position: str
    kind: str
    limit: Money | None = None
    acts: list[ActOut]


class ApprovalOut(BaseModel):
    """The chain, whose turn it is, what lifted it, and every act of every round."""

    application: RecordState
    kind: str
    line: str
    amount: Money | None = None
    triggers: list[str]
    lowest_level: str | None = None
    levels_up: int
    complete: bool
    steps: list[ChainStepOut]
    former_acts: list[ActOut]
    table_version: str
