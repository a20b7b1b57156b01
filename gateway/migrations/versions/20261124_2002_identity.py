"""Delegations, step-up, machine keys in pairs, an issuer outside."""

from __future__ import annotations

from alembic import op

revision = "20261124_2002"
down_revision = "20261124_2001"


def upgrade() -> None:
    op.execute("select 1")
