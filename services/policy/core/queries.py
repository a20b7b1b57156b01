"""What the seam has to know about other records before it stores a version."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.policy.core.schemas import CorePolicy
from services.policy.policy.rules import ReferenceKind
from services.policy.policy.tables import CustomerReference
from services.policy.product.queries import product_in_force
from services.policy.rescission.tables import Rescission
from shared import directory
from shared.database import Transaction


async def product(tx: Transaction, code: str) -> dict[str, Any] | None:
    """What a version takes over from its product, by the terms in force today; None where it is not known."""
    terms = await product_in_force(tx, code, tx.now)
    if terms is None:
        return None
    return {name: getattr(terms, name) for name in ("business", "issued_by", "compulsory", "risk_level")}


async def known_references(
    tx: Transaction, body: CorePolicy, customer: UUID, *, product_known: bool
) -> tuple[dict[ReferenceKind, bool], UUID | None, str | None]:
    """Which references are known; the seller's person id, and the unit's path (None where it is unknown)."""
    unit = await directory.unit_by_code(tx, body.unit_code)
    seller = None
    if body.seller_staff_no:
        seller = await directory.person_of_staff_no(tx, body.seller_staff_no)
    held = await tx.scalar(select(CustomerReference.core_no).where(CustomerReference.customer_id == customer))
    known = {
        ReferenceKind.CUSTOMER: held is not None,
        ReferenceKind.PRODUCT: product_known,
        ReferenceKind.UNIT: unit is not None,
        ReferenceKind.SELLER: seller is not None,
    }
    return known, seller, None if unit is None else unit.path


async def rescinded_here(tx: Transaction, policy_id: UUID) -> bool:
    """Whether the insurer declared the policy rescinded, here and not in the core."""
    return await tx.scalar(select(Rescission.id).where(Rescission.policy_id == policy_id).limit(1)) is not None
