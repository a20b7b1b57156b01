"""Webhooks and what was, or is still to be, delivered to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from gateway.organisation.tables import Base
from shared.database import Part, Record


class Webhook(Record, Base):
    """An address that is told of events at or below `org_path`. Secrets are sealed; nobody reads them from here."""

    __tablename__ = "webhooks"
    record_type: ClassVar[str] = "webhook"

    url: Mapped[str]
    events: Mapped[list[str]]
    status: Mapped[str]
    status_reason: Mapped[str | None]
    status_at: Mapped[datetime | None]
    person_id: Mapped[UUID]
    """Whose right to read is what the webhook rests on, under `appointment_id`."""
    appointment_id: Mapped[UUID]
    sealed_secret: Mapped[bytes]
    former_secret: Mapped[bytes | None]
    """While it changes, deliveries carry a second signature, until `former_until`."""
    former_until: Mapped[datetime | None]
    fed_to: Mapped[int] = mapped_column(BigInteger)
    """Position in the feed up to which deliveries have been made of events."""
    failing_since: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class Delivery(Part, Base):
    """One event for one webhook. Its id in the message is the event's, at every attempt."""

    __tablename__ = "webhook_deliveries"

    webhook_id: Mapped[UUID]
    event_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str]
    record_id: Mapped[UUID]
    event: Mapped[dict[str, Any]]
    status: Mapped[str]
    attempts: Mapped[int]
    began_at: Mapped[datetime | None]
    """The first attempt; after a day without success the delivery is given up."""
    next_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answer_status: Mapped[int | None]
    fault: Mapped[str | None]
