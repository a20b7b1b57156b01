"""Which terms of a product count at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from services.policy.product.rules import Terms
from services.policy.product.tables import Product, ProductVersion
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import NotFound


async def product_in_force(tx: Transaction, code: str, at: datetime) -> Terms | None:
    """The terms of product `code` in force at `at`; None where it is not sold then."""
    on = legal_day(at)
    held = tx.remembered.setdefault("products", {})
    if (code, on) not in held:
        found = select(ProductVersion).where(ProductVersion.code == code, ProductVersion.effective_from <= on)
        held[code, on] = await tx.scalar(found.order_by(ProductVersion.effective_from.desc()).limit(1))
    row = held[code, on]
    return None if row is None else terms_of(row)


async def product_version(tx: Transaction, code: str, number: int) -> Terms | None:
    """The terms of version `number`, whatever counts today: what an application was made on."""
    statement = select(ProductVersion).where(ProductVersion.code == code, ProductVersion.number == number)
    row = await tx.scalar(statement)
    return None if row is None else terms_of(row)


def terms_of(row: ProductVersion) -> Terms:
    """A stored version as rules take it."""
    return Terms(
        code=row.code, number=row.number, name=row.name, effective_from=row.effective_from, content=row.content
    )


async def one(tx: Transaction, product_id: UUID, *, lock: bool = False) -> Product:
    """The product. Raises `NotFound`."""
    statement = select(Product).where(Product.id == product_id)
    found = await tx.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound()
    return found


async def by_code(tx: Transaction, code: str) -> Product | None:
    return await tx.scalar(select(Product).where(Product.code == code))


async def versions_of(tx: Transaction, product_id: UUID) -> Sequence[ProductVersion]:
    """Every version of the product, the oldest first."""
    statement = select(ProductVersion).where(ProductVersion.product_id == product_id)
    return await tx.scalars(statement.order_by(ProductVersion.number))
