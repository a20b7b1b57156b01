"""Notices of all services are listed by place, customer, record and state."""

from __future__ import annotations

from alembic import op

from shared.migrations import follows, scoped

revision = "20261125_0550"
down_revision = "20261125_0540"

_PERSONS = ", ".join(f"coalesce(current_setting('anlan.{one}', true), '')" for one in ("person", "principal"))


def upgrade() -> None:
    op.execute('alter table notices_seen add column org_path text collate "C"')
    op.execute("alter table notices_seen add column created_at timestamptz")
    op.execute("alter table notices_seen add column kind text")
    op.execute("""
        update notices_seen set created_at = at, org_path = coalesce(
          (select path from record_references where record_id = about_id), '00')""")
    op.execute("alter table notices_seen alter column org_path set not null, alter column created_at set not null")
    op.execute("create index notices_seen_in_scope on notices_seen (org_path, created_at desc, notice_id desc)")
    scoped("notices_seen")
    follows("notices_seen", index=False)
    # restrictive: it narrows the scope's own policy
    op.execute(
        "create policy not_the_kept_out on notices_seen as restrictive for select using (not exists"  # noqa: S608
        f" (select from kept_out where person_id in ({_PERSONS}) and record_id = about_id))"
    )
