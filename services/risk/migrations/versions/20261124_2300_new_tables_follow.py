"""What came since follows a unit that moves, or keeps the unit of its time."""

from __future__ import annotations

from shared.migrations import follows

revision = "20261124_2300"
down_revision = "20261124_2150"


def upgrade() -> None:
    follows("letters")
    follows("notices")
