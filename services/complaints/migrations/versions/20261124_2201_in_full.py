"""Who is kept out, proxies, receptions, transfers; compensation, review, root causes, mis-selling."""

from alembic import op

from shared.migrations import part_of, scoped

revision = "20261124_2201"
down_revision = "20261124_2150"


def upgrade() -> None:
    _complaints()
    _references()
    _compensation()
    _causes()
    _mis_selling()


def _complaints() -> None:
    op.execute("""
        alter table complaints
          add column kept_out jsonb not null default '[]',
          add column seller_id uuid,
          add column line text,
          add column proxy jsonb,
          add column reception jsonb,
          add column transfer jsonb,
          add column compensation_amount numeric(18, 2),
          add column compensation_status text,
          add column escalated_at timestamptz,
          add column decided_by uuid,
          add column decided_path text collate "C",
          add column closed_at timestamptz,
          add column review_requested_at timestamptz,
          add column review_due_on date,
          add column review_due_legal_on date,
          add column review_due_at timestamptz,
          add column review_decided_at timestamptz,
          add column review_outcome text,
          add column review_breached_at timestamptz""")
    op.execute("select set_config('anlan.scope', '00', true)")
    op.execute("update complaints set kept_out = named_persons")
    # Whoever is named, involved, or manages the involved finds no trace, nor does whoever acts on such a person's
    # behalf; restrictive: it narrows the scope's own policy. It covers changes too: what is not seen is not changed.
    op.execute("drop policy not_the_named on complaints")
    op.execute(_hidden_from("complaints"))
    op.execute("create index complaints_of_policy on complaints (policy_id)")
    op.execute("create index complaints_of_cause on complaints (cause, received_at)")
    op.execute("create index complaints_untold on complaints (due_at) where notified_at is null")
    op.execute("create index complaints_merged on complaints (merged_into) where merged_into is not null")


def _hidden_from(table: str) -> str:
    names = ", ".join(f"coalesce(current_setting('anlan.{one}', true), '')" for one in ("person", "principal"))
    return (
        f"create policy not_the_kept_out on {table} as restrictive for select"
        f" using (not jsonb_exists_any(kept_out, array[{names}]))"
    )


def _references() -> None:
    op.execute("alter table policy_references add column line text, add column underwriter_id uuid")
    op.execute("""
        create table policy_duties (
          policy_id uuid not null,
          person_id uuid not null,
          duty text not null,
          primary key (policy_id, person_id, duty)
        )""")
    op.execute("""
        insert into policy_duties (policy_id, person_id, duty)
        select policy_id, seller_id, 'seller' from policy_references where seller_id is not null""")


def _compensation() -> None:
    op.execute("""
        create table compensations (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          complaint_id uuid not null references complaints (id),
          amount numeric(18, 2) not null check (amount > 0),
          reason text not null,
          status text not null,
          line text not null,
          proposed_by uuid not null,
          proposed_for uuid,
          decided_at timestamptz,
          paid_at timestamptz,
          payment_reference text
        )""")
    # One that lives: a second proposal waits for the first to be refused.
    op.execute(
        "create unique index compensations_one on compensations (complaint_id) where status in ('proposed', 'approved')"
    )
    op.execute("create index compensations_of on compensations (complaint_id, created_at)")
    part_of("compensations", "complaints", "complaint_id")
    op.execute("""
        create table compensation_steps (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          compensation_id uuid not null references compensations (id),
          step integer not null,
          kind text not null,
          outcome text not null,
          position text not null,
          unit_code text not null,
          level text not null,
          person_id uuid not null,
          staff_no text not null,
          on_behalf_of uuid,
          amount numeric(18, 2) not null,
          reason text,
          reason_code text,
          table_version text not null
        )""")
    op.execute("create index compensation_steps_of on compensation_steps (compensation_id, created_at)")
    part_of("compensation_steps", "compensations", "compensation_id")


def _causes() -> None:
    op.execute("""
        create table root_causes (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          complaint_id uuid not null references complaints (id),
          cause text not null,
          product text,
          action text not null,
          owner_person_id uuid not null,
          owner_path text collate "C" not null,
          due_on date not null,
          done_at timestamptz,
          done_note text,
          check_on date,
          checked_at timestamptz,
          recurred integer,
          status text not null
        )""")
    op.execute("create index root_causes_of on root_causes (complaint_id, created_at)")
    op.execute("create index root_causes_open on root_causes (due_on) where done_at is null")
    op.execute(
        "create index root_causes_to_check on root_causes (check_on) where done_at is not null and checked_at is null"
    )
    part_of("root_causes", "complaints", "complaint_id")


def _mis_selling() -> None:
    op.execute("""
        create table mis_selling_cases (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          status text not null,
          source_kind text not null,
          source_id uuid not null,
          policy_no text,
          policy_id uuid,
          product text,
          seller_person_id uuid not null,
          kept_out jsonb not null,
          found_at timestamptz not null,
          due_on date not null,
          due_legal_on date not null,
          due_at timestamptz not null,
          deadline jsonb not null,
          handler_person_id uuid,
          findings text,
          actions jsonb not null,
          outcome text,
          closed_at timestamptz,
          breached_at timestamptz,
          unique (source_kind, source_id, seller_person_id)
        )""")
    op.execute("create index mis_selling_cases_in_scope on mis_selling_cases (org_path, due_at desc, id desc)")
    op.execute("create index mis_selling_cases_running on mis_selling_cases (due_at) where closed_at is null")
    scoped("mis_selling_cases")
    op.execute(_hidden_from("mis_selling_cases"))
