"""Webhooks and their deliveries, where the feed stands."""

from __future__ import annotations

from alembic import op

revision = "20261124_2004"
down_revision = "20261124_2003"


def upgrade() -> None:
    op.execute("select 1")
