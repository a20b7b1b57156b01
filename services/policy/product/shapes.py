"""How products and versions are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.policy.product import schemas
from services.policy.product.tables import Product, ProductVersion
from shared.actions import Action, judged
from shared.actor import Actor

ACTIONS: tuple[Action[Product], ...] = (
    Action("publish_version", "POST", "/v1/products/{id}/versions", "policy.product.publish"),
)


def in_force_on(versions: Sequence[ProductVersion], day: date) -> ProductVersion | None:
    """The newest of these versions that has begun."""
    begun = [one for one in versions if one.effective_from <= day]
    return max(begun, key=lambda one: one.effective_from, default=None)


def _head(product: Product, current: ProductVersion | None) -> dict[str, Any]:
    told: Mapping[str, Any] = {} if current is None else current.content
    kept = {name: told.get(name) for name in ("name", "issued_by", "compulsory", "cash_before_cover")}
    return {
        **{name: getattr(product, name) for name in ("id", "version", "created_at", "updated_at", "code")},
        "line": product.line, "business": product.business, **kept,
        "version_name": None if current is None else current.name,
    }  # fmt: skip


def item(product: Product, versions: Sequence[ProductVersion], day: date) -> schemas.ProductItem:
    """The product in a list, as it is sold on `day`."""
    return schemas.ProductItem(**_head(product, in_force_on(versions, day)))


def version(
    row: ProductVersion, versions: Sequence[ProductVersion], day: date, staff: Mapping[UUID, str]
) -> schemas.ProductVersionOut:
    """One version with the days on which it counts."""
    later = [one.effective_from for one in versions if one.effective_from > row.effective_from]
    until = min(later) - timedelta(days=1) if later else None
    status = "published" if row.effective_from > day else "superseded" if until and until < day else "in_force"
    return schemas.ProductVersionOut(
        id=row.id, created_at=row.created_at, number=row.number, name=row.name, status=status,
        effective_from=row.effective_from, effective_to=until, content=row.content,
        published_by_staff_no=None if row.published_by is None else staff.get(row.published_by),
    )  # fmt: skip


def alone(
    product: Product, versions: Sequence[ProductVersion], day: date, actor: Actor, staff: Mapping[UUID, str],
    language: str,
) -> schemas.ProductOut:  # fmt: skip
    """The product with every version, newest last."""
    return schemas.ProductOut(
        **_head(product, in_force_on(versions, day)), versions=[version(one, versions, day, staff) for one in versions],
        available_actions=judged(ACTIONS, actor, product, product.id, language),
    )  # fmt: skip
