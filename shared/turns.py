"""Whose turn it is: the events of one record wait for the first of them that failed, in the order they came."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from uuid import UUID

from shared.inbox import Arrival
from shared.streams import ACK_WAIT_S


@dataclass(slots=True)
class _Held:
    """The events of one record that wait for the first of them, in the order they came."""

    order: deque[UUID] = field(default_factory=deque)
    until: float = 0.0
    """Past this moment the first one is not expected any more (it was taken from the stream): the others go on."""


class Turns:
    """The records of one process that wait."""

    def __init__(self) -> None:
        self._held: dict[UUID, _Held] = {}

    def clear(self) -> None:
        self._held.clear()

    def waits_for(self, arrival: Arrival) -> bool:
        """Whether its record has an event that failed, be it this one."""
        return arrival.key in self._held

    def has_turn(self, arrival: Arrival) -> bool:
        """Whether this event may have its effect now; otherwise it is noted behind those before it."""
        held = self._held.get(arrival.key)
        if held is None or held.order[0] == arrival.event_id:
            return True
        if _now() > held.until:
            del self._held[arrival.key]
            return True
        if arrival.event_id not in held.order:
            held.order.append(arrival.event_id)
        return False

    def hold(self, arrival: Arrival, pause: float) -> None:
        """It failed and comes again after `pause` seconds; its record waits for it."""
        held = self._held.setdefault(arrival.key, _Held())
        if not held.order:
            held.order.append(arrival.event_id)
        held.until = _now() + pause + 2 * ACK_WAIT_S

    def release(self, arrival: Arrival) -> None:
        """It has had its effect, or never will: the next one of its record is the first."""
        held = self._held.get(arrival.key)
        if held is None or held.order[0] != arrival.event_id:
            return
        held.order.popleft()
        held.until = _now() + 2 * ACK_WAIT_S
        if not held.order:
            del self._held[arrival.key]


def _now() -> float:
    return asyncio.get_running_loop().time()
