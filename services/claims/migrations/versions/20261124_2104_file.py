"""Loans, supplements, destruction, statistics."""

from __future__ import annotations

from alembic import op

revision = "20261124_2104"
down_revision = "20261124_2103"


def upgrade() -> None:
    op.execute("select 1")
