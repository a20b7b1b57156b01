"""Losses, calculation sheets, the ledger of limits, approvals."""

from alembic import op

from shared.migrations import part_of

revision = "20261124_1100"
down_revision = "20261124_1000"


def upgrade() -> None:
    _assessment()
    _ledger()
    _approval()


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


def _assessment() -> None:
    op.execute("""
        create table loss_assessments (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          number integer not null,
          facts jsonb not null,
          person_id uuid not null,
          unique (claim_id, number)
        )""")
    part_of("loss_assessments", "claims", "claim_id")
    _kept("loss_assessments")
    op.execute("""
        create table calculation_sheets (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          sheet_version integer not null,
          loss_number integer not null,
          policy_id uuid not null,
          policy_version integer not null,
          in_force boolean not null,
          engine_version text not null,
          gross_amount numeric(18,2) not null,
          payable_amount numeric(18,2) not null,
          claimed_amount numeric(18,2),
          content jsonb not null,
          disregarded_clause_ids jsonb not null,
          digest text not null,
          person_id uuid not null,
          unique (claim_id, sheet_version)
        )""")
    part_of("calculation_sheets", "claims", "claim_id")
    _kept("calculation_sheets")
    op.execute("""
        create table prior_payments (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          kind text not null check (kind in ('advance', 'payment')),
          amount numeric(18,2) not null,
          source_id uuid not null unique
        )""")
    op.execute("create index prior_payments_of on prior_payments (claim_id)")
    part_of("prior_payments", "claims", "claim_id")
    _kept("prior_payments")


def _ledger() -> None:
    # No row scope: a limit belongs to the policy, whichever unit handles the claim that uses it.
    op.execute("""
        create table limit_ledger (
          id uuid primary key,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          policy_id uuid not null,
          policy_version integer not null,
          claim_id uuid not null references claims (id),
          limit_name text not null,
          claimant_ref text,
          claimant_key text,
          amount numeric(18,2) not null check (amount >= 0),
          state text not null check (state in ('reserved', 'settled', 'released'))
        )""")
    op.execute("create index limit_ledger_of_policy on limit_ledger (policy_id) where state <> 'released'")
    op.execute("create index limit_ledger_of_claim on limit_ledger (claim_id)")


def _approval() -> None:
    op.execute("""
        create table approval_steps (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          side_id uuid,
          sheet_version integer,
          round integer not null,
          step integer not null,
          level text not null,
          unit_code text not null,
          kind text not null check (kind in ('opinion', 'decision', 'cosignature')),
          position text not null,
          person_id uuid not null,
          staff_no text not null,
          on_behalf_of uuid,
          delegation_id uuid,
          appointment_id uuid not null,
          outcome text not null check (outcome in ('approve', 'refuse', 'return')),
          amount numeric(18,2) not null,
          reason_code text,
          reason text,
          clause_ids jsonb not null,
          table_version text not null,
          digest text
        )""")
    op.execute("""
        create unique index approval_steps_once on approval_steps
          (claim_id, coalesce(side_id, claim_id), coalesce(sheet_version, 0), round, step, person_id)""")
    part_of("approval_steps", "claims", "claim_id")
    _kept("approval_steps")
    # Whoever reported, registered, surveyed or adjusted never approves: held here too, whatever wrote the row.
    op.execute("""
        create function refuse_own_work() returns trigger language plpgsql as $$
        begin
          if exists (
            select from claim_duties held where held.claim_id = new.claim_id
              and held.person_id in (new.person_id, new.on_behalf_of)
              and held.duty in ('reporter', 'registrar', 'surveyor', 'adjuster')
          ) then
            raise exception 'a person with a duty on the claim cannot approve it' using errcode = '23514';
          end if;
          return null;
        end
        $$""")
    op.execute("""
        create constraint trigger separate_duties after insert on approval_steps
          for each row execute function refuse_own_work()""")
