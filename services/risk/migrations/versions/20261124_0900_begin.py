"""The technical tables; copies of policies and claims; plans, inspections, hazards, key-risk files."""

from alembic import op

from shared.migrations import directory_1, kernel_1, scoped

revision = "20261124_0900"
down_revision = None

_RECORD = """
  id uuid primary key,
  version integer not null,
  org_path text collate "C" not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
"""


def upgrade() -> None:
    kernel_1()
    directory_1()
    _exposure()
    _inspections()
    op.execute(f"""
        create table hazards ({_RECORD}
          inspection_id uuid not null references inspections (id),
          client_id text not null,
          policy_id uuid,
          policy_no text,
          customer_id uuid not null,
          unit_code text not null,
          status text not null,
          description text not null,
          likelihood numeric(6,1) not null,
          exposure numeric(6,1) not null,
          consequence numeric(6,1) not null,
          score numeric(9,3) not null,
          hazard_class text not null,
          rectify_days integer not null,
          probable_maximum_loss numeric(18,2) not null,
          reasoning text not null,
          comment text,
          due_on date,
          unique (inspection_id, client_id)
        )""")
    op.execute("create index hazards_in_scope on hazards (org_path, created_at desc, id desc)")
    scoped("hazards")
    op.execute(f"""
        create table key_risk_files ({_RECORD}
          customer_id uuid not null,
          unit_code text not null,
          status text not null,
          criteria jsonb not null,
          opened_at timestamptz not null,
          closed_at timestamptz
        )""")
    op.execute("create unique index key_risk_files_once on key_risk_files (customer_id) where status <> 'closed'")
    op.execute("create index key_risk_files_in_scope on key_risk_files (org_path, created_at desc, id desc)")
    scoped("key_risk_files")


def _exposure() -> None:
    op.execute("""
        create table policies_seen (
          policy_id uuid primary key,
          policy_no text not null,
          policy_version integer not null,
          customer_id uuid not null,
          path text collate "C" not null,
          unit_code text not null,
          product text not null,
          line text not null,
          compulsory boolean not null,
          risk_level text not null,
          starts_at timestamptz not null,
          ends_at timestamptz not null,
          ended_at timestamptz,
          limit_per_accident numeric(18,2),
          aggregate_limit numeric(18,2),
          insured_count integer not null,
          seller_id uuid,
          underwriter_id uuid
        )""")
    op.execute("create index policies_seen_of on policies_seen (customer_id)")
    op.execute("create index policies_seen_number on policies_seen (policy_no)")
    op.execute("""
        create table claims_seen (
          claim_id uuid primary key,
          policy_id uuid,
          customer_id uuid,
          path text collate "C" not null,
          loss_on date,
          injured_count integer,
          death_count integer,
          cancelled boolean not null default false
        )""")
    op.execute("create index claims_seen_of on claims_seen (customer_id)")


def _inspections() -> None:
    op.execute(f"""
        create table inspection_plans ({_RECORD}
          policy_id uuid not null unique,
          policy_no text not null,
          policy_version integer not null,
          customer_id uuid not null,
          unit_code text not null,
          risk_level text not null,
          cycle_months integer not null,
          due_dates jsonb not null,
          status text not null,
          confirmed_at timestamptz
        )""")
    op.execute("create index inspection_plans_in_scope on inspection_plans (org_path, created_at desc, id desc)")
    scoped("inspection_plans")
    op.execute(f"""
        create table inspections ({_RECORD}
          inspection_no text not null unique,
          kind text not null,
          status text not null,
          plan_id uuid references inspection_plans (id),
          policy_id uuid,
          policy_no text,
          customer_id uuid not null,
          claim_id uuid,
          unit_code text not null,
          due_on date not null,
          stage text,
          scheduled_at timestamptz,
          inspector_person_id uuid,
          inspected_at timestamptz,
          risk_level text,
          sections jsonb not null,
          participants jsonb not null,
          warnings jsonb not null,
          feedback jsonb not null,
          reported_at timestamptz,
          closed_at timestamptz
        )""")
    op.execute("create index inspections_in_scope on inspections (org_path, created_at desc, id desc)")
    op.execute("create index inspections_by_due on inspections (org_path, due_on)")
    op.execute(
        "create index inspections_waiting on inspections (due_on)"
        " where status in ('planned', 'due', 'scheduled', 'overdue')"
    )
    op.execute("create unique index inspections_once on inspections (plan_id, due_on) where status <> 'cancelled'")
    op.execute("create unique index inspections_of_claim on inspections (claim_id) where status <> 'cancelled'")
    scoped("inspections")
