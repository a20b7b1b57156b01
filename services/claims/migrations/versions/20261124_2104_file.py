"""Destruction of files by two persons, files given out as one archive, counts kept from change to change."""

from __future__ import annotations

from alembic import op

from shared.migrations import part_of, scoped

revision = "20261124_2104"
down_revision = "20261124_2103"

MONTH = "date_trunc('month', timezone('Asia/Shanghai', {}))::date"


def upgrade() -> None:
    _destructions()
    _exports()
    _cells()
    _months()
    _changes()


def _stays(table: str, *may_change: str) -> None:
    """Rows of a claim of which only the named columns change, and which are never removed."""
    free = "".join(f" - '{name}'" for name in ("org_path", *may_change))
    op.execute(f"""
        create trigger append_only before update on {table} for each row
          when ((to_jsonb(old){free}) is distinct from (to_jsonb(new){free}))
          execute function refuse_change()""")
    op.execute(f"create trigger never_removed before delete on {table} for each row execute function refuse_change()")
    op.execute(
        f"create trigger never_emptied before truncate on {table} for each statement execute function refuse_change()"
    )


def _destructions() -> None:
    op.execute("alter table claims add column dispute_ended_at timestamptz")
    op.execute("""
        create table file_destructions (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          volume_no text not null,
          keep_until date not null,
          reason text not null,
          requested_by uuid not null,
          status text not null check (status in ('requested', 'confirmed', 'rejected')),
          decided_by uuid,
          decided_at timestamptz,
          decision_reason text,
          papers jsonb not null default '[]',
          kept jsonb not null default '[]',
          files_gone_at timestamptz,
          check (decided_by is null or decided_by <> requested_by),
          check ((status = 'requested') = (decided_by is null))
        )""")
    op.execute("create unique index file_destructions_open on file_destructions (claim_id) where status = 'requested'")
    op.execute("create index file_destructions_of on file_destructions (claim_id, created_at)")
    op.execute("""
        create index file_destructions_left on file_destructions (decided_at)
          where status = 'confirmed' and files_gone_at is null""")
    part_of("file_destructions", "claims", "claim_id")
    decided = ("status", "decided_by", "decided_at", "decision_reason", "papers", "kept", "files_gone_at")
    _stays("file_destructions", *decided)
    op.execute("create index claims_by_closing on claims (closed_at, id) where closed_at is not null")
    op.execute("create index file_loans_due on file_loans (due_on) where returned_at is null")


def _exports() -> None:
    op.execute("""
        create table file_exports (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          purpose text not null,
          entries jsonb not null,
          manifest_sha256 text not null,
          person_id uuid not null
        )""")
    op.execute("create index file_exports_of on file_exports (claim_id)")
    part_of("file_exports", "claims", "claim_id")
    _stays("file_exports")


COUNTS = (
    *("reported_count", "open_count", "cancelled_count", "determined_count", "determination_days"),
    *("timed_decision_count", "late_decision_count", "decided_count", "refused_count", "overturned_count"),
    *("settled_count", "settlement_days", "timed_payment_count", "late_payment_count", "closed_count"),
    "payment_count",
)


def _cells() -> None:
    """A month of a product in a unit; and the months of units that are no longer right, a row for each change."""
    counts = ", ".join(f"{name} bigint not null" for name in COUNTS)
    op.execute(f"""
        create table claim_statistic_cells (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          line text not null,
          product text not null,
          month date not null,
          {counts},
          reserve_amount numeric(20,2) not null,
          paid_amount numeric(20,2) not null,
          unique (org_path, month, line, product)
        )""")
    op.execute("""
        create table claim_statistic_changes (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          month date not null
        )""")
    op.execute("create index claim_statistic_changes_of on claim_statistic_changes (org_path, month)")
    scoped("claim_statistic_cells")
    scoped("claim_statistic_changes")
    for name in ("determined_at", "settled_at", "closed_at"):
        op.execute(f"create index claims_{name}_in on claims (org_path, {name}) where {name} is not null")
    op.execute("create index payments_paid_in on payments (org_path, paid_at) where status = 'paid'")
    op.execute("""
        create index approval_decisions_in on approval_steps (org_path, created_at)
          where kind = 'decision' and side_id is null""")
    op.execute("create index approval_steps_of_claim on approval_steps (claim_id)")


