"""What the gateway listens to: every event that the document of events names, for the feed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from gateway.feed.handlers import keep
from shared.database import Transaction
from shared.events import Consumer, Received, type_of

_DOCUMENT = Path(__file__).parent / "catalogue" / "asyncapi.json"


class Whole(BaseModel):
    """A payload as it is: the feed passes it on and reads nothing in it."""

    model_config = ConfigDict(extra="allow")


async def keep_together(tx: Transaction, events: Sequence[tuple[Consumer, Received[Whole]]]) -> None:
    """Keep these events for the feed with one lock of its head, where each alone would wait for the one before."""
    await keep(tx, [(one.subject, event, event.data.model_dump(mode="json")) for one, event in events])


def consumer_of(subject: str) -> Consumer:
    """The consumer that keeps events on `subject` for the feed."""

    async def kept(tx: Transaction, event: Received[Whole]) -> None:
        await keep(tx, [(subject, event, event.data.model_dump(mode="json"))])

    return Consumer(subject, Whole, kept, keep_together)


SUBJECTS: tuple[str, ...] = tuple(sorted(json.loads(_DOCUMENT.read_text(encoding="utf-8"))["channels"]))
CONSUMERS: tuple[Consumer, ...] = tuple(consumer_of(subject) for subject in SUBJECTS)
EVENT_TYPES: tuple[str, ...] = tuple(sorted({type_of(subject) for subject in SUBJECTS}))
