"""Agreements, notices, payments, closure and the bound file; what a settled claim no longer allows."""

from alembic import op

from shared.migrations import part_of

revision = "20261124_1200"
down_revision = "20261124_1100"


def upgrade() -> None:
    _agreement()
    _payments()
    _archive()
    _settled_claims()


def _kept(table: str) -> None:
    """Rows of a claim that are never changed or removed; only their place follows the claim when it moves."""
    op.execute(f"""
        create trigger append_only before update on {table} for each row
          when ((to_jsonb(old) - 'org_path') is distinct from (to_jsonb(new) - 'org_path'))
          execute function refuse_change()""")
    _not_removed(table)


def _not_removed(table: str) -> None:
    op.execute(f"create trigger never_removed before delete on {table} for each row execute function refuse_change()")
    op.execute(
        f"create trigger never_emptied before truncate on {table} for each statement execute function refuse_change()"
    )


def _unchanged_but(table: str, *columns: str) -> None:
    """Only these columns, and the place, of a row ever change."""
    names = ", ".join(f"'{name}'" for name in (*columns, "org_path"))
    kept = f"array[{names}]::text[]"
    op.execute(f"""
        create trigger kept_as_written before update on {table} for each row
          when ((to_jsonb(old) - {kept}) is distinct from (to_jsonb(new) - {kept}))
          execute function refuse_change()""")
    _not_removed(table)


def _agreement() -> None:
    op.execute("""
        create table settlement_agreements (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          sheet_version integer not null,
          agreed_at timestamptz not null,
          amount numeric(18,2) not null check (amount >= 0),
          beneficiaries jsonb not null,
          person_id uuid not null,
          unique (claim_id, sheet_version)
        )""")
    part_of("settlement_agreements", "claims", "claim_id")
    _kept("settlement_agreements")
    op.execute("""
        create table result_notices (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          determined_at timestamptz not null,
          kind text not null check (kind in ('pay', 'refuse', 'partial', 'zero')),
          served_at timestamptz not null,
          method text not null,
          reason text,
          clause_ids jsonb not null,
          person_id uuid not null,
          unique (claim_id, determined_at, kind)
        )""")
    part_of("result_notices", "claims", "claim_id")
    _kept("result_notices")
    op.execute("""
        create table result_explanations (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          determined_at timestamptz not null,
          explained_at timestamptz not null,
          method text not null,
          content text not null,
          reply text not null,
          person_id uuid not null
        )""")
    op.execute("create index result_explanations_of on result_explanations (claim_id)")
    part_of("result_explanations", "claims", "claim_id")
    _kept("result_explanations")


def _payments() -> None:
    op.execute("""
        create table payments (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          claim_id uuid not null references claims (id),
          claim_no text not null,
          unit_code text not null,
          payable_no integer not null,
          sheet_version integer not null,
          approved_digest text not null,
          claimant_ref text,
          amount numeric(18,2) not null check (amount > 0),
          payee_kind text not null,
          payee_name text not null,
          payee_account text not null,
          payee_digest text not null,
          relation text not null,
          proof jsonb,
          status text not null check (status in ('ordered', 'accepted', 'paid', 'failed', 'returned')),
          due_on date not null,
          ordered_by uuid not null,
          sending_id uuid not null,
          sent_at timestamptz not null,
          accepted_at timestamptz,
          paid_at timestamptz,
          reference text,
          failed_at timestamptz,
          failure_code text,
          unique (claim_id, payable_no)
        )""")
    op.execute("create index payments_in_scope on payments (org_path, created_at desc, id desc)")
    op.execute("create index payments_due on payments (due_on) where status in ('ordered', 'accepted')")
    op.execute("create index payments_by_claim_no on payments (claim_no)")
    part_of("payments", "claims", "claim_id")
    _unchanged_but(
        "payments", "version", "updated_at", "payee_account", "payee_digest", "status", "sending_id", "sent_at",
        "accepted_at", "paid_at", "reference", "failed_at", "failure_code",
    )  # fmt: skip
    # The account changes only when a failed payment is sent again.
    op.execute("""
        create trigger account_of_a_failed_payment before update of payee_account, payee_digest on payments
          for each row when (
            (old.payee_account, old.payee_digest) is distinct from (new.payee_account, new.payee_digest)
            and (old.status not in ('failed', 'returned') or new.status <> 'ordered')
          ) execute function refuse_change()""")
    # Whatever writes the row: nothing is paid of a claim that is not agreed, and never more than is payable.
    op.execute("""
        create function refuse_unapproved_payment() returns trigger language plpgsql as $$
        declare
          claim record;
          total numeric;
        begin
          select status, payable_amount, sheet_version into claim from claims where id = new.claim_id for update;
          if tg_op = 'INSERT' and (claim.status is null or claim.status not in ('agreed', 'paying')) then
            raise exception 'no payment is ordered of a claim in this state' using errcode = '23514';
          end if;
          select sum(amount) into total from payments
            where claim_id = new.claim_id and sheet_version = claim.sheet_version
              and status in ('ordered', 'accepted', 'paid');
          if total > coalesce(claim.payable_amount, 0) then
            raise exception 'payments of the claim exceed what is payable' using errcode = '23514';
          end if;
          return null;
        end
        $$""")
    op.execute("""
        create trigger never_more_than_payable after insert or update of status, amount on payments
          for each row execute function refuse_unapproved_payment()""")


