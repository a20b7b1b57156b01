"""One trace from the gateway to the effect of an event, in the W3C `traceparent` form.

Without an exporter the ids still travel: they are what a log line at the far end is found by.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def traceparent() -> str:
    """The current trace; a new one is begun where there is none."""
    current = _current.get()
    if current is None:
        current = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        _current.set(current)
    return current


def trace_id() -> str:
    """The 32 hexadecimal digits that all parts of the current trace share."""
    return traceparent().split("-")[1]


@contextmanager
def continue_trace(received: str | None) -> Iterator[str]:
    """Work inside the trace named by `received`, as a new span of it; an absent or malformed one begins a new trace."""
    known = received if received and _FORM.fullmatch(received) else None
    trace = secrets.token_hex(16) if known is None else known.split("-")[1]
    token = _current.set(f"00-{trace}-{secrets.token_hex(8)}-01")
    try:
        yield _current.get() or ""
    finally:
        _current.reset(token)
