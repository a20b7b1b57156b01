"""Questionnaires as records, opinions and demands, data checked against what was said, batches, and who was asked when."""

from __future__ import annotations

from alembic import op

from shared.migrations import follows, part_of, scoped

revision = "20261125_0530"
down_revision = "20261125_0560"

_RECORD = """
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,"""
_PART = """
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,"""
_OF_A_CUSTOMER = """
          customer_id uuid not null references customers (id),"""


def upgrade() -> None:
    _questionnaires()
    _opinions()
    _visits()
    _data_checks()
    _asks()


def _questionnaires() -> None:
    op.execute(f"""
        create table questionnaires ({_RECORD}
          purpose text not null,
          code text not null,
          edition integer not null,
          title_zh text not null,
          title_en text not null,
          content jsonb not null,
          status text not null check (status in ('draft', 'approved', 'retired')),
          drafted_by uuid not null,
          approved_by uuid,
          approved_at timestamptz,
          unique (org_path, code, edition)
        )""")
    op.execute("create index questionnaires_in_scope on questionnaires (org_path, created_at desc, id desc)")
    op.execute("create unique index questionnaires_one on questionnaires (org_path, code) where status = 'approved'")
    scoped("questionnaires")
    follows("questionnaires", index=False)


def _opinions() -> None:
    op.execute(f"""
        create table opinions ({_RECORD}{_OF_A_CUSTOMER}
          visit_id uuid not null references return_visits (id),
          topic text not null,
          product text,
          polarity text not null,
          text text not null,
          status text not null check (status in ('routed', 'answered')),
          routed_to text not null,
          answer text,
          answered_at timestamptz,
          answered_by uuid,
          notice_id uuid
        )""")
    op.execute(f"""
        create table demands ({_RECORD}{_OF_A_CUSTOMER}
          visit_id uuid not null references return_visits (id),
          product_need text not null,
          product text,
          estimated_premium numeric(18,2),
          status text not null check (status in ('new', 'reviewed', 'adopted', 'rejected')),
          review text,
          reviewed_at timestamptz,
          reviewed_by uuid,
          notice_id uuid
        )""")
    for table in ("opinions", "demands"):
        op.execute(f"create index {table}_in_scope on {table} (org_path, created_at desc, id desc)")
        op.execute(f"create index {table}_of on {table} (customer_id)")
        op.execute(f"create index {table}_of_visit on {table} (visit_id)")
        part_of(table, "customers", "customer_id")


def _visits() -> None:
    op.execute(f"""
        create table visit_batches ({_RECORD}
          kind text not null,
          reason text not null,
          due_on date not null,
          planned integer not null,
          left_out integer not null,
          person_id uuid not null
        )""")
    op.execute("create index visit_batches_in_scope on visit_batches (org_path, created_at desc, id desc)")
    scoped("visit_batches")
    follows("visit_batches", index=False)
    op.execute("alter table return_visits add column batch_id uuid references visit_batches (id)")
    op.execute("alter table return_visits add column left_alone jsonb")
    op.execute("alter table return_visits add column questionnaire_id uuid references questionnaires (id)")
    op.execute("alter table findings add column due_on date")
    op.execute("alter table findings add column routed_unit text")
    op.execute("alter table findings add column routed_position text")
    follows("findings", "routed_unit", while_null="fixed_at")
    op.execute("create index findings_due on findings (due_on) where status = 'open'")
    op.execute("alter table claim_references add column surveyed_at timestamptz")
    op.execute("alter table policy_references add column starts_on date")
    op.execute("create table policies_received (policy_id uuid primary key, received_on date not null)")


def _data_checks() -> None:
    op.execute(f"""
        create table data_checks ({_RECORD}{_OF_A_CUSTOMER}
          visit_id uuid references return_visits (id),
          finding_id uuid references findings (id),
          field text not null,
          stored text,
          stated text,
          matches boolean not null,
          status text not null check (status in ('open', 'confirmed', 'corrected')),
          person_id uuid not null,
          settled_at timestamptz
        )""")
    op.execute("create index data_checks_in_scope on data_checks (org_path, created_at desc, id desc)")
    op.execute("create index data_checks_of on data_checks (customer_id)")
    op.execute("create index data_checks_of_finding on data_checks (finding_id)")
    part_of("data_checks", "customers", "customer_id")


def _asks() -> None:
    op.execute(f"""
        create table customer_asks ({_PART}{_OF_A_CUSTOMER}
          kind text not null,
          about_id uuid not null,
          asked_at timestamptz not null,
          unique (kind, about_id, customer_id)
        )""")
    op.execute("create index customer_asks_of on customer_asks (customer_id, asked_at desc)")
    part_of("customer_asks", "customers", "customer_id")
