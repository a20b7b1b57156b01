"""The technical tables, claims with their duties, and the copy of cover."""

from alembic import op

from shared.migrations import directory_1, kernel_1, part_of, scoped

revision = "20261124_0900"
down_revision = None


def upgrade() -> None:
    kernel_1()
    directory_1()
    op.execute("""
        create table claims (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          claim_no text not null unique,
          status text not null,
          line text,
          unit_code text not null,
          channel text not null,
          reporter jsonb not null,
          policy_no text,
          policy_match text not null,
          policy_id uuid,
          policy_version integer,
          customer_id uuid,
          product text,
          accident_id uuid not null,
          accident_separated boolean not null default false,
          loss_at timestamptz not null,
          notified_at timestamptz not null,
          notified_reason text,
          reported_at timestamptz not null,
          place text,
          area_code text,
          description text,
          injured_count integer not null,
          death_count integer not null,
          estimated_amount numeric(18,2),
          flags jsonb not null,
          origin jsonb,
          duplicate_of uuid references claims (id),
          reserve_amount numeric(18,2),
          complex_reason text,
          sheet_version integer,
          gross_amount numeric(18,2),
          payable_amount numeric(18,2),
          outcome text,
          documents_received_at timestamptz,
          supplement_served_at timestamptz,
          supplements_received_at timestamptz,
          determined_at timestamptz,
          agreed_at timestamptz,
          settled_at timestamptz,
          closed_at timestamptz,
          reopened_count integer not null default 0,
          complaints_open integer not null default 0
        )""")
    op.execute("create index claims_in_scope on claims (org_path, reported_at desc, id desc)")
    op.execute("create index claims_by_time on claims (reported_at desc, id desc)")
    op.execute("create index claims_of_policy on claims (policy_id, loss_at)")
    op.execute("create index claims_near on claims (loss_at)")
    op.execute("create index claims_of_accident on claims (accident_id)")
    scoped("claims")
    op.execute("""
        create table claim_duties (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          duty text not null,
          person_id uuid not null
        )""")
    op.execute("create index claim_duties_of on claim_duties (claim_id)")
    part_of("claim_duties", "claims", "claim_id")
    op.execute("""
        create table injured_persons (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          position integer not null,
          name text,
          id_no text,
          insured_ref text,
          digest text
        )""")
    op.execute("create index injured_persons_of on injured_persons (claim_id)")
    part_of("injured_persons", "claims", "claim_id")
    _cover()


def _cover() -> None:
    op.execute("""
        create table cover_versions (
          policy_id uuid not null,
          policy_version integer not null,
          policy_no text not null,
          unit_code text not null,
          customer_id uuid not null,
          product text not null,
          line text not null,
          status text not null,
          made_at timestamptz not null,
          effective_at timestamptz not null,
          starts_at timestamptz not null,
          ends_at timestamptz not null,
          ended_at timestamptz,
          cover jsonb not null,
          exclusions jsonb not null,
          seller_id uuid,
          underwriter_id uuid,
          reinsured boolean not null,
          insured_count integer not null,
          business text not null,
          primary key (policy_id, policy_version)
        )""")
    op.execute("create index cover_versions_number on cover_versions (policy_no)")
    op.execute("""
        create table insured_entries (
          policy_id uuid not null,
          policy_version integer not null,
          insured_ref text not null,
          part integer not null,
          parts integer not null,
          id_digest text,
          covered_from date not null,
          covered_to date not null,
          occupation_class integer,
          sum_insured numeric(18,2),
          primary key (policy_id, policy_version, insured_ref)
        )""")
    op.execute("""
        create table open_hazards (
          hazard_id uuid primary key,
          policy_id uuid,
          customer_id uuid,
          hazard_class text not null,
          due_on date,
          overdue boolean not null,
          closed boolean not null,
          record_version integer not null
        )""")
    op.execute("create index open_hazards_of on open_hazards (policy_id) where not closed")
