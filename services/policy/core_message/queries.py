"""Messages: the list, those not registered yet, and those that wait too long for their answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, literal, literal_column, or_, select

from services.policy.core.tables import ReconciliationItem
from services.policy.core_message.rules import SUBJECTS
from services.policy.core_message.tables import CoreMessage
from services.policy.policy.rules import ItemKind
from shared.database import Transaction
from shared.outbox import outbox
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force

MESSAGES = Listing(
    model=CoreMessage,
    filters={
        "status": Filter(CoreMessage.status),
        "subject": Filter(CoreMessage.subject),
        "policy_no": Filter(CoreMessage.policy_no),
    },
    search=(CoreMessage.policy_no,),
)


async def event_of(tx: Transaction, event_id: UUID) -> Any | None:
    """The outbox row of an event that the core answers; None where there is none in the caller's scope."""
    statement = select(outbox).where(outbox.c.event_id == event_id, outbox.c.subject.in_(SUBJECTS))
    return (await tx.execute(statement)).one_or_none()


async def unregistered(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Events for the core that have no row of their own yet, the oldest first."""
    known = select(CoreMessage.id).where(CoreMessage.id == outbox.c.event_id).exists()
    # Literal, so that the planner sees that the index of these subjects alone serves it.
    for_core = or_(*(outbox.c.subject == literal_column(f"'{one}'") for one in SUBJECTS))
    statement = select(outbox.c.event_id).where(for_core, ~known)
    return await tx.scalars(statement.order_by(outbox.c.id).limit(limit))


async def unanswered(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Messages without an answer after the hours of the rule set, that are not listed as a difference yet."""
    figures = (await in_force(tx, "policy_servicing")).content["core"]
    item = ReconciliationItem
    listed = select(item.id).where(
        item.kind == str(ItemKind.MESSAGE_UNANSWERED), item.status == "open", item.cause == cause_of(CoreMessage.id)
    )
    waiting = select(CoreMessage.id).where(
        CoreMessage.status == "sent", CoreMessage.sent_again_at.is_(None),
        CoreMessage.created_at < tx.now - timedelta(hours=int(figures["answer_within_hours"])), ~listed.exists(),
    )  # fmt: skip
    return await tx.scalars(waiting.order_by(CoreMessage.created_at, CoreMessage.id).limit(limit))


def cause_of(event_id: Any) -> Any:
    """How the items of one message name it; of a value or of a column."""
    if isinstance(event_id, UUID):
        return f"event:{event_id}"
    return literal("event:") + cast(event_id, Text)
