"""Sites, checklists, prevention plans, assessments; what a visit knows of them; the ends of policies and
applications, so that events may come in any order."""

from __future__ import annotations

from alembic import op

from shared.migrations import follows, part_of, scoped

revision = "20261125_0400"
down_revision = "20261125_0450"

_RECORD = """
  id uuid primary key,
  version integer not null,
  org_path text collate "C" not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
"""
_OWN = ("sites", "checklists", "prevention_plans", "risk_assessments")


def upgrade() -> None:
    _sites()
    _checklists()
    _prevention_plans()
    _assessments()
    _visits()
    _order_of_events()
    for table in _OWN:
        op.execute(f"create index {table}_in_scope on {table} (org_path, created_at desc, id desc)")
        scoped(table)
        follows(table, index=False)
        if table != "checklists":
            follows(table, "unit_code")


def _sites() -> None:
    op.execute(f"""
        create table sites ({_RECORD}
          customer_id uuid not null,
          policy_id uuid,
          policy_no text,
          name text not null,
          address text not null,
          address_key text not null,
          area_code text not null,
          longitude numeric(9,6),
          latitude numeric(9,6),
          insured_count integer not null check (insured_count >= 0),
          industry text not null,
          unit_code text not null,
          status text not null,
          check ((longitude is null) = (latitude is null))
        )""")
    op.execute("create index sites_of_customer on sites (customer_id)")
    op.execute("create index sites_of_policy on sites (policy_id) where status = 'active'")
    op.execute("create index sites_by_position on sites (latitude, longitude) where status = 'active'")
    op.execute("create index sites_by_address on sites (address_key) where status = 'active'")


def _checklists() -> None:
    op.execute(f"""
        create table checklists ({_RECORD}
          industry text not null,
          list_version text not null,
          effective_from date not null,
          items jsonb not null,
          published_by uuid not null,
          unique (org_path, industry, list_version)
        )""")
    op.execute("create unique index checklists_by_day on checklists (org_path, industry, effective_from)")


def _prevention_plans() -> None:
    op.execute(f"""
        create table prevention_plans ({_RECORD}
          policy_id uuid not null unique,
          policy_no text not null,
          policy_version integer not null,
          customer_id uuid not null,
          unit_code text not null,
          product text not null,
          risk_level text not null,
          insured_count integer not null,
          starts_on date not null,
          ends_on date not null,
          status text not null,
          items jsonb not null,
          revised_because jsonb not null,
          confirmed_at timestamptz,
          confirmation jsonb
        )""")


def _assessments() -> None:
    op.execute(f"""
        create table risk_assessments ({_RECORD}
          customer_id uuid not null,
          application_id uuid,
          policy_id uuid,
          policy_no text,
          inspection_id uuid references inspections (id),
          site_id uuid references sites (id),
          unit_code text not null,
          status text not null,
          score integer not null,
          level text not null,
          factors jsonb not null,
          advice jsonb not null,
          summary text not null,
          assessor_person_id uuid not null,
          signed_by uuid,
          signed_at timestamptz,
          handed_over_at timestamptz,
          handed_over jsonb
        )""")
    op.execute("create index risk_assessments_of on risk_assessments (customer_id)")
    op.execute("create index risk_assessments_asked on risk_assessments (application_id)")


def _visits() -> None:
    op.execute("""
        alter table inspection_plans
          add column product text,
          add column planned_from date,
          add column confirmation jsonb
        """)
    op.execute("select set_config('anlan.scope', '00', true)")
    op.execute("update inspection_plans set planned_from = (created_at at time zone 'Asia/Shanghai')::date")
    op.execute("alter table inspection_plans alter column planned_from set not null")
    op.execute("""
        alter table inspections
          add column application_id uuid,
          add column site_id uuid references sites (id),
          add column place jsonb,
          add column reasons jsonb not null default '[]',
          add column seller_id uuid,
          add column confirmed_at timestamptz,
          add column confirmation jsonb,
          add column checklist_id uuid references checklists (id),
          add column score numeric(5,1),
          add column scores jsonb not null default '{}',
          add column jointly boolean not null default false,
          add column explanation text,
          add column signed_at timestamptz
        """)
    op.execute("drop index inspections_once")
    op.execute("""
        create unique index inspections_once on inspections (plan_id, due_on, site_id) nulls not distinct
          where plan_id is not null and status <> 'cancelled'""")
    op.execute("""
        create unique index inspections_of_application on inspections (application_id)
          where kind = 'pre_bind' and status <> 'cancelled'""")
    op.execute("create index inspections_of_site on inspections (site_id, inspected_at)")
    op.execute("create index inspections_of_policy on inspections (policy_id)")
    op.execute("create index inspections_of_engineer on inspections (inspector_person_id, scheduled_at)")
    op.execute("""
        create index inspections_untold on inspections (due_on, id)
          where status in ('planned', 'due', 'scheduled', 'overdue') and (stage is null or stage <> 'overdue')""")
    op.execute("""
        create table inspection_signatures (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          inspection_id uuid not null references inspections (id),
          side text not null,
          signer_name text,
          signer_role text,
          method text,
          attachment_id uuid,
          refused_reason text,
          signed_at timestamptz not null,
          person_id uuid not null,
          unique (inspection_id, side)
        )""")
    part_of("inspection_signatures", "inspections", "inspection_id")


def _order_of_events() -> None:
    """What comes before that which it is about is kept until that comes."""
    op.execute("""
        create table policy_ends_seen (
          policy_id uuid primary key,
          ended_at timestamptz not null,
          record_version integer not null
        )""")
    op.execute("create table applications_ended_seen (application_id uuid primary key, outcome text not null)")
