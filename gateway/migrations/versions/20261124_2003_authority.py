"""Tables of limits are found by day, by who proposed and who published them; a published one never changes again."""

from __future__ import annotations

from alembic import op

revision = "20261124_2003"
down_revision = "20261124_2002"


def upgrade() -> None:
    op.execute("create index authority_tables_by_day on authority_tables (effective_from desc, id desc)")
    op.execute("create index rule_set_versions_by_day on rule_set_versions (kind, effective_from desc, id desc)")
    op.execute(
        "alter table authority_tables add constraint authority_tables_two_persons"
        " check (published_by is null or proposed_by is null or published_by <> proposed_by)"
    )
    op.execute("""
        create function published_stays() returns trigger language plpgsql as $$
        begin
          if old.published and (new.published, new.entries, new.effective_from, new.table_version)
             is distinct from (old.published, old.entries, old.effective_from, old.table_version) then
            raise exception 'a published table of limits never changes';
          end if;
          return new;
        end $$""")
    op.execute("""
        create trigger authority_tables_stay before update on authority_tables
        for each row execute function published_stays()""")
