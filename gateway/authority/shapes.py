"""How tables of limits, rule sets and explanations are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.authority import queries, rules
from gateway.authority.schemas import (
    CallerOut,
    ExplanationOut,
    HolderOut,
    RuleSetItem,
    RuleSetOut,
    StepOut,
    StepUnit,
    TableItem,
    TableOut,
    TableState,
    VerdictOut,
)
from gateway.authority.tables import AuthorityTableRow, RuleSetRow
from gateway.organisation.queries import Holder, holders, today, units_on_path
from shared.actions import Action, judged, reason_of
from shared.actor import Actor
from shared.authority import ChainStep, chain
from shared.database import Transaction
from shared.errors import NotFound

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


def table_alone(
    row: AuthorityTableRow, first_days: Sequence[date], today: date, actor: Actor, language: str
) -> TableOut:
    actions = judged(TABLE_ACTIONS, actor, row, row.id, language)
    shown = table_item(row, first_days, today).model_dump()
    return TableOut(**shown, entries=row.entries, available_actions=actions)


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


def step_out(number: int, step: ChainStep, holders: Iterable[Holder]) -> StepOut:
    unit = StepUnit(code=step.unit.code, name=step.unit.name, path=step.unit.path, kind=step.unit.kind)
    found = [
        HolderOut(person_id=one.person_id, staff_no=one.staff_no, name=one.name, position=one.position)
        for one in holders
    ]
    return StepOut(
        step=number, kind=step.kind, level=step.level, unit=unit, position=step.position, limit=step.limit.amount,
        unlimited=True if step.limit.amount is None else None, signers=list(step.signers), needed=step.needed,
        holders=found,
    )  # fmt: skip


def verdict(found: rules.Verdict, language: str) -> VerdictOut:
    reason: Any = None if found.reason is None else dict(reason_of(found.reason, language))
    return VerdictOut(allowed=found.allowed, step=found.step, kind=found.kind, reason=reason)


async def explained(
    tx: Transaction, kind: str, line: str, amount: Decimal, org_path: str, language: str
) -> ExplanationOut:
    """Chain, holders and verdicts for the unit at `org_path`. Wants scope `00`. Raises `NotFound` without the unit."""
    day = today(tx)
    units = await units_on_path(tx, org_path)
    if not units or units[0].path != org_path:
        raise NotFound()
    table = (await queries.table_in_force(tx, day)).table()
    steps = chain(table, kind, line, amount, units)
    shown = [
        step_out(n, step, await holders(tx, step.signers, step.unit.code, day)) for n, step in enumerate(steps, start=1)
    ]
    decision = rules.may_decide(tx.actor, table, kind, line, amount, units, steps)
    opinion = rules.may_opine(tx.actor, table, kind, steps)
    return ExplanationOut(
        kind=kind, line=line, amount=amount, org_path=org_path, table_version=table.version, on=day, steps=shown,
        caller=CallerOut(opinion=verdict(opinion, language), decision=verdict(decision, language)),
    )  # fmt: skip
