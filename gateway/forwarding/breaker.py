"""The fuse of one replica: after enough failures it is left alone for a while, then tried with one request."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from shared.errors import ServiceUnavailable

WATCHED = 10
FAILURES = 5
OPEN_S = 5.0


class Breaker:
    """Opens after `failures` of the last `watched` requests; lets one probe through every `open_s` seconds."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, watched: int = WATCHED, failures: int = FAILURES,
        open_s: float = OPEN_S,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._seen: deque[bool] = deque(maxlen=watched)
        self._failures = failures
        self._open_s = open_s
        self._opened_at: float | None = None
        self._probing = False

    @property
    def state(self) -> str:
        """`closed`, `open`, or `half_open` while a probe may run or runs."""
        if self._opened_at is None:
            return "closed"
        return "half_open" if self._clock() - self._opened_at >= self._open_s else "open"

    @property
    def closed(self) -> bool:
        return self._opened_at is None

    @property
    def may_probe(self) -> bool:
        """Whether the next request would be the one that tries again."""
        return self._opened_at is not None and not self._probing and self.state == "half_open"

    def enter(self) -> None:
        """Before a request. Raises `ServiceUnavailable` while the service is left alone, or its probe is under way."""
        if self._opened_at is None:
            return
        if not self.may_probe:
            raise ServiceUnavailable()
        self._probing = True

    def succeeded(self) -> None:
        """The service answered, whatever it said."""
        if self._probing:
            self._opened_at, self._probing = None, False
            self._seen.clear()
        self._seen.append(True)

    def failed(self, *, at_once: bool = False) -> None:
        """The service could not be reached, broke off, or did not answer in time.

        `at_once`: others serve in its place, so that nothing is lost by leaving it alone from the first failure on.
        """
        self._seen.append(False)
        if at_once or self._probing or self._seen.count(False) >= self._failures:
            self._opened_at, self._probing = self._clock(), False

    def left(self) -> None:
        """The request ended for a reason that says nothing about the service: its client went away."""
        self._probing = False
