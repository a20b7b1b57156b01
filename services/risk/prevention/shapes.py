"""How prevention plans are shown."""

from __future__ import annotations

from services.risk.prevention import schemas
from services.risk.prevention.queries import PREVENTION_ACTIONS
from services.risk.prevention.tables import PreventionPlan
from shared.actions import judged
from shared.actor import Actor


def item(row: PreventionPlan) -> schemas.PreventionPlanItem:
    """The plan in a list."""
    return schemas.PreventionPlanItem.model_validate(row)


def bare(row: PreventionPlan) -> schemas.PreventionPlanOut:
    """The plan as a write answers it."""
    return _out(row, [])


def alone(row: PreventionPlan, actor: Actor, language: str) -> schemas.PreventionPlanOut:
    """The plan read singly."""
    return _out(row, judged(PREVENTION_ACTIONS, actor, row, row.id, language))


def _out(row: PreventionPlan, actions: list[schemas.ActionOut]) -> schemas.PreventionPlanOut:
    items = [schemas.PreventionItem.model_validate(one) for one in row.items]
    return schemas.PreventionPlanOut(
        **item(row).model_dump(), items=items, confirmation=row.confirmation, available_actions=actions
    )
