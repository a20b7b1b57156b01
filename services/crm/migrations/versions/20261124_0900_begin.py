"""The technical tables; customers, their timeline with the copies it needs, visits and findings."""

from alembic import op

from shared.migrations import directory_1, kernel_1, part_of, scoped

revision = "20261124_0900"
down_revision = None

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


def upgrade() -> None:
    kernel_1()
    directory_1()
    _customers()
    _timeline()
    _references()
    _visits()


def _customers() -> None:
    op.execute(f"""
        create table customers ({_RECORD}
          core_no text unique,
          core_version integer not null default 0,
          known boolean not null,
          kind text,
          name text,
          id_type text,
          id_no text,
          id_digest text,
          phone text,
          phone_digest text,
          email text,
          address text,
          area_code text,
          unit_code text not null,
          unit_pending boolean not null default false,
          team_code text,
          manager_id uuid,
          manager_staff_no text,
          preferred_channel text,
          channel_set_here boolean not null default false,
          note text,
          key_account_tier text,
          merged_into uuid references customers (id),
          check (merged_into <> id)
        )""")
    op.execute("create index customers_in_scope on customers (org_path, created_at desc, id desc)")
    op.execute("create index customers_by_time on customers (created_at desc, id desc)")
    op.execute("create index customers_by_id_digest on customers (id_digest)")
    op.execute("create index customers_by_phone_digest on customers (phone_digest)")
    op.execute("create index customers_by_name on customers (name text_pattern_ops)")
    op.execute("create index customers_of_manager on customers (manager_id)")
    op.execute("create index customers_of_pending_unit on customers (unit_code) where unit_pending")
    op.execute("create index customers_merged on customers (merged_into) where merged_into is not null")
    scoped("customers")
    op.execute(f"""
        create table customer_contacts ({_PART}
          customer_id uuid not null references customers (id),
          source text not null,
          position integer not null,
          name text not null,
          role text not null,
          phone text
        )""")
    op.execute("create index customer_contacts_of on customer_contacts (customer_id)")
    part_of("customer_contacts", "customers", "customer_id")
    op.execute(f"""
        create table customer_assignments ({_PART}
          customer_id uuid not null references customers (id),
          unit_code text not null,
          team_code text,
          manager_id uuid,
          manager_staff_no text,
          from_at timestamptz not null,
          to_at timestamptz,
          source text not null,
          reason text,
          person_id uuid not null
        )""")
    op.execute("create index customer_assignments_of on customer_assignments (customer_id)")
    op.execute("create unique index customer_assignments_one on customer_assignments (customer_id) where to_at is null")
    part_of("customer_assignments", "customers", "customer_id")
    op.execute(f"""
        create table customer_versions ({_PART}
          customer_id uuid not null references customers (id),
          core_version integer not null,
          content jsonb not null,
          applied text not null,
          unique (customer_id, core_version)
        )""")
    part_of("customer_versions", "customers", "customer_id")


def _timeline() -> None:
    op.execute(f"""
        create table timeline_entries ({_PART}
          customer_id uuid not null references customers (id),
          event_id uuid not null unique,
          kind text not null,
          occurred_at timestamptz not null,
          about_kind text not null,
          about_id uuid not null,
          record_version integer not null,
          summary jsonb not null,
          amounts jsonb not null
        )""")
    op.execute("create index timeline_entries_of on timeline_entries (customer_id, occurred_at desc, id desc)")
    part_of("timeline_entries", "customers", "customer_id")
    op.execute("""
        create table waiting_entries (
          event_id uuid primary key,
          about_id uuid not null,
          path text not null,
          entry jsonb not null
        )""")
    op.execute("create index waiting_entries_about on waiting_entries (about_id)")


