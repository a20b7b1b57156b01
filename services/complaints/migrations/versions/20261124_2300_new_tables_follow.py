"""What came since follows a unit that moves, or keeps the unit of its time."""

from __future__ import annotations

from shared.migrations import follows, keeps

revision = "20261124_2300"
down_revision = "20261124_2201"


def upgrade() -> None:
    follows("letters")
    follows("notices")
    follows("mis_selling_cases", index=False)
    follows("root_causes", "owner_path")
    # who decided what was decided
    keeps("complaints", "decided_path")
    keeps("compensation_steps", "unit_code")
