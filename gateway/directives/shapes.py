"""How directives are shown, and what the caller may do with one."""

from __future__ import annotations

from uuid import UUID

from gateway.directives import rules
from gateway.directives.schemas import DirectiveFactOut, DirectiveItem, DirectiveOut, DirectiveState
from gateway.directives.tables import Directive
from shared.actions import Action, judged
from shared.actor import Actor
from shared.database import Transaction


def may_acknowledge(actor: Actor, row: Directive) -> None:
    rules.may_acknowledge(actor, row.unit_code, row.status, row.acknowledged_at)


def may_complete(actor: Actor, row: Directive) -> None:
    rules.may_complete(actor, row.unit_code, row.status, row.acknowledged_at)


ACTIONS: tuple[Action[Directive], ...] = (
    Action(
        "acknowledge", "POST", "/v1/directives/{id}/acknowledgements", "organisation.directive.acknowledge",
        may_acknowledge,
    ),
    Action("complete", "POST", "/v1/directives/{id}/completions", "organisation.directive.complete", may_complete),
)  # fmt: skip


def directive_item(row: Directive) -> DirectiveItem:
    return DirectiveItem.model_validate(row, from_attributes=True)


def directive_alone(row: Directive, actor: Actor, language: str) -> DirectiveOut:
    actions = judged(ACTIONS, actor, row, row.id, language)
    return DirectiveOut(**directive_item(row).model_dump(), available_actions=actions)


def fact_out(fact_id: UUID, row: Directive, tx: Transaction) -> DirectiveFactOut:
    state = DirectiveState(id=row.id, version=row.version, status=row.status)
    return DirectiveFactOut(id=fact_id, created_at=tx.now, directive=state)
