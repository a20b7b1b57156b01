"""Tables that leave the system."""

from __future__ import annotations

from shared.migrations import exports_1

revision = "20261124_2402"
down_revision = "20261124_2401"


def upgrade() -> None:
    exports_1()
