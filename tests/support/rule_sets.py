"""The rule sets of the repository, read for tests of pure rules."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from shared.calendar import BusinessCalendar
from shared.deadline_registry import DeadlineRegistry

ROOT = Path(__file__).parents[2]
CALENDARS = ROOT / "gateway/authority/rule_sets/calendars.2026-1.toml"


def read(path: Path) -> dict[str, Any]:
    """One rule set file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def seeded_calendar() -> BusinessCalendar:
    """The calendar as it is delivered."""
    rule_set = read(CALENDARS)
    return BusinessCalendar.from_content(rule_set["content"], rule_set["version"])


@cache
def seeded_registry(service: str) -> DeadlineRegistry:
    """The deadline registry of `service` as it is delivered."""
    return DeadlineRegistry.from_content(read(ROOT / f"services/{service}/rule_sets/deadlines.2026-1.toml")["content"])
