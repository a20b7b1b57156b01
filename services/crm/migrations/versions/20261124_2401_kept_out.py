"""Whoever must stay out of a complaint does not read here either who complained."""

from __future__ import annotations

from alembic import op

revision = "20261124_2401"
down_revision = "20261124_2300"

_PERSONS = ", ".join(f"coalesce(current_setting('anlan.{one}', true), '')" for one in ("person", "principal"))


def upgrade() -> None:
    op.execute("""
        create table kept_out (
          person_id text collate "C" not null,
          record_id uuid not null,
          primary key (person_id, record_id)
        )""")
    for table in ("timeline_entries", "return_visits", "findings"):
        # restrictive: it narrows the scope's own policy
        op.execute(
            f"create policy not_the_kept_out on {table} as restrictive for select using (not exists"  # noqa: S608
            f" (select from kept_out where person_id in ({_PERSONS}) and record_id = about_id))"
        )
