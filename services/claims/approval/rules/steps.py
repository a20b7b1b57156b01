"""One step of the approval of a claim, or of a side decision on it: who may take it now, and what it leads to.

The amount that counts is gross and per accident: all claims of one accident on one policy are added, advances are not
deducted, co-insurance counts at 100 %. So a loss that is split into two claims goes as high as the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from services.claims.approval.rules.outcomes import refuse_ground
from services.claims.approval.rules.refusals import (
    AmountDiffers,
    ClausesRequired,
    ExclusionNotAcknowledged,
    ReasonCodeRequired,
    SheetSuperseded,
)
from services.claims.approval.rules.triggers import Trigger, Triggers
from services.claims.claim.rules import ClaimStatus, Duty, Held, legal_moves, refuse_if_held
from shared.approval_chain import (
    OPINION,
    REFUSE,
    RETURN,
    Act,
    Standing,
    after,
    holders,
    kind_for,
    refuse_above_limit,
    refuse_below_level,
    refuse_other_outcome,
    refuse_second_act,
    refuse_wrong_step,
    standing,
)
from shared.authority import AuthorityTable, ChainStep, Unit, chain, rank
from shared.errors import Fault, SeparationOfDuties, StateConflict, Text
from shared.money import yuan

if TYPE_CHECKING:
    from shared.actor import Actor


APPROVER_BEFORE = "approver_before_change"
"""The duty of whoever approved what was changed after the decision: the changed claim needs other persons."""


class Command(Protocol):
    """What an approver states; `sheet_version` is None for a side decision, which has no sheet."""

    @property
    def kind(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def sheet_version(self) -> int | None: ...
    @property
    def reason_code(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def clause_ids(self) -> Iterable[str]: ...


@dataclass(frozen=True)
class Facts:
    """What the service has stored about the claim. `amount`: what the limits are compared with, the total of the
    accident. `units`: the existing units from the handling one up to the head office. `interested`: persons who are, or
    whose declared relatives are, claimant, reporter, payee or beneficiary. `unacknowledged`: exclusions which the
    policyholder never acknowledged. `barred`: who approved what was changed after the decision;
    `raised_to`: the level to which somebody took the claim up; `rescinded`: whether the policy was, `losses_paid`: with
    losses before it paid all the same. `ladder`: the kind
    of limit; `side`: a decision beside the claim's own life."""

    status: ClaimStatus
    line: str
    amount: Decimal
    units: tuple[Unit, ...]
    triggers: frozenset[Trigger] = frozenset()
    duties: tuple[Held, ...] = ()
    interested: frozenset[UUID] = frozenset()
    unacknowledged: frozenset[str] = frozenset()
    barred: frozenset[UUID] = frozenset()
    raised_to: str | None = None
    rescinded: bool = False
    losses_paid: bool = False
    ladder: str = "claim_payment"
    side: bool = False


@dataclass(frozen=True)
class Sheet:
    """The calculation sheet in force, or the request of a side decision (`version` None). `amount`: its gross sum."""

    version: int | None
    amount: Decimal
    clause_ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class StepDone:
    """A stored act and the sheet it rests on."""

    act: Act
    sheet_version: int | None


@dataclass(frozen=True)
class StepTaken:
    """What one act leads to. `moves`: the states the claim goes through, in order, empty where it stays; `next_status`:
    where it then is (None for a side decision); `missing`: the positions whose signature the step still waits for;
    `final`: the outcome once the chain is done."""

    act: Act
    step: ChainStep
    amount: Decimal
    sheet_version: int | None
    reason_code: str | None
    reason: str | None
    clause_ids: tuple[str, ...]
    moves: tuple[ClaimStatus, ...]
    next_status: ClaimStatus | None
    missing: tuple[str, ...]
    final: str | None
    table_version: str


def required_chain(
    table: AuthorityTable, facts: Facts, triggers: Triggers, *, refused: bool = False
) -> tuple[ChainStep, ...]:
    """The whole chain of the claim, from its handling unit to the level that decides."""
    known = (table, facts.ladder, facts.line, facts.amount, facts.units)
    steps = chain(*known, **_lifted(facts, triggers, refused))
    if facts.raised_to is None or rank(steps[-1].level) >= rank(facts.raised_to):
        return steps
    return chain(*known, facts.raised_to)


def _lifted(facts: Facts, triggers: Triggers, refused: bool) -> dict[str, Any]:
    return triggers.lifted(facts.triggers | ({Trigger.REFUSAL} if refused else frozenset()))


def standing_of(
    table: AuthorityTable,
    facts: Facts,
    sheet: Sheet,
    done: Iterable[StepDone],
    triggers: Triggers,
    *,
    refusing: bool = False,
) -> Standing:
    """How far the approval of the sheet in force has come. Steps on an older sheet are void.

    Once anybody proposed a refusal on this sheet the chain reaches the level which may refuse.
    """
    acts = [one.act for one in done if one.sheet_version == sheet.version]
    refused = refusing or any(act.outcome == REFUSE for act in acts)
    return standing(required_chain(table, facts, triggers, refused=refused), acts)


def status_of(now: Standing, index: int) -> str:
    """The status of the step at `index` (from 0) as it is shown: `done`, `open` or `pending`."""
    return "done" if index < now.at else "open" if index == now.at else "pending"


