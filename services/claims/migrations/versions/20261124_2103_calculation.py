"""Lines set by hand, payees that are approved with the sheet, claims taken further up, second looks."""

from __future__ import annotations

from alembic import op

from shared.migrations import part_of, scoped

revision = "20261124_2103"
down_revision = "20261124_2102"


def upgrade() -> None:
    op.execute("alter table calculation_sheets add column overrides jsonb not null default '[]'")
    _payees()
    _approval()
    _second_look()


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


def _payees() -> None:
    op.execute("""
        create table payee_plans (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          number integer not null,
          payees jsonb not null,
          digest text not null,
          voids_decision boolean not null,
          person_id uuid not null,
          unique (claim_id, number)
        )""")
    part_of("payee_plans", "claims", "claim_id")
    _kept("payee_plans")


def _approval() -> None:
    op.execute("alter table approval_steps add column payee_number integer not null default 0")
    op.execute("alter table approval_steps add column payee_digest text")
    op.execute("drop index approval_steps_once")
    op.execute("""
        create unique index approval_steps_once on approval_steps
          (claim_id, coalesce(side_id, claim_id), coalesce(sheet_version, 0), payee_number, round, step, person_id)""")
    op.execute("""
        create table approval_raises (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          sheet_version integer not null,
          from_level text not null,
          to_level text not null,
          reason_code text not null,
          reason text not null,
          person_id uuid not null,
          staff_no text not null,
          on_behalf_of uuid
        )""")
    op.execute("create index approval_raises_of on approval_raises (claim_id)")
    part_of("approval_raises", "claims", "claim_id")
    _kept("approval_raises")
    op.execute("""
        create table approval_voidings (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          sheet_version integer not null,
          payee_number integer not null,
          changed jsonb not null,
          person_id uuid not null,
          unique (claim_id, sheet_version, payee_number)
        )""")
    part_of("approval_voidings", "claims", "claim_id")
    _kept("approval_voidings")


def _second_look() -> None:
    op.execute("""
        create table quality_checks (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          kind text not null check (kind in ('sample', 'payee', 'surveyor', 'repairer', 'approver')),
          status text not null check (status in ('open', 'done')),
          unit_code text not null,
          subject text,
          claim_count integer not null check (claim_count > 0),
          total_amount numeric(18,2) not null,
          claims jsonb not null,
          counted_to timestamptz not null,
          rule_version text not null,
          due_at timestamptz not null,
          outcome text check (outcome in ('in_order', 'error', 'suspected_fraud')),
          findings text,
          checked_by uuid,
          checked_at timestamptz,
          check ((status = 'done') = (outcome is not null and checked_by is not null and checked_at is not null))
        )""")
    scoped("quality_checks")
    op.execute("create index quality_checks_newest on quality_checks (org_path, created_at desc, id desc)")
    # One open look at a pattern at a time; a sample has no subject but its one decision.
    op.execute("""
        create unique index quality_checks_pattern on quality_checks (kind, subject)
          where status = 'open' and kind <> 'sample'""")
    op.execute("create unique index quality_checks_sample on quality_checks (subject) where kind = 'sample'")
    op.execute("create index claims_decided on claims (determined_at) where determined_at is not null")
