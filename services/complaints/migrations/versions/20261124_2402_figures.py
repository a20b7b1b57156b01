"""What is counted of each complaint, kept beside it; monthly reports; exports. Nobody deletes or re-dates a complaint."""

from __future__ import annotations

from alembic import op

from shared.migrations import exports_1, follows, keeps, part_of, scoped

revision = "20261124_2402"
down_revision = "20261124_2401"


def upgrade() -> None:
    _figures()
    _exclusions()
    _kept_by_triggers()
    _what_is_there()
    _unchangeable()
    _reports()
    exports_1()
    # policies for every 10,000 of which complaints are told are counted from the index alone
    op.execute("create index policy_references_counted on policy_references (unit_code, product)")


def _figures() -> None:
    """What can be counted is a number here: a million rows are grouped by numbers three times as fast as by texts."""
    op.execute(
        "create table complaint_words (id integer generated always as identity primary key, word text not null unique)"
    )
    op.execute("""
        create function complaint_word(told text) returns integer language plpgsql as $$
        declare found integer;
        begin
          select id into found from complaint_words where word = told;
          if found is null and told is not null then
            insert into complaint_words (word) values (told) on conflict do nothing;
            select id into found from complaint_words where word = told;
          end if;
          return found;
        end
        $$""")
    op.execute("""
        create table complaint_figures (
          complaint_id uuid primary key references complaints (id),
          received_on date not null,
          received_month date not null,
          unit integer not null,
          cause integer not null,
          channel integer not null,
          timeliness integer not null,
          product integer,
          outcome integer,
          seller_id uuid,
          org_path text collate "C" not null,
          branch text collate "C" not null generated always as (coalesce(nullif(split_part(org_path, '.', 2), ''), org_path)) stored,
          central text collate "C" not null generated always as (
            coalesce(nullif(split_part(org_path, '.', 3), ''), nullif(split_part(org_path, '.', 2), ''), org_path)) stored
        )""")
    op.execute("create index complaint_figures_in_scope on complaint_figures (org_path, received_on)")
    part_of("complaint_figures", "complaints", "complaint_id")
    # The scope is asked for once, not once a row.
    scope = "(select current_setting('anlan.scope', true))"
    within = f"org_path >= {scope} and org_path < {scope} || '/'"
    op.execute("drop policy org_scope on complaint_figures")
    op.execute(f"create policy org_scope on complaint_figures using ({within}) with check ({within})")


def _exclusions() -> None:
    """Who is kept out of which complaint: what those persons ask for is counted without it."""
    op.execute("""
        create table complaint_exclusions (
          person_id uuid not null,
          complaint_id uuid not null references complaints (id),
          primary key (person_id, complaint_id)
        )""")


COUNTED = """
  timezone('Asia/Shanghai', new.received_at)::date,
  date_trunc('month', timezone('Asia/Shanghai', new.received_at))::date,
  complaint_word(new.unit_code), complaint_word(new.cause), complaint_word(new.channel),
  complaint_word(case when new.breached_at is not null or new.notified_at >= new.due_at then 'late'
    when new.status not in ('merged', 'withdrawn') and new.notified_at is null
      and not (new.lead and new.decided_at is not null) then 'running'
    else 'in_time' end),
  complaint_word(new.product),
  complaint_word(case when new.status in ('merged', 'withdrawn') then new.status else new.outcome end), new.seller_id"""
COLUMNS = "received_on, received_month, unit, cause, channel, timeliness, product, outcome, seller_id"
READ = (
    *("unit_code", "cause", "channel", "product", "seller_id", "status", "outcome", "breached_at", "notified_at"),
    *("due_at", "lead", "decided_at"),
)


def _kept_by_triggers() -> None:
    """In the transaction of the change, one row for each complaint: nobody waits for anybody, nothing is out of date."""
    op.execute(f"""
        create function complaint_counts_begin() returns trigger language plpgsql as $$
        begin
          insert into complaint_figures (complaint_id, org_path, {COLUMNS}) select new.id, new.org_path, {COUNTED};
          return null;
        end
        $$""")
    op.execute(f"""
        create function complaint_counts_change() returns trigger language plpgsql as $$
        begin
          update complaint_figures set ({COLUMNS}) = (select {COUNTED}) where complaint_id = new.id;
          return null;
        end
        $$""")  # noqa: S608 - names of this module only
    op.execute("""
        create function complaint_keeps_out() returns trigger language plpgsql as $$
        begin
          insert into complaint_exclusions (person_id, complaint_id)
          select distinct person::uuid, new.id from jsonb_array_elements_text(new.kept_out) as person
          on conflict do nothing;
          return null;
        end
        $$""")
    told = {row: ", ".join(f"{row}.{name}" for name in READ) for row in ("old", "new")}
    op.execute("""
        create trigger counts_begin after insert on complaints
          for each row execute function complaint_counts_begin()""")
    op.execute(f"""
        create trigger counts_change after update on complaints for each row
          when (({told["old"]}) is distinct from ({told["new"]})) execute function complaint_counts_change()""")
    op.execute("""
        create trigger keeps_out_first after insert on complaints for each row
          when (new.kept_out <> '[]') execute function complaint_keeps_out()""")
    op.execute("""
        create trigger keeps_out_more after update on complaints for each row
          when (old.kept_out is distinct from new.kept_out) execute function complaint_keeps_out()""")


def _what_is_there() -> None:
    op.execute("select set_config('anlan.scope', '00', true)")
    op.execute(f"""
        insert into complaint_figures (complaint_id, org_path, {COLUMNS})
        select new.id, new.org_path, {COUNTED} from complaints new""")  # noqa: S608 - names of this module only
    op.execute("""
        insert into complaint_exclusions (person_id, complaint_id)
        select distinct person::uuid, c.id from complaints c cross join lateral jsonb_array_elements_text(c.kept_out) person
        on conflict do nothing""")


def _unchangeable() -> None:
    """A complaint is closed, merged or withdrawn, never removed; its receipt, number and owner's clock stay."""
    op.execute("create trigger never_removed before delete on complaints for each row execute function refuse_change()")
    op.execute("""
        create trigger never_re_dated before update on complaints for each row when (
          old.received_at is distinct from new.received_at or old.complaint_no is distinct from new.complaint_no
          or old.created_at is distinct from new.created_at
        ) execute function refuse_change()""")


def _reports() -> None:
    op.execute("""
        create table complaint_reports (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          month date not null,
          unit_code text not null,
          person_id uuid not null,
          figures jsonb not null,
          page bytea not null,
          sha256 bytea not null
        )""")
    op.execute("create index complaint_reports_in_scope on complaint_reports (org_path, created_at)")
    scoped("complaint_reports")
    follows("complaint_reports", index=False)
    keeps("complaint_reports", "unit_code")