def _months() -> None:
    """The months that a claim counts in: of its own times, of its decisions and of its payments."""
    own = ", ".join(f"({MONTH.format(f'one.{name}')})" for name in TIMES)
    op.execute(f"""
        create function claim_months(one claims) returns setof date language sql stable as $$
          select month from (values {own}) as own(month) where month is not null
          union select {MONTH.format("created_at")} from approval_steps
            where claim_id = one.id and kind = 'decision' and side_id is null
          union select {MONTH.format("paid_at")} from payments where claim_id = one.id and status = 'paid'
        $$""")  # noqa: S608 - names of this module only
    op.execute("""
        create function mark_months(one claims, months date[]) returns void language sql as $$
          insert into claim_statistic_changes (id, org_path, created_at, month)
          select gen_random_uuid(), one.org_path, now(), month
          from (select distinct unnest(months) as month) as wanted where month is not null
        $$""")


TIMES = ("reported_at", "determined_at", "settled_at", "closed_at")
KEY = ("org_path", "line", "product")
FACTS = (*TIMES, "status", "reserve_amount", "documents_received_at", "agreed_at", "outcome")


def _changes() -> None:
    """Whatever changes a count says so in its own transaction, as a row of its own: nobody waits for anybody."""
    old, new = ([MONTH.format(f"{row}.{name}") for name in TIMES] for row in ("old", "new"))
    key_of = {row: ", ".join(f"{row}.{name}" for name in KEY) for row in ("old", "new")}
    op.execute(f"""
        create function claim_counts_change() returns trigger language plpgsql as $$
        begin
          if tg_op = 'INSERT' then
            perform mark_months(new, array[{", ".join(new)}]);
          elsif ({key_of["old"]}) is distinct from ({key_of["new"]}) then
            perform mark_months(old, array(select claim_months(old)));
            perform mark_months(new, array(select claim_months(new)));
          else
            perform mark_months(new, array[{", ".join([*old, *new])}]);
          end if;
          return null;
        end
        $$""")
    told = {row: ", ".join(f"{row}.{name}" for name in (*KEY, *FACTS)) for row in ("old", "new")}
    op.execute("create trigger counts_begin after insert on claims for each row execute function claim_counts_change()")
    op.execute(f"""
        create trigger counts_change after update on claims for each row
          when (({told["old"]}) is distinct from ({told["new"]})) execute function claim_counts_change()""")
    op.execute("""
        create function part_counts_change() returns trigger language plpgsql as $$
        declare one claims;
        begin
          select * into one from claims where id = new.claim_id;
          perform mark_months(one, array(select claim_months(one)));
          return null;
        end
        $$""")
    _on_parts()


def _on_parts() -> None:
    op.execute("""
        create trigger counts_change after insert on approval_steps for each row
          when (new.kind = 'decision' and new.side_id is null) execute function part_counts_change()""")
    op.execute("""
        create trigger counts_change after insert on claim_deadline_marks for each row
          when (new.mark = 'breached') execute function part_counts_change()""")
    op.execute("""
        create trigger counts_begin after insert on payments for each row
          when (new.status = 'paid') execute function part_counts_change()""")
    op.execute(f"""
        create function payment_counts_change() returns trigger language plpgsql as $$
        declare one claims;
        begin
          select * into one from claims where id = new.claim_id;
          perform mark_months(one, array[{MONTH.format("old.paid_at")}, {MONTH.format("new.paid_at")}]);
          return null;
        end
        $$""")  # noqa: S608 - names of this module only
    op.execute("""
        create trigger counts_change after update on payments for each row
          when ((old.status, old.paid_at, old.amount) is distinct from (new.status, new.paid_at, new.amount)
                and (old.status = 'paid' or new.status = 'paid'))
          execute function payment_counts_change()""")
    # What is there already is counted by the first pass of the tick.
    op.execute("set local anlan.scope = '00'")
    op.execute("""
        insert into claim_statistic_changes (id, org_path, created_at, month)
        select gen_random_uuid(), org_path, now(), month from (
          select distinct c.org_path, m as month from claims c cross join lateral claim_months(c) m
        ) as present""")
