"""How a granted service is shown."""

from __future__ import annotations

from collections.abc import Sequence

from services.crm.service_grant import queries
from services.crm.service_grant.schemas import GrantItem, GrantOut, GrantState
from services.crm.service_grant.tables import ServiceGrant
from shared.actions import Action, judged
from shared.database import Transaction
from shared.money import yuan

_PLAIN = (
    "id", "version", "org_path", "created_at", "updated_at", "item_id", "customer_id", "status", "tier", "year",
    "quantity", "planned_cost", "cost", "purpose", "planned_on", "due_at", "fulfilled_on", "confirmed_on", "score",
)  # fmt: skip


async def items(tx: Transaction, grants: Sequence[ServiceGrant]) -> list[GrantItem]:
    """These grants with what was granted."""
    held = await queries.items_of(tx, grants)
    return [
        GrantItem(
            **{name: getattr(one, name) for name in _PLAIN}, item_code=held[one.item_id].code,
            item_name={"zh": held[one.item_id].name_zh, "en": held[one.item_id].name_en},
        )
        for one in grants
    ]  # fmt: skip


def state(grant: ServiceGrant) -> GrantState:
    return GrantState(id=grant.id, version=grant.version, status=grant.status)


async def alone(
    tx: Transaction, grant: ServiceGrant, actions: tuple[Action[queries.GrantFacts], ...], language: str
) -> GrantOut:
    """A granted service read singly."""
    [shown] = await items(tx, [grant])
    most, spent = await queries.at_most(tx, grant.customer_id), await queries.booked(tx, grant.customer_id, grant.year)
    return GrantOut(
        **shown.model_dump(), budget={"year": grant.year, "at_most": yuan(most), "booked": yuan(spent)},
        available_actions=judged(actions, tx.actor, queries.GrantFacts(grant), grant.id, language),
    )  # fmt: skip
