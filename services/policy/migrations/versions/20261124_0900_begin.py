"""The technical tables; policies, versions, insured persons, loss records, reconciliation."""

from alembic import op

from shared.migrations import directory_1, kernel_1, part_of, scoped

revision = "20261124_0900"
down_revision = None


def upgrade() -> None:
    kernel_1()
    directory_1()
    op.execute("""
        create table policies (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          policy_no text not null unique,
          unit_code text not null,
          customer_id uuid not null,
          customer_core_no text,
          product text not null,
          line text not null,
          business text not null,
          compulsory boolean not null,
          issued_by text not null,
          stated_status text not null,
          policy_version integer not null,
          issued_on date not null,
          starts_at timestamptz not null,
          ends_at timestamptz not null,
          ended_at timestamptz,
          premium numeric(18,2) not null,
          insured_count integer not null,
          risk_level text not null,
          reinsured boolean not null,
          seller_id uuid,
          seller_staff_no text,
          cover jsonb not null,
          exclusions jsonb not null,
          exhausted boolean not null default false,
          claims_open integer not null default 0
        )""")
    op.execute("create index policies_in_scope on policies (org_path, created_at desc, id desc)")
    op.execute("create index policies_by_time on policies (created_at desc, id desc)")
    op.execute("create index policies_of_customer on policies (customer_id)")
    op.execute("create index policies_by_end on policies (org_path, ends_at)")
    scoped("policies")
    op.execute("""
        create table policy_versions (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          policy_id uuid not null references policies (id),
          number integer not null,
          change jsonb not null,
          made_at timestamptz not null,
          effective_at timestamptz not null,
          status text not null,
          starts_at timestamptz not null,
          ends_at timestamptz not null,
          ended_at timestamptz,
          premium numeric(18,2) not null,
          premium_delta numeric(18,2) not null,
          refund_amount numeric(18,2) not null,
          insured_count integer not null,
          cover jsonb not null,
          exclusions jsonb not null,
          digest text not null,
          applied text not null,
          unique (policy_id, number)
        )""")
    part_of("policy_versions", "policies", "policy_id")
    op.execute("""
        create table insured_persons (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          policy_id uuid not null references policies (id),
          number integer not null,
          ref text not null,
          name text not null,
          id_type text not null,
          id_no text not null,
          id_digest text not null,
          occupation_class integer,
          covered_from date not null,
          covered_to date not null,
          sum_insured numeric(18,2),
          beneficiaries jsonb not null,
          unique (policy_id, number, ref)
        )""")
    op.execute("create index insured_persons_digest on insured_persons (id_digest)")
    part_of("insured_persons", "policies", "policy_id")
    op.execute("""
        create table loss_records (
          claim_id uuid primary key,
          policy_id uuid,
          claim_no text,
          loss_at timestamptz,
          injured_count integer,
          death_count integer,
          outcome text,
          paid_amount numeric(18,2),
          by_limit jsonb not null,
          settled_at timestamptz,
          settled_version integer not null default 0,
          cancelled boolean not null default false
        )""")
    op.execute("create index loss_records_of on loss_records (policy_id)")
    op.execute("""
        create table customer_references (
          customer_id uuid primary key,
          core_no text,
          unit_code text,
          merged_into uuid,
          record_version integer not null
        )""")
    op.execute("""
        create table reconciliation_items (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          policy_no text not null,
          kind text not null,
          ours jsonb,
          theirs jsonb,
          cause text not null,
          owner text not null,
          status text not null,
          outcome text,
          reason text,
          resolved_at timestamptz
        )""")
    op.execute(
        "create index reconciliation_items_in_scope on reconciliation_items (org_path, created_at desc, id desc)"
    )
    op.execute(
        "create unique index reconciliation_items_once on reconciliation_items (policy_no, kind, cause)"
        " where status = 'open'"
    )
    scoped("reconciliation_items")
