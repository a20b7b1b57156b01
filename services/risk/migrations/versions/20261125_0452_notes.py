"""Notes of colleagues on the records of loss prevention."""

from __future__ import annotations

from alembic import op

from shared.migrations import follows, scoped

revision = "20261125_0452"
down_revision = "20261125_0451"


def upgrade() -> None:
    op.execute("""
        create table record_notes (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          record_type text not null,
          record_id uuid not null,
          text text not null,
          mentions jsonb not null,
          person_id uuid not null,
          staff_no text not null,
          position text not null
        )""")
    op.execute("create index record_notes_of on record_notes (record_id, id)")
    scoped("record_notes")
    follows("record_notes")