def decide(
    actor: Actor,
    facts: Facts,
    sheet: Sheet,
    done: Iterable[StepDone],
    table: AuthorityTable,
    triggers: Triggers,
    command: Command,
) -> StepTaken:
    """The step that `actor` takes with `command`.

    Refuses with: `StateConflict`, `SheetSuperseded`, `AmountDiffers`, `WrongStep`, `OutcomeDiffers`,
    `RescissionRequired`, `ExclusionNotAcknowledged` (409); `AuthorityExceeded`, `BelowRequiredLevel`,
    `SeparationOfDuties` (403); `ReasonCodeRequired`, `LateNoticeIsNoGround`, `ClausesRequired` (422). What the person
    may never do comes before what is not yet due.
    """
    refusing = command.outcome == REFUSE
    now = standing_of(table, facts, sheet, done, triggers, refusing=refusing)
    refuse_actor(actor, facts, now, table, triggers, command.kind, refusing=refusing)
    _refuse_other_basis(facts, sheet, command)
    step = refuse_wrong_step(now, actor.unit_code, actor.position, command.kind)
    refuse_second_act(now, actor)
    _refuse_content(facts, sheet, now, command)
    act = Act(now.at + 1, command.kind, command.outcome, actor.position, actor.person_id, actor.on_behalf_of)
    then = after(now, act)
    moves = () if facts.side else _moves(facts.status, now, then, act)
    return StepTaken(
        act=act,
        step=step,
        amount=facts.amount,
        sheet_version=sheet.version,
        reason_code=command.reason_code,
        reason=command.reason,
        clause_ids=tuple(command.clause_ids),
        moves=moves,
        next_status=None if facts.side else (moves or (facts.status,))[-1],
        missing=then.missing() if then.at == now.at else (),
        final=act.outcome if then.complete else None,
        table_version=table.version,
    )


def next_act(
    actor: Actor, facts: Facts, sheet: Sheet, done: Iterable[StepDone], table: AuthorityTable, triggers: Triggers
) -> str:
    """The kind of act that `actor` may give now; refuses as `decide` would, but for the content of the request."""
    done = tuple(done)
    now = standing_of(table, facts, sheet, done, triggers)
    mine = next((one for one in now.steps if one.unit.code == actor.unit_code), now.steps[-1])
    kind = kind_for(mine, actor.position)
    refuse_actor(actor, facts, now, table, triggers, kind)
    refuse_wrong_step(now, actor.unit_code, actor.position, kind)
    refuse_second_act(now, actor)
    return kind


def refuse_actor(
    actor: Actor,
    facts: Facts,
    now: Standing,
    table: AuthorityTable,
    triggers: Triggers,
    kind: str,
    *,
    refusing: bool = False,
) -> None:
    """Refuse what this person may not do on this claim whatever the step, then any act in a wrong state.

    A decision above the own limit or below the required level, a duty that must be separate, an interest of one's own:
    403, also where it is the delegator's; a claim that is not under approval: 409.
    """
    if kind != OPINION:
        lifted = _lifted(facts, triggers, refusing)
        refuse_above_limit(actor, table, facts.ladder, facts.line, facts.amount, facts.units, **lifted)
        could = holders(table, facts.ladder, facts.line, facts.amount, facts.units, **lifted)
        refuse_below_level(actor, now.steps, could)
    for person in {actor.person_id, actor.on_behalf_of or actor.person_id}:
        refuse_if_held(facts.duties, person, taking=Duty.APPROVER)
        if person in facts.interested:
            raise SeparationOfDuties(conflicting_duty="interested_party", taking=str(Duty.APPROVER))
        if person in facts.barred:
            raise SeparationOfDuties(conflicting_duty=APPROVER_BEFORE, taking=str(Duty.APPROVER))
    if not facts.side and facts.status not in (ClaimStatus.CALCULATED, ClaimStatus.IN_APPROVAL):
        raise StateConflict(current_state=str(facts.status), legal_moves=legal_moves(facts.status))


def _refuse_other_basis(facts: Facts, sheet: Sheet, command: Command) -> None:
    """The approver states what he saw: the sheet, and its sum or the total of the accident it belongs to."""
    if command.sheet_version != sheet.version:
        raise SheetSuperseded(stated_version=command.sheet_version, sheet_version=sheet.version)
    if command.amount not in (sheet.amount, facts.amount):
        raise AmountDiffers(stated_amount=yuan(command.amount), amount=yuan(sheet.amount))


def _refuse_content(facts: Facts, sheet: Sheet, now: Standing, command: Command) -> None:
    refuse_other_outcome(now, command.outcome)
    if command.outcome == RETURN or command.outcome == REFUSE:
        refuse_without_reason(command.outcome, command.reason_code, command.reason)
        refuse_ground(command.outcome, command.reason_code, rescinded=facts.rescinded, losses_paid=facts.losses_paid)
    if command.outcome == RETURN or facts.side:
        return
    void = facts.unacknowledged & (sheet.clause_ids | set(command.clause_ids))
    if void:
        raise ExclusionNotAcknowledged(clause_ids=sorted(void))
    if command.kind != OPINION and not tuple(command.clause_ids):
        raise ClausesRequired(Fault(ClausesRequired.code, ClausesRequired.detail, pointer="#/clause_ids"))


def refuse_without_reason(outcome: str, reason_code: str | None, reason: str | None) -> None:
    """Refuse (422) a refusal, a return or a raise without its reason code and its reason."""
    given = {"reason_code": reason_code, "reason": reason}
    code, text = ReasonCodeRequired.code, Text("此项必填。", "This is needed.")
    faults = [Fault(code, text, pointer=f"#/{name}") for name, value in given.items() if not (value or "").strip()]
    if faults:
        raise ReasonCodeRequired(*faults, outcome=outcome)


def _moves(status: ClaimStatus, before: Standing, then: Standing, act: Act) -> tuple[ClaimStatus, ...]:
    entering = () if status == ClaimStatus.IN_APPROVAL else (ClaimStatus.IN_APPROVAL,)
    if act.outcome == RETURN and before.at == 0:
        return (*entering, ClaimStatus.RETURNED)
    return (*entering, ClaimStatus.DECIDED) if then.complete else entering
