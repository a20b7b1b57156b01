"""Duty roster and calls, acceptance of a survey and re-surveys, what a policy or a claim is found by."""

from __future__ import annotations

from alembic import op

from shared.migrations import append_only, part_of, scoped

revision = "20261124_2101"
down_revision = "20261124_2021"


def upgrade() -> None:
    op.execute("""
        alter table claims
          add column plate_no text,
          add column project text,
          add column loss_kinds jsonb not null default '[]',
          add column surveyor_person_id uuid,
          add column survey_accept_due_at timestamptz,
          add column survey_accepted_at timestamptz,
          add column survey_due_at timestamptz,
          add column survey_overdue_at timestamptz,
          add column resurvey_open boolean not null default false""")
    op.execute("create index claims_by_plate on claims (plate_no) where plate_no is not null")
    op.execute("create index claims_by_project on claims (project) where project is not null")
    op.execute("create index claims_by_phone on claims ((reporter ->> 'phone'))")
    op.execute("create index claims_unsurveyed on claims (survey_due_at) where survey_due_at is not null")
    op.execute("alter table injured_persons add column injury text")
    op.execute("create index injured_persons_name on injured_persons (name) where name is not null")
    op.execute("create index insured_entries_digest on insured_entries (id_digest) where id_digest is not null")
    op.execute(
        "alter table claim_dispatches add column reason text, add column resurvey boolean not null default false"
    )
    _answers()
    _duty()


def _answers() -> None:
    op.execute("""
        create table dispatch_answers (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          accepted boolean not null,
          reason text,
          person_id uuid not null
        )""")
    op.execute("create index dispatch_answers_of on dispatch_answers (claim_id)")
    part_of("dispatch_answers", "claims", "claim_id")
    op.execute("""
        create trigger append_only before update on dispatch_answers for each row
          when ((to_jsonb(old) - 'org_path') is distinct from (to_jsonb(new) - 'org_path'))
          execute function refuse_change()""")
    op.execute(
        "create trigger never_removed before delete on dispatch_answers for each row execute function refuse_change()"
    )


def _duty() -> None:
    op.execute("""
        create table duty_rosters (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          unit_code text not null,
          month text not null,
          shifts jsonb not null,
          unique (unit_code, month)
        )""")
    op.execute("create index duty_rosters_in_scope on duty_rosters (org_path, month desc, id desc)")
    scoped("duty_rosters")
    op.execute("""
        create table duty_calls (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          unit_code text not null,
          call_ref text not null,
          received_at timestamptz not null,
          answered_at timestamptz,
          ended_at timestamptz,
          person_id uuid,
          unique (unit_code, call_ref)
        )""")
    op.execute("create index duty_calls_in_scope on duty_calls (org_path, received_at)")
    scoped("duty_calls")
    append_only("duty_calls")
