"""How a risk control file is shown."""

from __future__ import annotations

from typing import Any

from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import PolicySeen
from services.risk.hazard.queries import of_customer
from services.risk.hazard.shapes import brief
from services.risk.inspection.queries import newest
from services.risk.inspection.shapes import claim
from services.risk.key_risk import queries, rules
from services.risk.key_risk.queries import ACTIONS
from services.risk.key_risk.schemas import FileItem, FileOut, ReviewOut
from services.risk.key_risk.tables import KeyRiskFile
from shared.actions import judged
from shared.clock import legal_day, rfc3339
from shared.database import Transaction


def _cover(one: PolicySeen) -> dict[str, Any]:
    told = {
        "policy_no": one.policy_no, "product": one.product, "ends_at": rfc3339(one.ends_at),
        "risk_level": one.risk_level, "insured_count": one.insured_count,
    }  # fmt: skip
    limits = {"limit_per_accident": one.limit_per_accident, "aggregate_limit": one.aggregate_limit}
    return told | {name: f"{value:.2f}" for name, value in limits.items() if value is not None}


async def alone(tx: Transaction, file: KeyRiskFile, language: str) -> FileOut:
    """The file read singly, with what is known of the customer's cover, sites, visits, hazards, claims and talks."""
    today, customer = legal_day(tx.now), file.customer_id
    due = file.contact_due_on
    visits = [
        {"inspection_no": one.inspection_no, "status": one.status, "due_on": one.due_on.isoformat()}
        for one in await newest(tx, customer)
    ]
    sites = [
        {"site_id": str(one.id), "name": one.name, "insured_count": one.insured_count, "industry": one.industry}
        for one in await queries.sites_of(tx, customer)
    ]
    talks = [
        {"contact_id": str(one.id), "contacted_at": rfc3339(one.contacted_at), "contact_role": one.contact_role}
        for one in await queries.contacts_of(tx, customer)
    ]
    account = await queries.key_account(tx, customer)
    return FileOut(
        **FileItem.model_validate(file).model_dump(),
        key_account=None if account is None else {"tier": account.tier, "manager_id": account.manager_id},
        contact_overdue=file.status != rules.FileStatus.CLOSED and due is not None and today > due,
        policies=[_cover(one) for one in await exposure.policies_of(tx, customer)], sites=sites, inspections=visits,
        hazards=brief(await of_customer(tx, customer)), contacts=talks,
        claims=[claim(one) for one in await exposure.claims_of(tx, customer)],
        reviews=[ReviewOut.model_validate(one) for one in await queries.reviews_of(tx, file)],
        available_actions=judged(ACTIONS, tx.actor, file, file.id, language),
    )  # fmt: skip
