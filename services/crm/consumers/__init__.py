"""What the crm service hears from others: one module per publisher, one small view per event."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import Any

from services.crm.consumers import claims, complaints, notices, organisation, policy, risk
from services.crm.figure.handlers import keep
from shared.database import Transaction
from shared.directory import DIRECTORY_CONSUMERS
from shared.events import Consumer, Received
from shared.rule_sets import RULE_SET_CONSUMERS

TELLING = (*policy.CONSUMERS, *claims.CONSUMERS, *risk.CONSUMERS, *complaints.CONSUMERS, *notices.CONSUMERS)
"""Those whose news is kept: timeline and figures can be made from it again."""


def kept(consumer: Consumer) -> Consumer:
    """The same consumer, its news kept first: whatever else follows, nothing is made of it that is not kept."""

    @wraps(consumer.handler)
    async def handler(tx: Transaction, event: Received[Any]) -> None:
        await keep(tx, consumer, event)
        await consumer.handler(tx, event)

    return replace(consumer, handler=handler)


CONSUMERS = (
    *DIRECTORY_CONSUMERS,
    *RULE_SET_CONSUMERS,
    *organisation.CONSUMERS,
    *(kept(one) for one in TELLING),
)
