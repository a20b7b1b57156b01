"""The feed: every event once, in the order in which it arrived here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Computed, Text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.organisation.tables import Base
from shared.database import OrgPath


class FeedHead(Base):
    """One row. Its lock gives every event its position: a reader who has seen a position misses none before it."""

    __tablename__ = "feed_head"

    one: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class FeedEvent(Base):
    """One event as it was published. `permission` is what reading it takes."""

    __tablename__ = "feed_events"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    org_path: Mapped[str] = mapped_column(OrgPath)
    branch: Mapped[str] = mapped_column(Text, Computed("", persisted=True))
    """The first two steps of the path; an index by branch and position serves everybody below the head office."""
    event_id: Mapped[UUID]
    type: Mapped[str]
    permission: Mapped[str]
    record_id: Mapped[UUID]
    record_version: Mapped[int]
    event: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]


class FeedKeptOut(Base):
    """Who must stay out of a record (a complaint names him): nothing about it is fed to him."""

    __tablename__ = "feed_kept_out"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
