"""Delegations, sessions that act under one, former passwords, and tokens of an issuer outside that were used."""

from __future__ import annotations

from alembic import op

from shared.migrations import part_of

revision = "20261124_2002"
down_revision = "20261124_2001"


def upgrade() -> None:
    _delegations()
    op.execute("alter table sessions add column delegation_id uuid references delegations (id)")
    op.execute("""
        create table former_passwords (
          person_id uuid not null references people (id),
          password_hash text not null,
          set_at timestamptz not null,
          primary key (person_id, set_at)
        )""")
    op.execute("""
        create table used_id_tokens (
          token_hash bytea primary key,
          expires_at timestamptz not null
        )""")
    op.execute("create index used_id_tokens_age on used_id_tokens (expires_at)")


def _delegations() -> None:
    op.execute("""
        create table delegations (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          appointment_id uuid not null references appointments (id),
          from_person_id uuid not null references people (id),
          to_person_id uuid not null references people (id),
          permissions jsonb not null,
          limit_amount numeric(18, 2),
          from_on date not null,
          to_on date not null,
          reason text not null,
          granted_by uuid not null,
          table_version text,
          revoked_at timestamptz,
          revoked_by uuid,
          constraint delegations_to_another check (from_person_id <> to_person_id),
          constraint delegations_last check (to_on > from_on)
        )""")
    op.execute("create index delegations_in_scope on delegations (org_path, created_at desc, id desc)")
    op.execute("create index delegations_to on delegations (to_person_id, from_on)")
    op.execute("create index delegations_from on delegations (from_person_id, from_on)")
    part_of("delegations", "appointments", "appointment_id")
