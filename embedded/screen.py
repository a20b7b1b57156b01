"""What the person at the terminal sees: one line for each step, with its time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str = "") -> None:
    """One line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def step(name: str) -> Iterator[list[str]]:
    """A line `name … result (time)` when the block ends; what is appended to the list becomes the result."""
    began = time.monotonic()
    told: list[str] = []
    try:
        yield told
    except BaseException:
        say(f"  ✘ {name:<34} {time.monotonic() - began:6.1f} s")
        raise
    say(f"  ✔ {name:<34} {time.monotonic() - began:6.1f} s  {' '.join(told)}".rstrip())
