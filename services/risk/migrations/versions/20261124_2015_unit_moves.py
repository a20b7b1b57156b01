"""Records follow the unit that moves or is merged; what was decided keeps the unit of its time."""

from __future__ import annotations

from shared.migrations import directory_2, follows, unit_moves_1

revision = "20261124_2015"
down_revision = "20261124_0900"


def upgrade() -> None:
    unit_moves_1()
    directory_2()
    for table in ("hazards", "key_risk_files", "inspection_plans", "inspections"):
        follows(table, index=False)
        follows(table, "unit_code")
    follows("policies_seen", "path")
    follows("policies_seen", "unit_code")
    follows("claims_seen", "path")
