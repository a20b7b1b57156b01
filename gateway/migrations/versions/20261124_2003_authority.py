"""Proposals of tables and rule sets, and who published them."""

from __future__ import annotations

from alembic import op

revision = "20261124_2003"
down_revision = "20261124_2002"


def upgrade() -> None:
    op.execute("select 1")
