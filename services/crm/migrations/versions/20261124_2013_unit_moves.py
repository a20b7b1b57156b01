"""Records follow the unit that moves or is merged; what was decided keeps the unit of its time."""

from __future__ import annotations

from shared.migrations import directory_2, follows, unit_moves_1

revision = "20261124_2013"
down_revision = "20261124_0900"


def upgrade() -> None:
    unit_moves_1()
    directory_2()
    follows("customers", index=False)
    follows("customers", "unit_code")
    follows("customer_assignments", "unit_code", while_null="to_at")
    follows("waiting_entries", "path")
    follows("record_references", "path")
