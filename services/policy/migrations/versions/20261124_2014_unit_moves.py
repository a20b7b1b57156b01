"""Records follow the unit that moves or is merged; what was decided keeps the unit of its time."""

from __future__ import annotations

from shared.migrations import directory_2, follows, keeps, unit_moves_1

revision = "20261124_2014"
down_revision = "20261124_0900"


def upgrade() -> None:
    unit_moves_1()
    directory_2()
    follows("policies", index=False)
    follows("policies", "unit_code")
    follows("reconciliation_items", index=False)
    # resolved by the copy of the tree when it is read
    keeps("customer_references", "unit_code")
