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
    # crm does not hear itself: its own notices are listed as they change
    op.execute("""
        create function notice_seen() returns trigger language plpgsql as $$
        begin
          insert into notices_seen as seen
            (notice_id, service, about_id, channel, state, at, record_version, org_path, created_at, kind)
          values
            (new.id, 'crm', new.record_id, new.channel, new.state, new.updated_at, 1, new.org_path, new.created_at, new.kind)
          on conflict (notice_id) do update
            set state = excluded.state, at = excluded.at, record_version = seen.record_version + 1;
          return null;
        end $$""")
    op.execute("""
        create trigger notice_seen after insert or update of state on notices
          for each row execute function notice_seen()""")
