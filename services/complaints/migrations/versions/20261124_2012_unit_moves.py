"""Records follow the unit that moves or is merged; what was decided keeps the unit of its time."""

from __future__ import annotations

from shared.migrations import directory_2, follows, keeps, unit_moves_1

revision = "20261124_2012"
down_revision = "20261124_0900"


def upgrade() -> None:
    unit_moves_1()
    directory_2()
    follows("complaints", index=False)
    follows("complaints", "owner_path")
    follows("complaints", "unit_code")
    follows("claim_references", "path")
    # resolved by the copy of the tree when it is read
    keeps("policy_references", "unit_code")
