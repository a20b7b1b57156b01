"""Survey, papers, registration and reserves, deadlines; what else is known of policies and customers."""

from alembic import op

from shared.migrations import part_of

revision = "20261124_1000"
down_revision = "20261124_0900"


def upgrade() -> None:
    _claim()
    _survey()
    _documents()
    _reserve()
    _deadlines()
    _copies()


def _kept(table: str) -> None:
    """Rows of a claim that are never changed or removed; only their place follows the claim when it moves."""
    op.execute(f"""
        create trigger append_only before update on {table} for each row
          when ((to_jsonb(old) - 'org_path') is distinct from (to_jsonb(new) - 'org_path'))
          execute function refuse_change()""")
    op.execute(f"create trigger never_removed before delete on {table} for each row execute function refuse_change()")
    op.execute(
        f"create trigger never_emptied before truncate on {table} for each statement execute function refuse_change()"
    )


def _claim() -> None:
    op.execute("""
        alter table claims
          add column business text,
          add column seller_id uuid,
          add column underwriter_id uuid,
          add column documents_complete_at timestamptz,
          add column complex_told_at timestamptz,
          add column liability_fixed_on date,
          add column grave_known_at timestamptz,
          add column head_office_informed_at timestamptz,
          add column advance_paid_at timestamptz,
          add column shelved_at timestamptz""")
    op.execute("create index claims_by_number on claims (policy_no)")
    op.execute("create index claims_of_customer on claims (customer_id)")
    op.execute("create index injured_persons_digest on injured_persons (digest) where digest is not null")
    op.execute("""
        create table claim_placements (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          policy_no text,
          policy_match text not null,
          policy_id uuid,
          policy_version integer,
          from_unit text not null,
          to_unit text not null,
          person_id uuid not null
        )""")
    op.execute("create index claim_placements_of on claim_placements (claim_id)")
    part_of("claim_placements", "claims", "claim_id")
    _kept("claim_placements")


def _survey() -> None:
    op.execute("""
        create table claim_dispatches (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          surveyor_person_id uuid not null,
          due_at timestamptz not null,
          person_id uuid not null
        )""")
    op.execute("create index claim_dispatches_of on claim_dispatches (claim_id)")
    part_of("claim_dispatches", "claims", "claim_id")
    _kept("claim_dispatches")
    op.execute("""
        create table claim_surveys (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          surveyor_person_id uuid not null,
          surveyed_at timestamptz not null,
          place text,
          participants jsonb not null,
          findings text not null,
          fault_ratio numeric(7,6),
          opinion text,
          photos jsonb not null
        )""")
    op.execute("create index claim_surveys_of on claim_surveys (claim_id)")
    part_of("claim_surveys", "claims", "claim_id")
    _kept("claim_surveys")


def _documents() -> None:
    op.execute("""
        create table claim_documents (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          code text,
          supplement_item integer,
          attachment_ids jsonb not null,
          received_at timestamptz not null,
          person_id uuid not null
        )""")
    op.execute("create index claim_documents_of on claim_documents (claim_id)")
    part_of("claim_documents", "claims", "claim_id")
    _kept("claim_documents")
    op.execute("""
        create table supplement_notices (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null unique references claims (id),
          items jsonb not null,
          served_at timestamptz not null,
          method text,
          person_id uuid not null
        )""")
    part_of("supplement_notices", "claims", "claim_id")
    _kept("supplement_notices")
    op.execute("""
        create table claim_consents (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          claimant_ref text not null,
          basis text not null,
          obtained_at timestamptz not null,
          attachment_id uuid,
          person_id uuid not null
        )""")
    op.execute("create index claim_consents_of on claim_consents (claim_id)")
    part_of("claim_consents", "claims", "claim_id")
    _kept("claim_consents")


def _reserve() -> None:
    op.execute("""
        create table reserve_changes (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          from_amount numeric(18,2) not null,
          to_amount numeric(18,2) not null check (to_amount >= 0),
          parts jsonb not null,
          reason text not null,
          person_id uuid not null
        )""")
    op.execute("create index reserve_changes_of on reserve_changes (claim_id, created_at)")
    part_of("reserve_changes", "claims", "claim_id")
    _kept("reserve_changes")


def _deadlines() -> None:
    op.execute("""
        create table claim_deadline_marks (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          deadline text not null,
          started_on date not null,
          mark text not null check (mark in ('breached', 'escalated', 'task')),
          at timestamptz not null,
          unit_code text,
          unique (claim_id, deadline, started_on, mark)
        )""")
    part_of("claim_deadline_marks", "claims", "claim_id")
    _kept("claim_deadline_marks")
    op.execute("""
        create table claim_deadline_looks (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null unique references claims (id),
          looked_at timestamptz not null,
          again_at timestamptz not null
        )""")
    part_of("claim_deadline_looks", "claims", "claim_id")


def _copies() -> None:
    """Copies of what other services told: no row scope of their own."""
    op.execute("""
        create table cover_ends (
          policy_id uuid primary key,
          effective_at timestamptz not null,
          kind text not null
        )""")
    op.execute("""
        create table premium_windows (
          application_id uuid primary key,
          customer_id uuid,
          line text,
          received_at timestamptz,
          decided_at timestamptz
        )""")
    op.execute("create index premium_windows_customer on premium_windows (customer_id)")
    op.execute("create table merged_customers (merged_id uuid primary key, kept_id uuid not null)")
    op.execute("""
        create table key_accounts (
          customer_id uuid primary key,
          tier text,
          record_version integer not null
        )""")
