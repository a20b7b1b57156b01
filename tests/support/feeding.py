"""Events for the gateway's feed, as they come from the streams; and a reader of the live feed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from gateway.consumers import CONSUMERS
from shared.clock import SHANGHAI, rfc3339
from shared.database import Database
from shared.events import encode, schema_of, type_of
from shared.ids import uuid7
from shared.inbox import Arrival, Inbox, Outcome

REPORTED = "claims.claim.reported.v1"
CUSTOMER = "crm.customer.changed.v1"
NANJING, WUXI, HANGZHOU = "00.32.3201.320102", "00.32.3202.320205", "00.33.3301.330101"


def event(
    subject: str = REPORTED, org_path: str = NANJING, *, record_id: UUID | None = None, version: int = 1, **data: Any
) -> dict[str, Any]:
    """A whole event, as a relay sends it."""
    return {
        "specversion": "1.0",
        "id": str(uuid7()),
        "source": subject.partition(".")[0],
        "type": type_of(subject),
        "subject": str(record_id or uuid4()),
        "time": rfc3339(datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI)),
        "datacontenttype": "application/json",
        "dataschema": schema_of(subject),
        "orgpath": org_path,
        "recordversion": version,
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "data": data,
    }


async def arrive(db: Database, *events: dict[str, Any]) -> None:
    """These events come in, one after the other."""
    inbox = Inbox(db, CONSUMERS)
    for one in events:
        subject = f"{one['type']}.v1"
        taken = await inbox.take(Arrival.of(subject, encode(one)))
        assert taken.outcome in (Outcome.APPLIED, Outcome.SEEN), taken


class Listening:
    """What a live feed has sent so far."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next_event(self, wait_s: float = 5) -> dict[str, Any]:
        """The next event, comments passed over. Raises `TimeoutError`, and `StopAsyncIteration` at the end."""
        found: dict[str, Any] = {}
        async with asyncio.timeout(wait_s):
            while True:
                line = await anext(self._lines)
                name, _, value = line.partition(": ")
                if not line and "data" in found:
                    return {**found, "data": json.loads(found["data"])}
                if name:
                    found[name] = value

    async def until_end(self, wait_s: float = 10) -> list[str]:
        """All lines until the server ends the stream."""
        async with asyncio.timeout(wait_s):
            return [line async for line in self._lines]


@asynccontextmanager
async def listening(
    client: httpx.AsyncClient, token: str, last_event_id: str | None = None
) -> AsyncIterator[Listening]:
    """The live feed of whoever holds the token; its first line has arrived."""
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
    async with client.stream("GET", "/v1/stream", headers=headers, timeout=30) as response:
        if response.status_code != 200:
            await response.aread()
        yield Listening(response)
