"""News as it came, and the figures that follow from it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base


class KeptNews(Base):
    """One event as crm read it: never changed, so that timeline and figures can be made again from it.

    `path` is where the record lay then. News of crm's own records (`figure.stated`) stands here too.
    """

    __tablename__ = "kept_news"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    subject: Mapped[str]
    group_id: Mapped[UUID]
    """The record whose news is read together to make its figures."""
    record_id: Mapped[UUID]
    record_version: Mapped[int]
    source: Mapped[str]
    at: Mapped[datetime]
    path: Mapped[str]
    data: Mapped[dict[str, Any]]


class ServiceFigure(Base):
    """What one record adds to one figure of the day `on_day`: `part` to the numerator, `whole` to the denominator.

    Where `until_day` is set the record counts from the one day until before the other (a policy in force).
    `org_path` is that of the time and stays when the unit moves.
    """

    __tablename__ = "service_figures"

    id: Mapped[UUID]
    """Made of the key, so that the same figure made again is the same row."""
    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    metric: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[str] = mapped_column(primary_key=True)
    org_path: Mapped[str]
    on_day: Mapped[date]
    until_day: Mapped[date | None]
    part: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    whole: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    about_kind: Mapped[str]
    about_id: Mapped[UUID]


class ServiceReport(Base):
    """The report of one unit's month as it was published; its figures do not change any more."""

    __tablename__ = "service_reports"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    org_path: Mapped[str]
    created_at: Mapped[datetime]
    unit_code: Mapped[str]
    month: Mapped[date]
    figures: Mapped[dict[str, Any]]
