"""What an issued contract lives through: payment orders, rescissions, renewals, safety demands, and what others tell."""

from __future__ import annotations

from alembic import op

from shared.migrations import follows, part_of, scoped

revision = "20261125_0200"
down_revision = "20261125_0110"

_RECORD = """
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,"""


def upgrade() -> None:
    _policies()
    _payment_orders()
    _rescissions()
    _renewals()
    _safety_demands()
    _copies()


def _policies() -> None:
    op.execute("""
        alter table policies
          add column application_id uuid,
          add column product_version integer,
          add column underwriter_id uuid,
          add column formed_on date""")
    op.execute("create unique index policies_of_application on policies (application_id)")


def _payment_orders() -> None:
    op.execute(f"""
        create table payment_orders ({_RECORD}
          unit_code text not null,
          application_id uuid,
          policy_id uuid references policies (id),
          policy_no text,
          customer_id uuid not null,
          line text not null,
          kind text not null check (kind in ('premium', 'additional_premium', 'refund')),
          direction text not null check (direction in ('in', 'out')),
          amount numeric(18,2) not null check (amount > 0),
          computation jsonb not null,
          parties jsonb not null,
          payee_name text,
          payee_account text,
          payee_digest text,
          due_on date not null,
          status text not null check (status in ('created', 'paid', 'failed', 'cancelled')),
          sending integer not null default 1,
          sent_at timestamptz not null,
          paid_at timestamptz,
          payer_name text,
          payer_account text,
          payer_digest text,
          reference text,
          failed_at timestamptz,
          failure_code text,
          reason text
        )""")
    op.execute("create index payment_orders_in_scope on payment_orders (org_path, created_at desc, id desc)")
    op.execute("create index payment_orders_by_due on payment_orders (org_path, due_on, id)")
    op.execute("create index payment_orders_of_application on payment_orders (application_id)")
    op.execute("create index payment_orders_of_policy on payment_orders (policy_id)")
    # one live order for the premium of an application, however often it is asked for
    op.execute("""
        create unique index payment_orders_premium_once on payment_orders (application_id, kind)
        where status <> 'cancelled' and application_id is not null""")
    scoped("payment_orders")
    follows("payment_orders", index=False)
    follows("payment_orders", "unit_code")


def _rescissions() -> None:
    op.execute("""
        create table rescissions (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          policy_id uuid not null unique references policies (id),
          question_code text not null,
          question_version text,
          proposal_reference text,
          fact text not null,
          affects text not null,
          intent text not null,
          influence boolean not null,
          known_on date not null,
          formed_on date not null,
          last_on date not null,
          losses_paid boolean not null,
          refund_amount numeric(18,2) not null,
          declared_by uuid not null
        )""")
    part_of("rescissions", "policies", "policy_id")


def _renewals() -> None:
    op.execute(f"""
        create table renewals ({_RECORD}
          unit_code text not null,
          policy_id uuid not null references policies (id),
          policy_no text not null,
          customer_id uuid not null,
          ends_at timestamptz not null,
          days integer not null,
          status text not null check (status in ('open', 'referred', 'agreed', 'declined', 'ended')),
          reasons jsonb not null,
          referred_unit_code text,
          decided_at timestamptz,
          decided_by uuid,
          reason text,
          unique (policy_id, ends_at)
        )""")
    op.execute("create index renewals_in_scope on renewals (org_path, created_at desc, id desc)")
    op.execute("create index renewals_by_end on renewals (org_path, ends_at, id)")
    scoped("renewals")
    follows("renewals", index=False)
    follows("renewals", "unit_code")
    follows("renewals", "referred_unit_code")


def _safety_demands() -> None:
    op.execute(f"""
        create table safety_demands ({_RECORD}
          unit_code text not null,
          policy_id uuid not null references policies (id),
          policy_no text not null,
          customer_id uuid not null,
          hazard_id uuid not null,
          hazard_class text not null,
          due_on date not null,
          status text not null check (status in ('proposed', 'demanded', 'agreed', 'cancelled', 'dropped')),
          outcome text,
          clause_id text,
          increase_rate numeric(8,6),
          demanded_at timestamptz,
          decided_by uuid,
          reason text,
          application_id uuid,
          unique (hazard_id, due_on)
        )""")
    op.execute("create index safety_demands_in_scope on safety_demands (org_path, created_at desc, id desc)")
    op.execute("create index safety_demands_of_policy on safety_demands (policy_id)")
    scoped("safety_demands")
    follows("safety_demands", index=False)
    follows("safety_demands", "unit_code")


def _copies() -> None:
    op.execute("""
        create table risk_signals (
          kind text not null,
          subject_id uuid not null,
          policy_id uuid,
          customer_id uuid,
          hazard_class text,
          due_on date,
          overdue boolean not null default false,
          overdue_since date,
          is_open boolean not null default true,
          record_version integer not null,
          primary key (kind, subject_id)
        )""")
    op.execute("create index risk_signals_of_policy on risk_signals (policy_id)")
    op.execute("create index risk_signals_of_customer on risk_signals (customer_id)")
    op.execute("""
        create table policy_marks (
          kind text not null,
          subject_id uuid not null,
          policy_id uuid,
          is_open boolean not null,
          since timestamptz not null,
          kept_out uuid[] not null default '{}',
          area text,
          record_version integer not null,
          primary key (kind, subject_id)
        )""")
    op.execute("create index policy_marks_of_policy on policy_marks (policy_id)")
