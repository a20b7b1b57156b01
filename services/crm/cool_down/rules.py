"""Whoever was asked is left alone for a while, by visits and surveys alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.clock import rfc3339


@dataclass(frozen=True)
class Ask:
    """A customer was asked: `kind` is `return_visit` or `survey`, `about_id` that record."""

    kind: str
    about_id: UUID
    asked_at: datetime


@dataclass(frozen=True)
class LeftAlone:
    """Until when a customer is not asked, and what he was asked last."""

    until: datetime
    last: Ask

    def shown(self) -> dict[str, Any]:
        """As lists and records say it."""
        last = {"kind": self.last.kind, "id": str(self.last.about_id), "asked_at": rfc3339(self.last.asked_at)}
        return {"until": rfc3339(self.until), "because": last}


def left_alone(asks: Iterable[Ask], now: datetime, days: int) -> LeftAlone | None:
    """Whether somebody who was asked so is left alone now; by the latest ask. `days` 0: nobody is."""
    last = max(asks, key=lambda one: (one.asked_at, str(one.about_id)), default=None)
    if last is None or last.asked_at + timedelta(days=days) <= now:
        return None
    return LeftAlone(last.asked_at + timedelta(days=days), last)
