"""How a risk control file is shown."""

from __future__ import annotations

from services.risk.exposure import queries as exposure
from services.risk.hazard.queries import of_customer
from services.risk.hazard.shapes import brief
from services.risk.inspection.queries import newest
from services.risk.inspection.shapes import claim
from services.risk.key_risk.queries import ACTIONS
from services.risk.key_risk.schemas import FileItem, FileOut
from services.risk.key_risk.tables import KeyRiskFile
from shared.actions import judged
from shared.database import Transaction


async def alone(tx: Transaction, file: KeyRiskFile, language: str) -> FileOut:
    """The file read singly, with what is in the caller's scope of the customer's cover, visits, hazards and claims."""
    policies = [
        {"policy_no": one.policy_no, "product": one.product, "ends_at": one.ends_at.isoformat()}
        for one in await exposure.policies_of(tx, file.customer_id)
    ]
    visits = [
        {"inspection_no": one.inspection_no, "status": one.status, "due_on": one.due_on.isoformat()}
        for one in await newest(tx, file.customer_id)
    ]
    claims = [claim(one) for one in await exposure.claims_of(tx, file.customer_id)]
    return FileOut(
        **FileItem.model_validate(file).model_dump(), policies=policies, inspections=visits, claims=claims,
        hazards=brief(await of_customer(tx, file.customer_id)),
        available_actions=judged(ACTIONS, tx.actor, file, file.id, language),
    )  # fmt: skip
