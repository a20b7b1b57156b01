"""Whoever must stay out of a record does not hear of it in the feed."""

from __future__ import annotations

from alembic import op

revision = "20261124_2401"
down_revision = "20261124_2004"


def upgrade() -> None:
    op.execute("""
        create table feed_kept_out (
          person_id uuid not null,
          record_id uuid not null,
          primary key (person_id, record_id)
        )""")
