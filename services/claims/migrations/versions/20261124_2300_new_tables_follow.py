"""What came since follows a unit that moves, or keeps the unit of its time."""

from __future__ import annotations

from shared.migrations import follows, keeps

revision = "20261124_2300"
down_revision = "20261124_2104"


def upgrade() -> None:
    follows("letters")
    follows("notices")
    follows("duty_rosters", index=False)
    follows("duty_rosters", "unit_code", index=False)
    # counts and calls of a time that is over
    keeps("duty_calls", "org_path", "unit_code")
    keeps("claim_statistic_cells", "org_path")
    keeps("claim_statistic_changes", "org_path")
    follows("quality_checks", index=False)
    follows("quality_checks", "unit_code")
