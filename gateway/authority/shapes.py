"""How tables of limits, rule sets and explanations are shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.authority import queries, rules
from gateway.authority.rules import Matrix
from gateway.authority.schemas import (
    ActingFor,
    AffectedOut,
    CallerOut,
    ChangedLineOut,
    CosignOut,
    ExplanationOut,
    HolderOut,
    PreviewOut,
    RuleSetItem,
    RuleSetOut,
    StepOut,
    StepUnit,
    TableItem,
    TableOut,
    TableState,
    TriggerOut,
    VerdictOut,
)
from gateway.authority.tables import AuthorityTableRow, RuleSetRow
from gateway.organisation.queries import Holder, holders, today, units_on_path
from shared.actions import Action, judged, reason_of
from shared.actor import Actor
from shared.authority import AuthorityTable, ChainStep, Cosign, Unit, chain, limit_of
from shared.database import Transaction
from shared.errors import Fault, InvalidParameter, NotFound, Text

_TABLE_FIELDS = ("id", "version", "org_path", "created_at", "updated_at", "table_version", "effective_from")
_RULE_FIELDS = ("id", "version", "org_path", "created_at", "updated_at", "kind", "rule_version", "effective_from")


def _may_publish(actor: Actor, row: AuthorityTableRow) -> None:
    rules.may_publish(actor, row.proposed_by, row.proposed_level, row.published)


TABLE_ACTIONS: tuple[Action[AuthorityTableRow], ...] = (
    Action("publish", "POST", "/v1/authority-tables/{id}/publications", "organisation.authority.publish", _may_publish),
)
RULE_SET_ACTIONS: tuple[Action[RuleSetRow], ...] = (
    Action("publish", "POST", "/v1/rule-sets/{id}", "organisation.rule_set.publish"),
)


def table_item(row: AuthorityTableRow, first_days: Sequence[date], today: date) -> TableItem:
    return TableItem(
        **{name: getattr(row, name) for name in _TABLE_FIELDS},
        status=rules.status_of(row.effective_from, row.published, first_days, today),
        proposed_by=row.proposed_by, published_by=row.published_by, published_at=row.published_at,
    )  # fmt: skip


async def table_alone(tx: Transaction, row: AuthorityTableRow, language: str) -> TableOut:
    """The whole table with what it changes against the one before it. Wants scope `00`."""
    published = [one.table() for one in await queries.published_tables(tx) if one.id != row.id]
    days = [one.effective_from for one in published] + ([row.effective_from] if row.published else [])
    actions = judged(TABLE_ACTIONS, tx.actor, row, row.id, language)
    shown = table_item(row, days, today(tx)).model_dump()
    before = rules.predecessor(published, row.effective_from)
    return TableOut(
        **shown, entries=row.entries, preview=await preview(tx, before, row.table()), available_actions=actions
    )


MOST_CODES = 100


async def preview(tx: Transaction, before: AuthorityTable | None, after: AuthorityTable) -> PreviewOut:
    """What `after` changes, and how many units and persons of today that is. Wants scope `00`."""
    found = rules.changes(before, after)
    touched = rules.affected(found)
    units = await queries.units_at(tx, {(one.level, one.unit_kind) for one in touched}) if touched else {}
    counts = await queries.holders_at(tx, {one.position for one in touched}, today(tx)) if touched else {}
    lines = [
        ChangedLineOut(
            kind=one.kind, line=one.line, level=one.level, unit_kind=one.unit_kind, position=one.position,
            before=one.before and one.before.row(), after=one.after and one.after.row(), effect=one.effect,  # type: ignore[arg-type]
        )
        for one in found
    ]  # fmt: skip
    positions = [
        AffectedOut(
            level=one.level, unit_kind=one.unit_kind, position=one.position, gains=list(one.gains),
            loses=list(one.loses), unit_count=len(units[one.level, one.unit_kind]),
            holder_count=counts.get((one.level, one.unit_kind, one.position), 0),
            unit_codes=units[one.level, one.unit_kind][:MOST_CODES],
        )
        for one in touched
    ]  # fmt: skip
    return PreviewOut(against=before and before.version, changes=lines, affected=positions)


def table_state(row: AuthorityTableRow, first_days: Sequence[date], today: date) -> TableState:
    status = rules.status_of(row.effective_from, row.published, first_days, today)
    return TableState(id=row.id, version=row.version, status=status)


def rule_set_item(row: RuleSetRow, first_days: Sequence[date], today: date) -> RuleSetItem:
    return RuleSetItem(
        **{name: getattr(row, name) for name in _RULE_FIELDS}, source=row.source, tag=row.tag,
        status=rules.status_of(row.effective_from, True, first_days, today), published_by=row.published_by,
    )  # fmt: skip


def rule_set_alone(row: RuleSetRow, first_days: Sequence[date], today: date, actor: Actor, language: str) -> RuleSetOut:
    actions = judged(RULE_SET_ACTIONS, actor, row, row.kind, language)
    shown = rule_set_item(row, first_days, today).model_dump()
    return RuleSetOut(**shown, content=row.content, available_actions=actions)


def step_out(number: int, step: ChainStep, cosign: Cosign | None, found: Iterable[HolderOut]) -> StepOut:
    unit = StepUnit(code=step.unit.code, name=step.unit.name, path=step.unit.path, kind=step.unit.kind)
    asked = cosign and CosignOut(above=cosign.above, n=cosign.n, of=list(cosign.of), asked=step.needed > 1)
    return StepOut(
        step=number, kind=step.kind, level=step.level, unit=unit, position=step.position, limit=step.limit.amount,
        unlimited=True if step.limit.amount is None else None, signers=list(step.signers), needed=step.needed,
        cosign=asked, holders=list(found),
    )  # fmt: skip


def holder(one: Holder) -> HolderOut:
    return HolderOut(person_id=one.person_id, staff_no=one.staff_no, name=one.name, position=one.position)


def acting(one: rules.ActingHolder) -> HolderOut:
    behalf = ActingFor(
        delegation_id=one.delegation_id, person_id=one.on_behalf_of, staff_no=one.on_behalf_staff_no, to=one.to_on
    )
    return HolderOut(
        person_id=one.person_id, staff_no=one.staff_no, name=one.name, position=one.position, acting_for=behalf
    )


def verdict(found: rules.Verdict, language: str) -> VerdictOut:
    reason: Any = None if found.reason is None else dict(reason_of(found.reason, language))
    return VerdictOut(allowed=found.allowed, step=found.step, kind=found.kind, reason=reason)


def triggers(
    question: Question, table: AuthorityTable, units: Sequence[Unit], lifting: rules.Lifting, counted: Iterable[str]
) -> list[TriggerOut]:
    """Every trigger that lifts this kind of decision, each with who would decide where it is present."""
    counted, shown = set(counted), []
    for one in lifting.lifts.values() if question.kind in rules.CLAIM_KINDS else ():
        asked = lifting.arguments({*counted, one.trigger})
        last = chain(table, question.kind, question.line, question.amount, units, **asked)[-1]
        shown.append(
            TriggerOut(
                trigger=one.trigger, lowest_level=one.lowest_level, levels_up=one.levels_up or None,
                counted=one.trigger in counted, level=last.level, unit_code=last.unit.code, position=last.position,
            )
        )  # fmt: skip
    return shown


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: who decides `amount` yuan of this kind and line for the unit at `org_path`."""

    kind: str
    line: str
    amount: Decimal
    org_path: str
    triggers: frozenset[str] = frozenset()


