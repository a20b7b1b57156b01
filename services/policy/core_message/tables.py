"""Messages to the core."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from services.policy.core_message.rules import MessageStatus
from services.policy.policy.tables import Base
from shared.database import Record


class CoreMessage(Record, Base):
    """One event that the core answers. `id` is that of the event, `created_at` the time it was written."""

    __tablename__ = "core_messages"
    record_type: ClassVar[str] = "core_message"

    subject: Mapped[str]
    record_id: Mapped[UUID]
    policy_no: Mapped[str | None]
    status: Mapped[str]
    reason: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    sent_again_at: Mapped[datetime | None]
    """When another event repeated this one: the core answers that."""

    @property
    def state(self) -> MessageStatus:
        return MessageStatus(self.status)
