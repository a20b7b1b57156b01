"""Time: one clock for all processes.

`now` is the database's `transaction_timestamp()` plus a shift that every process reads from the file named by
`ANLAN_CLOCK_FILE` (seconds, may be fractional). Tests and the demonstration move the file, so a demonstration at noon
can play 02:40; in production a process refuses to start with it. Without the variable there is no shift. Legal days
are days of Asia/Shanghai, whatever the host's zone.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, PlainSerializer, WithJsonSchema

SHANGHAI = ZoneInfo("Asia/Shanghai")

_VARIABLE = "ANLAN_CLOCK_FILE"


class ClockForbidden(RuntimeError):
    """A movable clock was configured in production."""


def refuse_in_production() -> None:
    """Raise `ClockForbidden` if this process could be shown another time than the database's."""
    if os.environ.get("ANLAN_ENVIRONMENT") == "production" and os.environ.get(_VARIABLE):
        raise ClockForbidden(f"{_VARIABLE} must not be set in production")


def shift() -> timedelta:
    """How far the clock file moves this process's time; zero without the file."""
    name = os.environ.get(_VARIABLE)
    if not name:
        return timedelta()
    try:
        text = Path(name).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return timedelta()
    return timedelta(seconds=float(text or 0))


def process_now() -> datetime:
    """This process's clock with the shift, for what happens outside a transaction (tokens, caches, logs)."""
    moved = shift()
    return (datetime.now(UTC) + moved).astimezone(SHANGHAI) if moved else datetime.now(SHANGHAI)


def legal_day(instant: datetime) -> date:
    """The day of Asia/Shanghai on which `instant` lies."""
    return instant.astimezone(SHANGHAI).date()


def at_midnight(day: date) -> datetime:
    """00:00 +08:00 of `day`."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def rfc3339(instant: datetime) -> str:
    """`instant` as every answer writes it: `2026-11-22T15:04:05.123+08:00`, milliseconds only where there are any.

    A fraction below a millisecond is dropped: what was written, read back and written again stays the same text.
    """
    local = instant.astimezone(SHANGHAI)
    return local.isoformat(timespec="milliseconds" if local.microsecond >= 1_000 else "seconds")


def _in_shanghai(value: datetime) -> datetime:
    return value.astimezone(SHANGHAI)


def _written(value: Any) -> str:
    return rfc3339(value)


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_in_shanghai),
    PlainSerializer(_written, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-22T15:04:05.123+08:00"]}),
]
"""An instant: any offset in, always +08:00 out."""
