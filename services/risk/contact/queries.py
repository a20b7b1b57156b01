"""Reading the log of talks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import Site
from services.risk.key_risk.tables import ContactLog
from shared.authority import covers
from shared.database import Transaction
from shared.pagination import Filter, Listing

CONTACTS = Listing(
    model=ContactLog,
    filters={
        "customer_id": Filter(ContactLog.customer_id, UUID),
        "contact_role": Filter(ContactLog.contact_role),
        "channel": Filter(ContactLog.channel),
        "contacted_at": Filter(ContactLog.contacted_at, datetime, ranged=True),
    },
    sorts={"contacted_at": ContactLog.contacted_at},
    default_sort="-contacted_at",
)


async def place_of(tx: Transaction, customer_id: UUID) -> tuple[str, str] | None:
    """Path and code of the unit that has the customer, within the caller's scope: by policy, else by insured site."""
    policies = sorted(await exposure.policies_of(tx, customer_id), key=lambda one: one.starts_at, reverse=True)
    here = next(((one.path, one.unit_code) for one in policies if covers(one.path, tx.actor.scope)), None)
    if here is not None:
        return here
    site = await tx.scalar(select(Site).where(Site.customer_id == customer_id).order_by(Site.id).limit(1))
    return None if site is None else (site.org_path, site.unit_code)
