"""The order of what the core system states: by `core_version`, in whatever order it arrives."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Applied(StrEnum):
    CURRENT = "current"
    HISTORY = "history"
    IGNORED = "ignored"


def applied(stored: Collection[int], number: int) -> Applied:
    """What becomes of version `number`: the newest is the customer's state, a lower one that was missing is kept, a
    repeated one is ignored whatever it says.
    """
    if number in stored:
        return Applied.IGNORED
    return Applied.CURRENT if number > max(stored, default=0) else Applied.HISTORY
