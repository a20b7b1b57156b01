"""Records follow the unit that moves or is merged; what was decided keeps the unit of its time."""

from __future__ import annotations

from shared.migrations import directory_2, follows, keeps, unit_moves_1

revision = "20261124_2011"
down_revision = "20261124_1200"


def upgrade() -> None:
    unit_moves_1()
    directory_2()
    follows("claims", index=False)
    follows("claims", "unit_code")
    # what was decided, paid or missed names the unit of its time
    keeps("claim_placements", "from_unit", "to_unit")
    keeps("claim_deadline_marks", "unit_code")
    keeps("approval_steps", "unit_code")
    keeps("payments", "unit_code")
    # resolved by the copy of the tree when it is read
    keeps("cover_versions", "unit_code")
