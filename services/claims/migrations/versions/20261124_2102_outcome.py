"""Decisions beside the claim's own life, payments of what they grant, letters and notices."""

from __future__ import annotations

from alembic import op

from shared.migrations import kernel_2, part_of

revision = "20261124_2102"
down_revision = "20261124_2101"


def upgrade() -> None:
    kernel_2()
    _side_decisions()
    _granted_payments()


def _side_decisions() -> None:
    op.execute("""
        create table side_decisions (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          kind text not null
            check (kind in ('advance', 'ex_gratia', 'recovery', 'litigation', 'reopening', 'overpayment')),
          status text not null check (status in (
            'open', 'requested', 'approved', 'refused', 'returned', 'recovered', 'judged', 'final', 'withdrawn',
            'recorded'
          )),
          amount numeric(18,2) not null check (amount >= 0),
          reason_code text,
          reason text not null,
          facts jsonb not null,
          digest text not null,
          requested_by uuid not null,
          decided_at timestamptz
        )""")
    op.execute("create index side_decisions_of on side_decisions (claim_id, created_at)")
    op.execute("""
        create unique index side_decisions_one_open on side_decisions (claim_id, kind) where status = 'requested'""")
    part_of("side_decisions", "claims", "claim_id")
    # What was approved stays as it was approved; only its place follows the claim.
    op.execute("""
        create trigger kept_once_decided before update on side_decisions for each row
          when (
            old.status in ('approved', 'refused', 'returned', 'recovered', 'final', 'withdrawn', 'recorded')
            and (to_jsonb(old) - 'org_path') is distinct from (to_jsonb(new) - 'org_path')
          ) execute function refuse_change()""")
    op.execute("""
        create trigger amount_stays before update on side_decisions for each row
          when ((old.claim_id, old.kind, old.amount) is distinct from (new.claim_id, new.kind, new.amount))
          execute function refuse_change()""")
    op.execute("""
        create trigger never_removed before delete on side_decisions
          for each row execute function refuse_change()""")
    op.execute("""
        create table recovery_receipts (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          side_id uuid not null references side_decisions (id),
          amount numeric(18,2) not null check (amount > 0),
          received_at timestamptz not null,
          reference text not null,
          person_id uuid not null
        )""")
    op.execute("create index recovery_receipts_of on recovery_receipts (side_id)")
    part_of("recovery_receipts", "claims", "claim_id")
    op.execute("""
        create trigger never_removed before delete on recovery_receipts
          for each row execute function refuse_change()""")


def _granted_payments() -> None:
    op.execute("alter table payments alter column sheet_version drop not null")
    op.execute("alter table payments add column side_id uuid references side_decisions (id)")
    op.execute("""
        alter table payments add constraint payments_of_sheet_or_grant
          check ((sheet_version is null) <> (side_id is null))""")
    op.execute("create index payments_of_grant on payments (side_id) where side_id is not null")
    # Whatever writes the row: of a grant only what was approved and never more; of a sheet as before.
    op.execute("""
        create or replace function refuse_unapproved_payment() returns trigger language plpgsql as $$
        declare
          claim record;
          granted record;
          total numeric;
        begin
          select status, payable_amount, sheet_version into claim from claims where id = new.claim_id for update;
          if new.side_id is not null then
            select kind, status, amount, claim_id into granted from side_decisions where id = new.side_id;
            if granted.status is distinct from 'approved' or granted.kind not in ('advance', 'ex_gratia')
                or granted.claim_id <> new.claim_id then
              raise exception 'nothing is paid that was not granted' using errcode = '23514';
            end if;
            select sum(amount) into total from payments
              where side_id = new.side_id and status in ('ordered', 'accepted', 'paid');
            if total > granted.amount then
              raise exception 'payments exceed what was granted' using errcode = '23514';
            end if;
            return null;
          end if;
          if tg_op = 'INSERT' and (claim.status is null or claim.status not in ('agreed', 'paying')) then
            raise exception 'no payment is ordered of a claim in this state' using errcode = '23514';
          end if;
          select sum(amount) into total from payments
            where claim_id = new.claim_id and side_id is null and sheet_version = claim.sheet_version
              and status in ('ordered', 'accepted', 'paid');
          if total > coalesce(claim.payable_amount, 0) then
            raise exception 'payments of the claim exceed what is payable' using errcode = '23514';
          end if;
          return null;
        end
        $$""")
