"""Reading prevention plans, and what may be done with one."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from services.risk.prevention import rules
from services.risk.prevention.tables import PreventionPlan
from shared.actions import Action
from shared.actor import Actor
from shared.database import Transaction
from shared.pagination import Filter, Listing

PREVENTION_PLANS = Listing(
    model=PreventionPlan,
    filters={
        "status": Filter(PreventionPlan.status),
        "policy_no": Filter(PreventionPlan.policy_no),
        "customer_id": Filter(PreventionPlan.customer_id, UUID),
        "risk_level": Filter(PreventionPlan.risk_level),
    },
    search=(PreventionPlan.policy_no,),
)


async def prevention_of(tx: Transaction, policy_id: UUID) -> PreventionPlan | None:
    """The plan of a policy, its row locked."""
    return await tx.scalar(select(PreventionPlan).where(PreventionPlan.policy_id == policy_id).with_for_update())


def _write(_actor: Actor, plan: PreventionPlan) -> None:
    rules.may_write(plan.status)


def _confirm(_actor: Actor, plan: PreventionPlan) -> None:
    rules.may_confirm(plan.status, plan.items)


_BASE = "/v1/prevention-plans/{id}/"
PREVENTION_ACTIONS: tuple[Action[PreventionPlan], ...] = (
    Action("write_items", "PUT", _BASE + "items", "risk.inspection_plan.confirm", _write),
    Action("confirm", "POST", _BASE + "confirmations", "risk.inspection_plan.confirm", _confirm),
)
