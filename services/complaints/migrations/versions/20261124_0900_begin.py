"""The technical tables; complaints with their facts; references to claims and policies."""

from alembic import op

from shared.migrations import directory_1, kernel_1, part_of, scoped

revision = "20261124_0900"
down_revision = None


def upgrade() -> None:
    kernel_1()
    directory_1()
    op.execute("""
        create table complaints (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          complaint_no text not null unique,
          status text not null,
          paused_from text,
          owner_path text collate "C" not null,
          unit_code text not null,
          channel text not null,
          complainant jsonb not null,
          representatives jsonb not null,
          lead boolean not null,
          policy_no text,
          policy_id uuid,
          claim_no text,
          claim_id uuid,
          customer_id uuid,
          product text,
          named_persons jsonb not null,
          cause text not null,
          content text not null,
          received_at timestamptz not null,
          rule text not null,
          stage text not null,
          started_on date not null,
          pauses jsonb not null,
          due_on date not null,
          due_legal_on date not null,
          due_at timestamptz not null,
          deadline jsonb not null,
          officer_person_id uuid,
          outcome text,
          decided_at timestamptz,
          notified_at timestamptz,
          merged_into uuid references complaints (id),
          origin jsonb,
          breached_at timestamptz
        )""")
    op.execute("create index complaints_in_scope on complaints (org_path, received_at desc, id desc)")
    op.execute("create index complaints_by_time on complaints (received_at desc, id desc)")
    op.execute("create index complaints_running on complaints (due_at) where decided_at is null")
    op.execute("create index complaints_of_claim on complaints (claim_id)")
    scoped("complaints")
    # Whoever a complaint names does not find it, not even in counts; restrictive: it narrows the scope's own policy.
    op.execute(r"""
        create policy not_the_named on complaints as restrictive for select
        using (not jsonb_exists(named_persons, coalesce(current_setting('anlan.person', true), '')))""")
    op.execute("""
        create table complaint_facts (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          complaint_id uuid not null references complaints (id),
          kind text not null,
          person_id uuid not null,
          occurred_at timestamptz not null,
          told jsonb not null
        )""")
    op.execute("create index complaint_facts_of on complaint_facts (complaint_id, created_at)")
    part_of("complaint_facts", "complaints", "complaint_id")
    op.execute("""
        create table claim_references (
          claim_id uuid primary key,
          claim_no text,
          policy_id uuid,
          customer_id uuid,
          path text collate "C",
          record_version integer not null
        )""")
    op.execute("create index claim_references_number on claim_references (claim_no)")
    op.execute("""
        create table claim_duties (
          claim_id uuid not null,
          person_id uuid not null,
          duty text not null,
          primary key (claim_id, person_id, duty)
        )""")
    op.execute("""
        create table policy_references (
          policy_id uuid primary key,
          policy_no text not null,
          customer_id uuid not null,
          product text not null,
          seller_id uuid,
          unit_code text not null,
          policy_version integer not null
        )""")
    op.execute("create index policy_references_number on policy_references (policy_no)")
