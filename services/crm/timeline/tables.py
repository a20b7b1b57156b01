"""Entries of the timeline, placed under their customer or waiting for him."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Part


class TimelineEntry(Part, Base):
    """One fact, placed under its customer. Ids, codes, days and amounts; never a name."""

    __tablename__ = "timeline_entries"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    event_id: Mapped[UUID]
    kind: Mapped[str]
    occurred_at: Mapped[datetime]
    about_kind: Mapped[str]
    about_id: Mapped[UUID]
    record_version: Mapped[int]
    summary: Mapped[dict[str, Any]]
    amounts: Mapped[dict[str, Any]]


class WaitingEntry(Base):
    """A fact about a record whose customer is not known yet; it is placed as soon as he is."""

    __tablename__ = "waiting_entries"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    about_id: Mapped[UUID]
    path: Mapped[str]
    entry: Mapped[dict[str, Any]]