def _archive() -> None:
    op.execute("""
        create table claim_files (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null unique references claims (id),
          volume_no text not null unique,
          status text not null check (status in ('sorted', 'bound', 'archived', 'borrowed', 'destroyed')),
          shelf_place text,
          pages jsonb not null,
          page_count integer not null,
          manifest_sha256 text not null,
          archivist_person_id uuid not null,
          shelved_at timestamptz not null,
          person_id uuid not null
        )""")
    part_of("claim_files", "claims", "claim_id")
    _unchanged_but("claim_files", "status", "shelf_place")
    op.execute("""
        create table file_supplements (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          supplement_no text not null unique,
          pages jsonb not null,
          page_count integer not null,
          manifest_sha256 text not null,
          reason text not null,
          person_id uuid not null
        )""")
    op.execute("create index file_supplements_of on file_supplements (claim_id)")
    part_of("file_supplements", "claims", "claim_id")
    _kept("file_supplements")
    op.execute("""
        create table file_loans (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          claim_id uuid not null references claims (id),
          borrower_person_id uuid not null,
          purpose text not null,
          due_on date not null,
          lent_by uuid not null,
          returned_at timestamptz,
          returned_by uuid,
          condition text
        )""")
    op.execute("create unique index file_loans_out on file_loans (claim_id) where returned_at is null")
    part_of("file_loans", "claims", "claim_id")
    _unchanged_but("file_loans", "returned_at", "returned_by", "condition")


def _settled_claims() -> None:
    """A settled claim keeps its money as it was settled; only a reopening makes it open to change again."""
    op.execute("""
        create function refuse_change_of_settled() returns trigger language plpgsql as $$
        begin
          raise exception 'claim % is settled: reopen it first', old.claim_no using errcode = '23514';
        end
        $$""")
    money = ", ".join(
        f"{{row}}.{name}"
        for name in (
            *("line", "policy_id", "policy_version", "sheet_version", "gross_amount", "payable_amount", "outcome"),
            *("determined_at", "agreed_at", "settled_at"),
        )
    )
    op.execute(f"""
        create trigger settled_money_stays before update on claims for each row when (
          old.status in ('paid', 'refusal_served', 'zero', 'closed', 'archived') and new.status <> 'reopened'
          and ({money.format(row="old")}) is distinct from ({money.format(row="new")})
        ) execute function refuse_change_of_settled()""")
    op.execute("""
        create trigger closed_claims_stay before update on claims for each row when (
          old.status in ('closed', 'archived')
          and (
            new.status not in (old.status, 'archived', 'reopened')
            or (new.status <> 'reopened' and old.reserve_amount is distinct from new.reserve_amount)
          )
        ) execute function refuse_change_of_settled()""")
    op.execute("create trigger never_removed before delete on claims for each row execute function refuse_change()")
    op.execute("""
        create function refuse_part_of_settled() returns trigger language plpgsql as $$
        begin
          if exists (
            select from claims where id = new.claim_id
              and status in ('paid', 'refusal_served', 'zero', 'closed', 'archived')
          ) then
            raise exception 'the claim is settled: reopen it first' using errcode = '23514';
          end if;
          return null;
        end
        $$""")
    for table in ("loss_assessments", "calculation_sheets"):
        op.execute(f"""
            create trigger not_of_a_settled_claim after insert on {table}
              for each row execute function refuse_part_of_settled()""")
