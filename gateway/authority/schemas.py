"""What is sent and answered about tables of limits, rule sets and explanations."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_serializer

from shared.actions import ActionOut
from shared.authority import LadderEntry
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money

Kind = Literal[
    "claim_payment",
    "underwriting_limit",
    "ex_gratia",
    "advance",
    "recovery_waiver",
    "premium_refund",
    "complaint_compensation",
]
Line = Literal["liability", "accident"]
Level = Literal["sub_branch", "central_branch", "branch", "head_office"]


class Command(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CosignRow(Command):
    above: Money
    n: int = Field(ge=2, le=10)
    of: list[str] = Field(min_length=2, max_length=10)


class EntryRow(Command):
    """One row; exactly one of `limit` and `unlimited: true`."""

    kind: Kind
    line: Line
    level: Level
    unit_kind: Literal["standard", "branch_local"]
    position: str
    limit: Money | None = None
    unlimited: Literal[True] | None = None
    cosign: CosignRow | None = None
    takes_part: bool = True

    def entry(self) -> LadderEntry:
        """The row as a value. Raises `KeyError` unless exactly one of limit and unlimited is given."""
        return LadderEntry.of(self.model_dump(exclude_none=True))


class ProposeTable(Command):
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9A-Za-z.]{1,12}$")]
    effective_from: date
    entries: list[EntryRow] = Field(min_length=1, max_length=500)


class PublishTable(Command):
    """A publication needs no member; it says who, when and which version."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = None


class TableItem(BaseModel):
    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    table_version: str
    effective_from: date
    status: str
    proposed_by: Id | None = None
    published_by: Id | None = None
    published_at: Instant | None = None


class ChangedLineOut(BaseModel):
    """One row that the table changes against the one in force before it, null where the row is new or gone."""

    kind: str
    line: str
    level: str
    unit_kind: str
    position: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    effect: Literal["gains", "loses", "changes"]

    @model_serializer(mode="wrap")
    def _written(self, write: Any) -> dict[str, Any]:
        # `before: null` says that there was no such row, so it stays in the answer
        return {**write(self), "before": self.before, "after": self.after}


class AffectedOut(BaseModel):
    """A position at one kind of unit: of what it may do more and less (`claim_payment.liability`), at how many units,
    by how many persons today; `unit_codes` names the first hundred."""

    level: str
    unit_kind: str
    position: str
    gains: list[str]
    loses: list[str]
    unit_count: int
    holder_count: int
    unit_codes: list[str]


class PreviewOut(BaseModel):
    """What the table changes against `against`, the version in force on the day before it begins."""

    against: str | None = None
    changes: list[ChangedLineOut]
    affected: list[AffectedOut]


class TableOut(TableItem):
    entries: list[dict[str, Any]]
    preview: PreviewOut
    available_actions: list[ActionOut]


class TableState(BaseModel):
    id: Id
    version: int
    status: str


class PublicationOut(BaseModel):
    id: Id
    created_at: Instant
    table_version: str
    effective_from: date
    authority_table: TableState


class PublishRuleSet(Command):
    effective_from: date
    content: dict[str, Any]
    source: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class RuleSetItem(BaseModel):
    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    kind: str
    rule_version: str
    effective_from: date
    status: str
    source: str
    tag: str
    published_by: Id | None = None


class RuleSetOut(RuleSetItem):
    content: dict[str, Any]
    available_actions: list[ActionOut]


class StepUnit(BaseModel):
    code: str
    name: str | None = None
    path: str
    kind: str


class ActingFor(BaseModel):
    """The delegation that somebody acts under, until the day before `to`."""

    delegation_id: Id
    person_id: Id
    staff_no: str
    to: date


class HolderOut(BaseModel):
    """Who may take the step today; `acting_for` where by delegation."""

    person_id: Id
    staff_no: str
    name: str
    position: str
    acting_for: ActingFor | None = None


class CosignOut(BaseModel):
    """What the row of this unit asks above `above` yuan; `asked`: whether this amount is above it and decided here."""

    above: Money
    n: int
    of: list[str]
    asked: bool


class StepOut(BaseModel):
    """`unlimited` instead of `limit` where there is none; `needed` of the `signers` have to sign."""

    step: int
    kind: str
    level: str
    unit: StepUnit
    position: str
    limit: Money | None = None
    unlimited: bool | None = None
    signers: list[str]
    needed: int
    cosign: CosignOut | None = None
    holders: list[HolderOut]


class TriggerOut(BaseModel):
    """Something besides the amount that lifts the decision: whether it was counted, and who decides where it is."""

    trigger: str
    lowest_level: str | None = None
    levels_up: int | None = None
    counted: bool
    level: str
    unit_code: str
    position: str


class VerdictOut(BaseModel):
    """Whether the caller may; otherwise `reason` is what the caller would be told."""

    allowed: bool
    step: int | None = None
    kind: str | None = None
    reason: dict[str, Any] | None = None


class CallerOut(BaseModel):
    opinion: VerdictOut
    decision: VerdictOut


class ExplanationOut(BaseModel):
    kind: str
    line: str
    amount: Money
    org_path: str
    table_version: str
    on: date
    steps: list[StepOut]
    triggers: list[TriggerOut]
    caller: CallerOut