Deputies = Callable[[Transaction, Matrix, str, Iterable[str]], Awaitable[Sequence[rules.ActingHolder]]]
"""Who may act today for holders of these positions at the unit of this code."""


async def explained(
    tx: Transaction, question: Question, matrix: Matrix, deputies: Deputies, language: str
) -> ExplanationOut:
    """Chain, holders, triggers and verdicts. Wants scope `00`. Raises `NotFound`, `InvalidParameter`."""
    day, kind, line, amount = today(tx), question.kind, question.line, question.amount
    units = await units_on_path(tx, question.org_path)
    if not units or units[0].path != question.org_path:
        raise NotFound()
    table = (await queries.table_in_force(tx, day)).table()
    lifting = await _lifting(tx, question)
    counted = lifting.present(kind, question.triggers)
    lifted, deciding = lifting.arguments(counted), matrix.deciding(kind)
    steps = chain(table, kind, line, amount, units, **lifted)
    shown = []
    for number, step in enumerate(steps, start=1):
        own = [holder(one) for one in await holders(tx, step.signers, step.unit.code, day)]
        others = await deputies(tx, matrix, step.unit.code, step.signers)
        own += [acting(one) for one in others if one.may(deciding, step, line, amount)]
        shown.append(step_out(number, step, limit_of(table, kind, line, step.unit).cosign, own))
    decision = rules.may_decide(tx.actor, table, kind, line, amount, units, steps, deciding, **lifted)
    opinion = rules.may_opine(tx.actor, table, kind, steps, deciding)
    return ExplanationOut(
        kind=kind, line=line, amount=amount, org_path=question.org_path, table_version=table.version, on=day,
        steps=shown, triggers=triggers(question, table, units, lifting, counted),
        caller=CallerOut(opinion=verdict(opinion, language), decision=verdict(decision, language)),
    )  # fmt: skip


async def _lifting(tx: Transaction, question: Question) -> rules.Lifting:
    """The triggers in force today. Raises `InvalidParameter` for one that does not exist."""
    row = await queries.rule_set_in_force(tx, "approval_triggers", today(tx))
    lifting = rules.Lifting({}) if row is None else rules.Lifting.of(row.content)
    unknown = sorted(question.triggers - set(lifting.lifts))
    if unknown:
        known = "、".join(lifting.lifts)
        words = Text(f"可取值：{known}。", f"One of {', '.join(lifting.lifts)}.")
        raise InvalidParameter(Fault("invalid_parameter", words, parameter="trigger"))
    return lifting
