"""Reading sites."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from services.risk.exposure.tables import Site
from shared.actions import Action
from shared.database import Transaction
from shared.pagination import Filter, Listing

SITES = Listing(
    model=Site,
    filters={
        "status": Filter(Site.status),
        "policy_no": Filter(Site.policy_no),
        "customer_id": Filter(Site.customer_id, UUID),
        "area_code": Filter(Site.area_code),
        "industry": Filter(Site.industry),
    },
    search=(Site.name, Site.address),
    sorts={"insured_count": Site.insured_count},
)
SITE_ACTIONS: tuple[Action[Site], ...] = (Action("change", "PATCH", "/v1/sites/{id}", "risk.site.change"),)


async def same_place(tx: Transaction, policy_id: UUID | None, customer_id: UUID, key: str) -> Site | None:
    """An active site at the same address: of the policy, or of the customer where there is no policy."""
    whose = Site.customer_id == customer_id if policy_id is None else Site.policy_id == policy_id
    if policy_id is None:
        whose = whose & Site.policy_id.is_(None)
    return await tx.scalar(select(Site).where(whose, Site.address_key == key, Site.status == "active").limit(1))
