"""Notes between those who work on a claim."""

from __future__ import annotations

from alembic import op

from shared.migrations import part_of

revision = "20261124_2401"
down_revision = "20261124_2300"


def upgrade() -> None:
    op.execute("""
        create table claim_notes (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          text text not null check (text <> ''),
          mentions jsonb not null default '[]',
          person_id uuid not null,
          staff_no text not null,
          position text not null
        )""")
    op.execute("create index claim_notes_of on claim_notes (claim_id, created_at)")
    part_of("claim_notes", "claims", "claim_id")
    op.execute("""
        create trigger append_only before update on claim_notes for each row
          when ((to_jsonb(old) - 'org_path') is distinct from (to_jsonb(new) - 'org_path'))
          execute function refuse_change()""")
    op.execute(
        "create trigger never_removed before delete on claim_notes for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger never_emptied before truncate on claim_notes for each statement execute function refuse_change()"
    )