def _references() -> None:
    op.execute("""
        create table record_references (
          record_id uuid primary key,
          kind text not null,
          customer_id uuid,
          parent_id uuid,
          path text not null,
          ended boolean not null default false
        )""")
    op.execute("create index record_references_below on record_references (parent_id)")
    op.execute("create index record_references_of on record_references (customer_id)")
    op.execute("""
        create table policy_references (
          policy_id uuid primary key,
          policy_no text not null,
          policy_version integer not null,
          product text not null,
          line text not null,
          business text not null,
          issued_on date not null,
          ends_on date not null
        )""")
    op.execute("create index policy_references_number on policy_references (policy_no)")
    op.execute("""
        create table claim_references (
          claim_id uuid primary key,
          claim_no text,
          policy_id uuid,
          line text,
          settled_version integer not null default 0,
          settled_at timestamptz,
          outcome text,
          paid_amount numeric(18,2),
          reopened_version integer not null default 0,
          cancelled boolean not null default false,
          duplicate_of uuid
        )""")
    op.execute("create index claim_references_number on claim_references (claim_no)")
    op.execute("create index claim_references_of on claim_references (policy_id)")
    op.execute("""
        create table complaint_references (
          complaint_id uuid primary key,
          claim_id uuid,
          policy_id uuid,
          cause text,
          due_on date,
          due_legal_on date,
          due_version integer not null default 0,
          outcome text,
          notified_at timestamptz,
          withdrawn boolean not null default false
        )""")
    op.execute("""
        create table duties_taken (
          record_id uuid not null,
          duty text not null,
          person_id uuid not null,
          primary key (record_id, duty, person_id)
        )""")
    op.execute("""
        create table notices_seen (
          notice_id uuid primary key,
          service text not null,
          about_id uuid not null,
          channel text not null,
          state text not null,
          at timestamptz not null,
          record_version integer not null
        )""")
    op.execute("create index notices_seen_about on notices_seen (about_id)")


def _visits() -> None:
    op.execute(f"""
        create table return_visits ({_RECORD}
          customer_id uuid not null references customers (id),
          kind text not null,
          about_kind text not null,
          about_id uuid not null,
          trigger integer not null,
          status text not null,
          due jsonb not null,
          due_on date not null,
          due_at timestamptz not null,
          mode text,
          recording_ref text,
          questionnaire_version text,
          answers jsonb,
          remark text,
          score integer check (score between 0 and 100),
          completed_at timestamptz,
          completed_by uuid,
          cancelled_by text,
          unique (kind, about_id, trigger)
        )""")
    op.execute("create index return_visits_in_scope on return_visits (org_path, due_at desc, id desc)")
    op.execute("create index return_visits_by_due on return_visits (due_at, id)")
    op.execute("create index return_visits_of on return_visits (customer_id)")
    op.execute("create index return_visits_about on return_visits (about_id)")
    op.execute(
        "create unique index return_visits_one_open on return_visits (kind, about_id)"
        " where status in ('planned', 'attempted', 'alt_mode')"
    )
    part_of("return_visits", "customers", "customer_id")
    op.execute(f"""
        create table visit_attempts ({_PART}
          visit_id uuid not null references return_visits (id),
          mode text not null,
          result text not null,
          occurred_at timestamptz not null,
          recording_ref text,
          remark text,
          person_id uuid not null
        )""")
    op.execute("create index visit_attempts_of on visit_attempts (visit_id)")
    part_of("visit_attempts", "return_visits", "visit_id")
    op.execute(f"""
        create table findings ({_RECORD}
          customer_id uuid not null references customers (id),
          visit_id uuid references return_visits (id),
          status text not null,
          source text not null,
          area text not null,
          severity text not null,
          about_kind text not null,
          about_id uuid not null,
          fixed_at timestamptz,
          led_to_kind text,
          led_to_id uuid
        )""")
    op.execute("create index findings_in_scope on findings (org_path, created_at desc, id desc)")
    op.execute("create index findings_by_time on findings (created_at desc, id desc)")
    op.execute("create index findings_about on findings (about_id)")
    op.execute("create unique index findings_once on findings (visit_id, source) where visit_id is not null")
    part_of("findings", "customers", "customer_id")
    op.execute(f"""
        create table follow_ups ({_PART}
          finding_id uuid not null references findings (id),
          action text not null,
          text text not null,
          fixed boolean not null,
          person_id uuid not null
        )""")
    op.execute("create index follow_ups_of on follow_ups (finding_id)")
    part_of("follow_ups", "findings", "finding_id")
    op.execute("create table sampling_keys (id integer primary key check (id = 1), key bytea not null)")
    # 244 random bits: the draw can be repeated as long as the data live, and nobody outside can foretell it.
    op.execute("insert into sampling_keys select 1, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())")
