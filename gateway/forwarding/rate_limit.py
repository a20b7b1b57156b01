"""How often: the generic cell rate algorithm, one cell for each person or client and class of route.

A cell is one number, the moment at which it would be full again. It lives in this process: with several processes of
the gateway each lets its own share through. Requests that nobody signed count for their network address.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from shared.actor import Actor
from shared.errors import RateLimited

MOST_CELLS = 50_000
MACHINES = frozenset({"core_system"})
SIGN_IN = frozenset({"/v1/session", "/v1/session/refresh", "/v1/token"})


def signs_in(scope: Any) -> bool:
    """Whether the request asks for tokens."""
    return scope["method"] == "POST" and scope["path"] in SIGN_IN


@dataclass(frozen=True)
class RatePolicy:
    """At most `quota` requests in `window` seconds, evenly refilled."""

    name: str
    quota: int
    window: int = 60

    @cached_property
    def header(self) -> bytes:
        return f'"{self.name}";q={self.quota};w={self.window}'.encode()


class RateStanding(NamedTuple):
    """What is left after a request: `remaining` at once, and `reset` seconds until the cell is full again."""

    policy: RatePolicy
    allowed: bool
    remaining: int
    reset: int
    retry_after: int = 0

    def headers(self) -> list[tuple[bytes, bytes]]:
        limit = f'"{self.policy.name}";r={self.remaining};t={self.reset}'
        return [(b"ratelimit-policy", self.policy.header), (b"ratelimit", limit.encode())]


class Cells:
    """The cells of one process; `clock` in seconds, only ever forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST_CELLS) -> None:
        self._clock = clock
        self._most = most
        self._full_at: dict[Hashable, float] = {}

    def take(self, key: Hashable, policy: RatePolicy) -> RateStanding:
        """Count one request; a refused one costs nothing."""
        now = self._clock()
        each = policy.window / policy.quota
        full_at = max(self._full_at.pop((key, policy.name), now), now)
        debt = full_at - now
        allowed = debt + each <= policy.window + 1e-9
        if allowed:
            full_at += each
        self._full_at[(key, policy.name)] = full_at
        self._forget(now)
        left = policy.window - (full_at - now)
        return RateStanding(
            policy=policy,
            allowed=allowed,
            remaining=max(0, math.floor(left / each + 1e-9)),
            reset=math.ceil(full_at - now),
            retry_after=0 if allowed else max(1, math.ceil(debt + each - policy.window)),
        )

    def _forget(self, now: float) -> None:
        """The longest unused cells first: a cell that is full again says nothing."""
        while self._full_at:
            oldest = next(iter(self._full_at))
            if len(self._full_at) <= self._most and self._full_at[oldest] > now:
                return
            if len(self._full_at) == 1:
                return
            del self._full_at[oldest]


@dataclass(frozen=True, slots=True)
class Quotas:
    """Requests a minute."""

    read: int = 600
    write: int = 300
    machine: int = 6000
    sign_in: int = 60
    source: int = 300


class RateLimit:
    """Counts each request once, in the cell of whoever sent it, and remembers the standing in the request's state."""

    def __init__(self, quotas: Quotas | None = None, cells: Cells | None = None) -> None:
        chosen = quotas or Quotas()
        self.cells = cells or Cells()
        self.policies = {
            ("user", "read"): RatePolicy("user", chosen.read),
            ("user", "write"): RatePolicy("user-write", chosen.write),
            ("client", "read"): RatePolicy("client", chosen.machine),
            ("client", "write"): RatePolicy("client-write", chosen.machine),
            ("source", "sign_in"): RatePolicy("sign-in", chosen.sign_in),
            ("source", "any"): RatePolicy("source", chosen.source),
        }

    def count_caller(self, scope: Any, actor: Actor) -> None:
        """Raises `RateLimited` where the caller's cell is empty."""
        who = "client" if actor.position in MACHINES else "user"
        reads = scope["method"] in ("GET", "HEAD") or scope["path"].endswith("/searches")
        self._count(scope, actor.person_id, self.policies[who, "read" if reads else "write"])

    def count_source(self, scope: Any, source: str) -> None:
        """Once for a request. Raises `RateLimited` where the cell of the network address is empty."""
        if "rate" in scope["state"]:
            return
        kind = "sign_in" if signs_in(scope) else "any"
        self._count(scope, source, self.policies["source", kind])

    def _count(self, scope: Any, key: Hashable, policy: RatePolicy) -> None:
        standing = self.cells.take(key, policy)
        scope["state"]["rate"] = standing
        if not standing.allowed:
            raise RateLimited(retry_after=standing.retry_after)
