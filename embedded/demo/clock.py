"""The time of the story: the clock that all processes of the installation share, moved forward and never back."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from shared.clock import process_now, rfc3339, shift


class StoryClock:
    """Moves the file that `ANLAN_CLOCK_FILE` names; this process reads it as all others do."""

    def __init__(self, file: Path) -> None:
        self._file = file
        os.environ["ANLAN_CLOCK_FILE"] = str(file)

    @property
    def now(self) -> datetime:
        return process_now()

    @property
    def said(self) -> str:
        """Now, as requests state it."""
        return rfc3339(process_now())

    def next(self, hour: int, minute: int) -> datetime:
        """The next time that the clock of the story shows this hour, Asia/Shanghai."""
        now = process_now()
        wanted = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return wanted if wanted > now else wanted + timedelta(days=1)

    def forward_to(self, instant: datetime) -> timedelta:
        """Let it be `instant` for every process at once; by how much. An instant in the past changes nothing."""
        ahead = instant - process_now()
        if ahead <= timedelta():
            return timedelta()
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{(shift() + ahead).total_seconds():.6f}", encoding="ascii")
        draft.replace(self._file)  # no reader ever sees half a number
        return ahead
