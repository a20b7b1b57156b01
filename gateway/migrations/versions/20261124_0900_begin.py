"""The technical tables, the organisation, authority tables and rule sets, accounts and sessions."""

from alembic import op

from shared.migrations import kernel_1, part_of, scoped

revision = "20261124_0900"
down_revision = None

RECORD = """
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,"""


def upgrade() -> None:
    kernel_1()
    _organisation()
    _authority()
    _identity()


def _organisation() -> None:
    op.execute(f"""
        create table units ({RECORD}
          code text not null unique,
          name text not null,
          level text not null,
          kind text not null,
          parent_code text references units (code),
          area_codes jsonb not null,
          opened_on date not null,
          closed_on date,
          constraint units_path_ends_with_code check (org_path = code or org_path like '%.' || code)
        )""")
    op.execute("create index units_in_scope on units (org_path, code, id)")
    op.execute(
        "create unique index units_one_local on units (parent_code) where kind = 'branch_local' and closed_on is null"
    )
    op.execute("create index units_areas on units using gin (area_codes)")
    scoped("units")
    op.execute(f"""
        create table teams ({RECORD}
          unit_id uuid not null references units (id),
          unit_code text not null,
          code text not null unique,
          name text not null,
          from_on date not null,
          to_on date
        )""")
    op.execute("create index teams_of on teams (unit_id)")
    op.execute("create index teams_in_scope on teams (org_path, code, id)")
    part_of("teams", "units", "unit_id")
    op.execute(f"""
        create table people ({RECORD}
          staff_no text not null unique,
          name text not null,
          kind text not null check (kind in ('person', 'machine')),
          active boolean not null,
          auth_epoch integer not null,
          digests jsonb not null
        )""")
    op.execute("create index people_in_scope on people (org_path, staff_no, id)")
    scoped("people")
    op.execute("""
        create table appointments (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          person_id uuid not null references people (id),
          unit_id uuid not null references units (id),
          unit_code text not null,
          position text not null,
          from_on date not null,
          to_on date,
          check (to_on is null or to_on >= from_on)
        )""")
    op.execute("create index appointments_of on appointments (person_id, from_on)")
    op.execute("create index appointments_at on appointments (unit_id, position)")
    op.execute("create index appointments_in_scope on appointments (org_path, from_on, id)")
    part_of("appointments", "units", "unit_id")


def _authority() -> None:
    op.execute(f"""
        create table authority_tables ({RECORD}
          table_version text not null unique,
          effective_from date not null,
          entries jsonb not null,
          published boolean not null,
          proposed_by uuid,
          proposed_level text not null,
          published_by uuid,
          published_at timestamptz
        )""")
    op.execute("create unique index authority_tables_one_a_day on authority_tables (effective_from) where published")
    scoped("authority_tables")
    op.execute(f"""
        create table rule_set_versions ({RECORD}
          kind text not null,
          rule_version text not null,
          effective_from date not null,
          source text not null,
          tag text not null,
          content jsonb not null,
          content_hash text not null,
          published_by uuid,
          unique (kind, rule_version),
          unique (kind, effective_from)
        )""")
    scoped("rule_set_versions")


def _identity() -> None:
    op.execute("""
        create table accounts (
          person_id uuid primary key references people (id),
          login text not null unique,
          password_hash text,
          password_set_at timestamptz,
          created_at timestamptz not null
        )""")
    op.execute("""
        create table one_time_tokens (
          token_hash bytea primary key,
          person_id uuid not null references people (id),
          created_at timestamptz not null,
          expires_at timestamptz not null,
          used_at timestamptz
        )""")
    op.execute("create index one_time_tokens_of on one_time_tokens (person_id)")
    op.execute("""
        create table sign_in_attempts (
          id uuid primary key,
          login_key bytea not null,
          source text not null,
          at timestamptz not null,
          failed boolean not null
        )""")
    op.execute("create index sign_in_attempts_login on sign_in_attempts (login_key, at)")
    op.execute("create index sign_in_attempts_source on sign_in_attempts (source, at)")
    op.execute("create index sign_in_attempts_age on sign_in_attempts (at)")
    op.execute("""
        create table sessions (
          id uuid primary key,
          person_id uuid not null references people (id),
          appointment_id uuid not null references appointments (id),
          generation integer not null,
          authenticated_at timestamptz not null,
          must_set_password boolean not null,
          started_at timestamptz not null,
          expires_at timestamptz not null,
          ended_at timestamptz,
          end_reason text
        )""")
    op.execute("create index sessions_of on sessions (person_id) where ended_at is null")
    op.execute("create index sessions_age on sessions (expires_at)")
    op.execute("""
        create table refresh_tokens (
          token_hash bytea primary key,
          session_id uuid not null references sessions (id) on delete cascade,
          issued_at timestamptz not null,
          used_at timestamptz
        )""")
    op.execute("create index refresh_tokens_of on refresh_tokens (session_id)")
    op.execute("""
        create table machine_keys (
          id uuid primary key,
          person_id uuid not null references people (id),
          thumbprint text not null unique,
          public_key jsonb not null,
          created_at timestamptz not null,
          revoked_at timestamptz
        )""")
    op.execute("create index machine_keys_of on machine_keys (person_id) where revoked_at is null")
    op.execute("""
        create table used_assertions (
          person_id uuid not null,
          jti text not null,
          expires_at timestamptz not null,
          primary key (person_id, jti)
        )""")
    op.execute("create index used_assertions_age on used_assertions (expires_at)")
