"""Advances, goodwill, recoveries, reopenings, letters."""

from __future__ import annotations

from alembic import op

revision = "20261124_2102"
down_revision = "20261124_2101"


def upgrade() -> None:
    op.execute("select 1")
