"""Bodies of products: complete terms in, products and versions out."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money, Rate

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{2,63}$")]
ClauseId = Annotated[str, Field(pattern=r"^[A-Z]{2}-[0-9]{2}$")]
VersionName = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{1,2}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Words(_Body):
    zh: str = Field(min_length=1, max_length=500)
    en: str = Field(min_length=1, max_length=500)


class ClauseTold(_Body):
    clause_id: ClauseId
    text_version: VersionName
    kind: Literal[
        "exclusion", "deductible", "deductible_rate", "proportional_payment", "co_pay", "cover", "duty", "procedure",
        "cancellation",
    ]  # fmt: skip
    title: Words
    text: str = Field(min_length=1, max_length=20000)


class When(_Body):
    """Which answers are material; exactly one comparison."""

    equals: str | None = None
    one_of: list[str] | None = Field(default=None, min_length=1)
    above: int | None = None
    below: int | None = None


class Material(_Body):
    when: When
    effects: list[Literal["survey", "special_agreement", "rate", "decline", "refer"]] = Field(min_length=1)


class QuestionTold(_Body):
    code: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,29}$")
    kind: Literal["yes_no", "choice", "number", "amount", "date", "text"]
    text: Words
    choices: list[str] = Field(default_factory=list, max_length=50)
    asks_detail: bool = False
    material: list[Material] = Field(default_factory=list, max_length=10)


class QuestionSet(_Body):
    version: VersionName
    items: list[QuestionTold] = Field(min_length=1, max_length=200)


class ChecklistItem(_Body):
    code: str = Field(pattern=r"^[a-z][a-z0-9_]{1,49}$")
    text: Words
    condition: str = Field(default="", max_length=40)


class Checklists(_Body):
    proposal: list[ChecklistItem] = Field(min_length=1)
    endorsement: list[ChecklistItem] = Field(min_length=1)
    cancellation: list[ChecklistItem] = Field(min_length=1)


class CoverRule(_Body):
    required: bool = False
    default: Any = None
    lowest: Money | None = None
    highest: Money | None = None


class Rating(_Body):
    """`basis` names what the filed rate (‰) is a share of; `per_head` has an `amount` instead."""

    filed_no: str = Field(min_length=1, max_length=40)
    basis: Literal["limit_per_accident", "per_head_limit", "sum_insured", "per_head"]
    rate_per_mille: Rate | None = None
    amount: Money | None = None
    class_factors: dict[str, Rate] = Field(default_factory=dict)
    lowest_factor: Rate
    highest_factor: Rate
    minimum_premium: Money


class ShortPeriod(_Body):
    """The share of the premium that is earned once so many months have begun."""

    months: int = Field(ge=1, le=120)
    earned: Rate


class RefundRule(_Body):
    rule: Literal["pro_rata", "net_premium"]
    loading: Rate | None = None
    handling_fee: Money | None = None
    handling_fee_rate: Rate | None = None
    short_period: list[ShortPeriod] | None = Field(default=None, max_length=120)

    @model_validator(mode="after")
    def _never_falls(self) -> RefundRule:
        rows = [(one.months, one.earned) for one in self.short_period or ()]
        if rows != sorted(set(rows)) or any(a[1] > b[1] for a, b in pairwise(rows)) or any(r[1] > 1 for r in rows):
            raise ValueError("short_period: months rise, shares never fall and never exceed the whole")
        return self


class Agreement(_Body):
    code: str = Field(pattern=r"^[A-Z]{2}-[0-9]{2}$")
    text_version: VersionName
    title: Words
    text: str = Field(min_length=1, max_length=5000)
    widens_exclusions: bool = False


class Forms(_Body):
    proposal: VersionName
    endorsement: VersionName
    cancellation: VersionName
    policy_schedule: VersionName
    receipt: VersionName


class ProductContent(_Body):
    """The complete terms of one version."""

    name: Words
    line: Literal["liability", "accident"]
    business: Literal["individual", "group"]
    issued_by: Literal["core", "anlan"]
    compulsory: bool
    work_safety: bool = False
    cash_before_cover: bool = False
    risk_level: Literal["high", "medium", "low"]
    term_months: int = Field(ge=1, le=60)
    death_cover: bool
    clauses: list[ClauseTold] = Field(min_length=1, max_length=300)
    questions: QuestionSet
    checklists: Checklists
    cover_template: dict[str, CoverRule] = Field(min_length=1)
    rating: Rating
    refund: RefundRule
    forms: Forms
    agreements: list[Agreement] = Field(default_factory=list, max_length=200)


class AddProduct(_Body):
    """A new product with its first version."""

    code: Code
    name: VersionName
    effective_from: date
    content: ProductContent


class PublishVersion(_Body):
    """The next version of a product, complete."""

    name: VersionName
    effective_from: date
    content: ProductContent
    reason: str = Field(min_length=3, max_length=500)


class ProductItem(BaseModel):
    """A product in a list; what is in force today, absent where nothing is."""

    id: Id
    version: int
    created_at: Instant
    updated_at: Instant
    code: str
    line: str
    business: str
    name: dict[str, str] | None = None
    issued_by: str | None = None
    compulsory: bool | None = None
    cash_before_cover: bool | None = None
    version_name: str | None = None


class ProductVersionOut(BaseModel):
    """One version; `status` as rule sets have it: `published` until its day, then `in_force`, then `superseded`."""

    id: Id
    created_at: Instant
    number: int
    name: str
    status: str
    effective_from: date
    effective_to: date | None = None
    published_by_staff_no: str | None = None
    content: dict[str, Any]
    product: dict[str, Any] | None = None


class ProductOut(ProductItem):
    """A product read singly, with every version of its terms."""

    versions: list[ProductVersionOut]
    available_actions: list[ActionOut]
