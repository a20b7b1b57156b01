"""Losses before a rescission that are paid all the same."""

from __future__ import annotations

from alembic import op

revision = "20261125_0001"
down_revision = "20261124_2402"


def upgrade() -> None:
    op.execute("alter table cover_ends add column losses_paid boolean not null default false")
