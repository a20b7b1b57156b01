"""Parts of a report sent from the field, in any order and more than once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.risk.inspection.rules import refuse_future


def is_news(stored: Mapping[str, Any] | None, client_id: str, written_at: datetime) -> bool:
    """Whether a part replaces what is stored: not when it is the same once more, nor when it was written earlier."""
    if stored is None:
        return True
    held_at = datetime.fromisoformat(stored["written_at"])
    return written_at > held_at or (written_at == held_at and client_id != stored["client_id"])


def check_written(written_at: datetime, now: datetime) -> None:
    """Refuse (422) a part that will be written."""
    refuse_future(written_at, now, "#/written_at")
