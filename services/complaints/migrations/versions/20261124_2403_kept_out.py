"""Whoever must stay out of a complaint does not see the work on it either, nor the cases that grew out of it."""

from __future__ import annotations

from alembic import op

revision = "20261124_2403"
down_revision = "20261124_2402"

_PERSONS = ", ".join(f"coalesce(current_setting('anlan.{one}', true), '')" for one in ("person", "principal"))


def upgrade() -> None:
    op.execute("""
        create table kept_out (
          person_id text collate "C" not null,
          record_id uuid not null,
          primary key (person_id, record_id)
        )""")
    op.execute("select set_config('anlan.scope', '00', true)")
    for table in ("complaints", "mis_selling_cases"):
        op.execute(
            f"insert into kept_out select jsonb_array_elements_text(kept_out), id from {table} on conflict do nothing"  # noqa: S608
        )
    op.execute("""
        insert into kept_out select hidden.person_id, grown.id from mis_selling_cases grown
        join kept_out hidden on hidden.record_id = grown.source_id where grown.source_kind = 'complaint'
        on conflict do nothing""")
    for table, record in (("work_items", "work_items.record_id"), ("mis_selling_cases", "mis_selling_cases.id")):
        # restrictive: it narrows the scope's own policy
        op.execute(
            f"create policy kept_out_of_it on {table} as restrictive for select using (not exists"  # noqa: S608
            f" (select from kept_out where person_id in ({_PERSONS}) and kept_out.record_id = {record}))"
        )
