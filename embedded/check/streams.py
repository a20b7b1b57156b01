"""The streams and their durables: state from the monitoring page, messages as the bootstrap user reads them."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Mapping
from typing import Any

from embedded.check.stores import Durable, Message
from shared.messaging import Bus
from shared.streams import STREAMS

_AT_ONCE = 64


def stream_states(monitor_url: str, account: str = "APP") -> dict[str, Mapping[str, Any]]:
    """Stream → its part of the page: `state` with the first and last sequence, `consumer_detail`. Blocking."""
    url = f"{monitor_url.rstrip('/')}/jsz?acc={account}&accounts=true&streams=true&consumers=true&config=true"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=10) as answer:
        page = json.load(answer)
    accounts = [one for one in page.get("account_details", []) if one["name"] == account]
    return {one["name"]: one for each in accounts for one in each.get("stream_detail", [])}


def durables_of(states: Mapping[str, Mapping[str, Any]]) -> list[Durable]:
    """Every consumer of every stream."""
    return [_durable(stream, one) for stream, state in states.items() for one in state.get("consumer_detail") or []]


def _durable(stream: str, one: Mapping[str, Any]) -> Durable:
    config = one.get("config", {})
    subjects = config.get("filter_subjects") or [config.get("filter_subject", ">")]
    return Durable(stream, one["name"], tuple(sorted(subjects)), one["num_pending"], one["num_ack_pending"])


async def messages_of(url: str, seed: str, states: Mapping[str, Mapping[str, Any]]) -> list[Message]:
    """Every message that the streams hold, stream by stream in order. Raises `BusUnreachable`, `StreamMissing`."""
    bus = Bus(url, name="boot", seed=seed)
    await bus.open(10)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def read(stream: str, sequence: int) -> Message | None:
        async with gate:
            stored = await bus.stored(stream, sequence)
        return None if stored is None else Message(stream, stored[0], _event(stored[1]))

    try:
        found = []
        for stream in STREAMS:
            state = states[stream]["state"]
            wanted = range(state["first_seq"], state["last_seq"] + 1)
            found += await asyncio.gather(*(read(stream, sequence) for sequence in wanted))
        return [one for one in found if one is not None]
    finally:
        await bus.close()


def _event(body: bytes) -> Mapping[str, Any]:
    try:
        event = json.loads(body)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
