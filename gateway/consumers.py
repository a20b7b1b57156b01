"""What the gateway listens to: every event that the document of events names, for the feed."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from gateway.feed.handlers import keep
from shared.database import Transaction
from shared.events import Consumer, Received, type_of

_DOCUMENT = Path(__file__).parent / "catalogue" / "asyncapi.json"


class Whole(BaseModel):
    """A payload as it is: the feed passes it on and reads nothing in it."""

    model_config = ConfigDict(extra="allow")


def consumer_of(subject: str) -> Consumer:
    """The consumer that keeps events on `subject` for the feed."""

    async def kept(tx: Transaction, event: Received[Whole]) -> None:
        await keep(tx, subject, event, event.data.model_dump(mode="json"))

    return Consumer(subject, Whole, kept)


SUBJECTS: tuple[str, ...] = tuple(sorted(json.loads(_DOCUMENT.read_text(encoding="utf-8"))["channels"]))
CONSUMERS: tuple[Consumer, ...] = tuple(consumer_of(subject) for subject in SUBJECTS)
EVENT_TYPES: tuple[str, ...] = tuple(sorted({type_of(subject) for subject in SUBJECTS}))
