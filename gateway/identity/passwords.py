"""Passwords: argon2id, computed in a thread, a few at a time, and at the same cost for an unknown login."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""19 MiB, two passes: the smallest setting that OWASP recommends for argon2id, so a burst of sign-ins stays small."""
_AT_ONCE = asyncio.Semaphore(4)


def hash_of(password: str) -> str:
    """The hash to store; blocks for some 30 ms. For commands and seeds; a request uses `hashed`."""
    return _HASHER.hash(password)


@cache
def _nobody() -> str:
    """A hash that no password opens, for the time that an unknown login takes."""
    return _HASHER.hash("\0")


def _matches(stored: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


async def hashed(password: str) -> str:
    """The hash to store."""
    async with _AT_ONCE:
        return await asyncio.to_thread(hash_of, password)


async def matches(stored: str | None, password: str) -> bool:
    """Whether `password` opens `stored`; None takes as long and never does."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_matches, stored, password)


async def matches_any(stored: Sequence[str], password: str) -> bool:
    """Whether `password` opens one of `stored`."""
    for one in stored:
        if await matches(one, password):
            return True
    return False
