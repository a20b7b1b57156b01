"""One trace from the gateway to the effect of an event, in the W3C `traceparent` form.

Without an exporter the ids still travel: they are what a log line at the far end is found by.
"""

from __future__ import annotations

import random
import re
from contextvars import ContextVar

_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_LOW = (1 << 128) - 1
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def _fresh() -> str:
    """48 hexadecimal digits, neither the first 16 nor the last 32 all zero. They are a name and no secret."""
    while True:
        found = random.getrandbits(192)
        if found >> 128 and found & _LOW:
            return f"{found:048x}"


def traceparent() -> str:
    """The current trace; a new one is begun where there is none."""
    current = _current.get()
    if current is None:
        fresh = _fresh()
        current = f"00-{fresh[16:]}-{fresh[:16]}-01"
        _current.set(current)
    return current


def trace_id() -> str:
    """The 32 hexadecimal digits that all parts of the current trace share."""
    return traceparent()[3:35]


class continue_trace:
    """Work inside the trace named by `received`, as a new span of it; an absent or malformed one begins a new trace."""

    __slots__ = ("_parent", "_token")

    def __init__(self, received: str | None) -> None:
        fresh = _fresh()
        trace = received[3:35] if received is not None and _FORM.fullmatch(received) else fresh[16:]
        self._parent = f"00-{trace}-{fresh[:16]}-01"

    def __enter__(self) -> str:
        self._token = _current.set(self._parent)
        return self._parent

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
