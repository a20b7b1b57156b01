"""Products and the versions of their terms; a version is appended and never changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, literal
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.policy.tables import Base
from shared.ids import uuid7


class Product(Base):
    """A product by its code. It belongs to the company and every unit reads it, so it has no place in the tree."""

    __tablename__ = "products"
    record_type: ClassVar[str] = "product"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    code: Mapped[str]
    line: Mapped[str]
    business: Mapped[str]

    @hybrid_property
    def org_path(self) -> str:  # type: ignore[reportRedeclaration]
        """Where its audit entries and events belong: the head office."""
        return "00"

    @org_path.inplace.expression
    @classmethod
    def _org_path(cls) -> ColumnElement[str]:
        return literal("00")


class ProductVersion(Base):
    """The complete terms of a product from `effective_from` until the day before its successor's.

    `content` is read through `product.rules.Terms`; `digest` tells a repeated seed from a changed one.
    """

    __tablename__ = "product_versions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    created_at: Mapped[datetime]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"))
    code: Mapped[str]
    number: Mapped[int]
    name: Mapped[str]
    """The version's own name, `2026-1`."""
    effective_from: Mapped[date]
    content: Mapped[dict[str, Any]]
    digest: Mapped[str]
    published_by: Mapped[UUID | None]
    """None: it came with the software as a seed."""
