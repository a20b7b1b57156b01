"""Which officers a branch has named, and to which unit a customer belongs."""

from __future__ import annotations

from alembic import op

from shared.migrations import follows, scoped

revision = "20261124_2401"
down_revision = "20261124_2300"


def upgrade() -> None:
    op.execute("""
        create table complaint_officers (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          unit_code text not null,
          person_id uuid not null,
          staff_no text not null,
          duty text not null check (duty in ('full_time', 'deputy')),
          from_on date not null,
          to_on date,
          check (to_on is null or to_on >= from_on)
        )""")
    op.execute("create index complaint_officers_in_scope on complaint_officers (org_path, from_on desc, id desc)")
    op.execute("create index complaint_officers_of on complaint_officers (person_id)")
    scoped("complaint_officers")
    follows("complaint_officers", index=False)
    follows("complaint_officers", "unit_code")
    op.execute("""
        create table customer_references (
          customer_id uuid primary key,
          kind text not null,
          unit_code text not null,
          record_version integer not null
        )""")
    follows("customer_references", "unit_code")
