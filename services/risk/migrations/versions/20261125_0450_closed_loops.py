"""Hazards that are followed up, notices, contacts, reviews; what key-risk files need to hear in any order; exports."""

from __future__ import annotations

from alembic import op

from shared.migrations import exports_1, follows, keeps, part_of, scoped

revision = "20261125_0450"
down_revision = "20261124_2300"

_RECORD = """
  id uuid primary key,
  version integer not null,
  org_path text collate "C" not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
"""
_PART = """
  id uuid primary key,
  org_path text collate "C" not null,
  created_at timestamptz not null,
"""


def upgrade() -> None:
    _notices()
    _hazards()
    _files()
    _heard()
    exports_1()


def _notices() -> None:
    op.execute(f"""
        create table rectification_notices ({_RECORD}
          inspection_id uuid not null references inspections (id),
          inspection_no text not null,
          policy_id uuid,
          policy_no text,
          customer_id uuid not null,
          unit_code text not null,
          hazards jsonb not null,
          advice text,
          issued_by uuid not null,
          letter_id uuid,
          attachment_id uuid,
          served_at timestamptz,
          served_method text,
          receipt_attachment_id uuid
        )""")
    op.execute("create index notices_in_scope on rectification_notices (org_path, created_at desc, id desc)")
    op.execute("create index notices_of_inspection on rectification_notices (inspection_id)")
    op.execute("create index notices_of_customer on rectification_notices (customer_id)")
    scoped("rectification_notices")
    follows("rectification_notices", index=False)
    follows("rectification_notices", "unit_code")


def _hazards() -> None:
    op.execute("""
        alter table hazards
          add column place text,
          add column found_by uuid,
          add column notice_id uuid references rectification_notices (id),
          add column served_on date,
          add column extensions integer not null default 0,
          add column steps integer not null default 0,
          add column overdue_for date,
          add column escalated_unit text,
          add column claimed_done_at timestamptz,
          add column reinspected_at timestamptz,
          add column closed_at timestamptz""")
    keeps("hazards", "escalated_unit")
    op.execute("create index hazards_due on hazards (due_on) where status = 'rectifying'")
    op.execute("create index hazards_by_status on hazards (org_path, status, due_on)")
    op.execute("create index hazards_of_customer on hazards (customer_id)")
    op.execute("create index hazards_of_policy on hazards (policy_id)")
    op.execute(f"""
        create table hazard_evidence ({_PART}
          hazard_id uuid not null references hazards (id),
          kind text not null,
          told text not null,
          cured boolean,
          inspection_id uuid references inspections (id),
          attachment_ids jsonb not null,
          person_id uuid not null,
          occurred_at timestamptz not null
        )""")
    op.execute("create index hazard_evidence_of on hazard_evidence (hazard_id, id)")
    part_of("hazard_evidence", "hazards", "hazard_id")


def _files() -> None:
    op.execute("""
        alter table key_risk_files
          add column contact_due_on date,
          add column last_contact_at timestamptz,
          add column review_due_on date,
          add column reviewed_at timestamptz,
          add column closed_reason text""")
    op.execute("create index key_risk_files_contact on key_risk_files (contact_due_on) where status <> 'closed'")
    op.execute("create index key_risk_files_review on key_risk_files (review_due_on) where status <> 'closed'")
    op.execute(f"""
        create table key_risk_reviews ({_PART}
          file_id uuid not null references key_risk_files (id),
          findings text not null,
          measures text not null,
          criteria jsonb not null,
          next_review_on date not null,
          person_id uuid not null
        )""")
    op.execute("create index key_risk_reviews_of on key_risk_reviews (file_id, id)")
    part_of("key_risk_reviews", "key_risk_files", "file_id")
    op.execute(f"""
        create table contact_logs ({_RECORD}
          customer_id uuid not null,
          unit_code text not null,
          contact_role text not null,
          channel text not null,
          contacted_at timestamptz not null,
          summary text not null,
          person_id uuid not null
        )""")
    op.execute("create index contact_logs_in_scope on contact_logs (org_path, contacted_at desc, id desc)")
    op.execute("create index contact_logs_of_customer on contact_logs (customer_id, contacted_at desc)")
    scoped("contact_logs")
    follows("contact_logs", index=False)
    follows("contact_logs", "unit_code")


def _heard() -> None:
    op.execute("create table merged_customers (merged_id uuid primary key, kept_id uuid not null)")
    op.execute("""
        create table key_accounts (
          customer_id uuid primary key, tier text, manager_id uuid, record_version integer not null
        )""")
    op.execute("""
        create table findings_seen (
          finding_id uuid primary key, about_kind text not null, about uuid not null, severity text not null,
          raised_at timestamptz not null, plan_id uuid, corrected_at timestamptz, measures text, person_id uuid
        )""")
    op.execute("create index findings_seen_about on findings_seen (about)")
    op.execute("create table key_risk_evaluations (customer_id uuid primary key, evaluated_at timestamptz not null)")
    op.execute("create index policies_seen_begin on policies_seen (starts_at)")
    op.execute("alter table claims_seen add column record_version integer not null default 0")
    op.execute("create index claims_seen_by_policy on claims_seen (policy_id)")
