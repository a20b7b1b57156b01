"""Crash points: named places where a test lets the process die as if it had been killed.

`crashpoint("outbox.after_commit")` does nothing unless the environment's `CRASHPOINT` names it; `CRASHPOINT=name@3`
dies at the third pass. The exit is immediate, without clean-up, with the status of a process ended by SIGKILL.

    outbox.after_commit     the change is committed, nothing published (the writer, and the relay at its start)
    outbox.after_puback     the stream has acknowledged; the row is not yet marked as sent
    inbox.before_commit     the effect is written, not committed (one pass for all events of a batch)
    inbox.after_commit      the effect is committed; the message is not acknowledged (likewise)
    ticks.before_commit     a due item is claimed and done, not committed
    ticks.after_commit      a due item is committed; the next one has not begun
    jobs.before_commit      a line of a job is carried out, not committed
    webhooks.after_answer   the target has answered; the delivery is not yet marked
    jobs.after_commit       a line of a job is committed; the next one has not begun
"""

from __future__ import annotations

import os
from collections import Counter

_VARIABLE = "CRASHPOINT"
_KILLED = 137

_passes: Counter[str] = Counter()


class CrashPointForbidden(RuntimeError):
    """A crash point was configured in production."""


def refuse_in_production() -> None:
    """Raise `CrashPointForbidden` if this process could be told to die."""
    if os.environ.get("ANLAN_ENVIRONMENT") == "production" and os.environ.get(_VARIABLE):
        raise CrashPointForbidden(f"{_VARIABLE} must not be set in production")


def crashpoint(name: str) -> None:
    """Die here if the environment says so."""
    wanted, _, nth = os.environ.get(_VARIABLE, "").partition("@")
    if wanted != name:
        return
    _passes[name] += 1
    if _passes[name] >= int(nth or 1):
        os._exit(_KILLED)
