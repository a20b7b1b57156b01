"""When a renewal is remembered, and what refers it up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from shared.clock import legal_day
from shared.errors import Forbidden, StateConflict, Text


class RenewalStatus(StrEnum):
    OPEN = "open"
    REFERRED = "referred"
    AGREED = "agreed"
    DECLINED = "declined"
    ENDED = "ended"


OVERDUE_INSPECTION, KEY_RISK_FILE = "overdue_inspection", "key_risk_file_missing"


class DecidedAbove(Forbidden):
    """Member: `unit_code` of the unit that decides."""

    code = "renewal_referred_up"
    title = Text("续保已上报", "The renewal was referred up")
    detail = Text("该续保由上级机构 {unit_code} 决定。", "Unit {unit_code} above decides this renewal.")


@dataclass(frozen=True, slots=True)
class Signal:
    """What risk has open: an `inspection` with the day it was due on, or a `key_risk_file`."""

    kind: str
    overdue_since: date | None = None


def stage_day(ends_at: datetime, days: int) -> date:
    """The day on which a reminder `days` before the end is due."""
    return legal_day(ends_at) - timedelta(days=days)


def reasons(signals: Iterable[Signal], today: date, overdue_days: int) -> list[str]:
    """What stands against a renewal, each once: an inspection overdue for more than `overdue_days`, a key-risk file
    that is asked for.
    """
    found = set()
    for one in signals:
        if one.kind == "key_risk_file":
            found.add(KEY_RISK_FILE)
        elif one.overdue_since is not None and (today - one.overdue_since).days > overdue_days:
            found.add(OVERDUE_INSPECTION)
    return sorted(found)


def judged(status: RenewalStatus, against: Sequence[str], *, compulsory: bool) -> RenewalStatus:
    """Where a renewal stands: referred while something stands against it, open otherwise; what was decided stays.

    A compulsory line is never referred: its renewal may not be delayed (安全生产责任保险实施办法 2025 art. 16).
    """
    if status not in (RenewalStatus.OPEN, RenewalStatus.REFERRED):
        return status
    return RenewalStatus.REFERRED if against and not compulsory else RenewalStatus.OPEN


def may_decide(status: RenewalStatus, referred_path: str | None, scope: str, unit_code: str | None) -> None:
    """Refuse to decide what was not referred (409), or below the unit that it was referred to (403)."""
    if status is not RenewalStatus.REFERRED:
        moves = [str(RenewalStatus.REFERRED)] if status is RenewalStatus.OPEN else []
        raise StateConflict(current_state=str(status), legal_moves=moves)
    above = referred_path is None or referred_path == scope or referred_path.startswith(f"{scope}.")
    if not above:
        raise DecidedAbove(unit_code=unit_code or "")
