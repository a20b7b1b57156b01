"""News as it was kept, the figures made of it, reports of a month; consents, freezes and copies of customers' data."""

from __future__ import annotations

from alembic import op

from shared.migrations import exports_1, keeps, part_of, scoped

revision = "20261125_0560"
down_revision = "20261124_2401"

_PERSONS = ", ".join(f"coalesce(current_setting('anlan.{one}', true), '')" for one in ("person", "principal"))


def upgrade() -> None:
    exports_1()
    _news()
    _figures()
    _reports()
    _consents()
    _copies()
    _references()


def _news() -> None:
    op.execute("""
        create table kept_news (
          seq bigint generated always as identity,
          event_id uuid primary key,
          subject text not null,
          group_id uuid not null,
          record_id uuid not null,
          record_version integer not null,
          source text not null,
          at timestamptz not null,
          path text collate "C" not null,
          data jsonb not null
        )""")
    op.execute("create index kept_news_of on kept_news (group_id)")
    op.execute("create index kept_news_in_order on kept_news (seq)")
    # a copy read by the service alone; what the unit was then stays
    keeps("kept_news", "path")


def _figures() -> None:
    op.execute("""
        create table service_figures (
          id uuid not null unique,
          group_id uuid not null,
          metric text not null,
          n text not null,
          org_path text collate "C" not null,
          on_day date not null,
          until_day date,
          part numeric(18,4) not null,
          whole numeric(18,4) not null,
          about_kind text not null,
          about_id uuid not null,
          primary key (group_id, metric, n)
        )""")
    op.execute("create index service_figures_in_scope on service_figures (metric, org_path, on_day)")
    scoped("service_figures")
    keeps("service_figures", "org_path")
    # restrictive: it narrows the scope's own policy
    op.execute(
        "create policy not_the_kept_out on service_figures as restrictive for select using (not exists"  # noqa: S608
        f" (select from kept_out where person_id in ({_PERSONS}) and record_id = about_id))"
    )


def _reports() -> None:
    op.execute("""
        create table service_reports (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          unit_code text not null,
          month date not null,
          figures jsonb not null,
          unique (org_path, month)
        )""")
    op.execute("create index service_reports_in_scope on service_reports (org_path, month desc)")
    scoped("service_reports")
    keeps("service_reports", "org_path", "unit_code")


def _consents() -> None:
    op.execute("""
        create table customer_consents (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          customer_id uuid not null references customers (id),
          purpose text not null,
          channel text,
          granted boolean not null,
          given_by text not null,
          given_at timestamptz not null,
          until_on date,
          source text not null,
          evidence text,
          text_version text,
          reason text,
          person_id uuid not null
        )""")
    op.execute("create index customer_consents_of on customer_consents (customer_id, given_at)")
    part_of("customer_consents", "customers", "customer_id")
    op.execute("""
        create table customer_freezes (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          customer_id uuid not null references customers (id),
          requested_at timestamptz not null,
          reason text not null,
          keep_until date,
          grounds jsonb not null,
          released_at timestamptz,
          release_reason text,
          released_by uuid,
          person_id uuid not null
        )""")
    op.execute("create unique index customer_freezes_one on customer_freezes (customer_id) where released_at is null")
    part_of("customer_freezes", "customers", "customer_id")
    op.execute("alter table customers add column frozen boolean not null default false")


def _copies() -> None:
    op.execute("""
        create table customer_copies (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          customer_id uuid not null references customers (id),
          person_id uuid not null,
          purpose text not null,
          content bytea,
          sha256 bytea not null,
          expires_at timestamptz not null
        )""")
    op.execute("create index customer_copies_of on customer_copies (customer_id)")
    op.execute("create index customer_copies_expiring on customer_copies (expires_at) where content is not null")
    part_of("customer_copies", "customers", "customer_id")
    op.execute("""
        create table customer_notes (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          customer_id uuid not null references customers (id),
          text text not null check (text <> ''),
          mentions jsonb not null,
          person_id uuid not null,
          staff_no text not null,
          position text not null
        )""")
    op.execute("create index customer_notes_of on customer_notes (customer_id, created_at)")
    part_of("customer_notes", "customers", "customer_id")


def _references() -> None:
    """What is needed to see at a glance what a customer is worth: a policy's premium, and when it ends early."""
    op.execute("alter table policy_references add column premium numeric(18,2)")
    op.execute("alter table policy_references add column cancelled_on date")
    op.execute("alter table claim_references add column reported_at timestamptz")
