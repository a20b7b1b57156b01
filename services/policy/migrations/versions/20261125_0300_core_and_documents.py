"""The seam to the core in full; deliveries, controlled documents, volumes, notes; tables that leave the system."""

from __future__ import annotations

from alembic import op

from shared.migrations import append_only, exports_1, follows, keeps, part_of, scoped

revision = "20261125_0300"
down_revision = "20261125_0100"

RECORD = """
  id uuid primary key,
  version integer not null,
  org_path text collate "C" not null,
  created_at timestamptz not null,
  updated_at timestamptz not null"""
PART = """
  id uuid primary key,
  org_path text collate "C" not null,
  created_at timestamptz not null"""


def upgrade() -> None:
    exports_1()
    _core()
    _insured_lists()
    _deliveries()
    _controlled_documents()
    _volumes()
    op.execute(f"""
        create table policy_notes ({PART},
          policy_id uuid not null references policies (id),
          text text not null,
          mentions jsonb not null,
          person_id uuid not null,
          staff_no text not null,
          position text not null
        )""")
    op.execute("create index policy_notes_of on policy_notes (policy_id, created_at)")
    part_of("policy_notes", "policies", "policy_id")


def _core() -> None:
    op.execute("alter table policies add column made_here boolean not null default false")
    op.execute("alter table reconciliation_items add column resolved_by uuid")
    op.execute("create index reconciliation_items_of on reconciliation_items (policy_no, status)")
    op.execute("create index reconciliation_items_waiting on reconciliation_items (kind) where status = 'open'")
    op.execute(f"""
        create table reconciliation_runs ({RECORD},
          as_of date not null,
          changed_since timestamptz,
          status text not null,
          ended_at timestamptz
        )""")
    op.execute("create index reconciliation_runs_in_scope on reconciliation_runs (org_path, created_at desc, id desc)")
    scoped("reconciliation_runs")
    follows("reconciliation_runs", index=False)
    op.execute("""
        create table reconciliation_lines (
          run_id uuid not null references reconciliation_runs (id),
          policy_no text not null,
          differs boolean not null,
          primary key (run_id, policy_no)
        )""")
    op.execute(f"""
        create table core_messages ({RECORD},
          subject text not null,
          record_id uuid not null,
          policy_no text,
          status text not null,
          reason text,
          answered_at timestamptz,
          sent_again_at timestamptz
        )""")
    op.execute("create index core_messages_in_scope on core_messages (org_path, created_at desc, id desc)")
    op.execute("create index core_messages_waiting on core_messages (created_at) where status = 'sent'")
    scoped("core_messages")
    follows("core_messages", index=False)


def _insured_lists() -> None:
    op.execute(f"""
        create table insured_list_runs ({PART},
          policy_id uuid not null references policies (id),
          number integer not null,
          mode text not null,
          status text not null,
          persons integer,
          ended_at timestamptz
        )""")
    op.execute("create index insured_list_runs_of on insured_list_runs (policy_id)")
    op.execute("create index insured_list_runs_waiting on insured_list_runs (created_at) where status = 'taking'")
    part_of("insured_list_runs", "policies", "policy_id")
    op.execute(f"""
        create table insured_list_lines ({PART},
          run_id uuid not null references insured_list_runs (id),
          ref text not null,
          op text not null,
          person jsonb,
          unique (run_id, ref)
        )""")
    part_of("insured_list_lines", "insured_list_runs", "run_id")


def _deliveries() -> None:
    op.execute(f"""
        create table deliveries ({RECORD},
          policy_id uuid not null references policies (id),
          policy_no text not null,
          unit_code text not null,
          item text not null,
          document_no text not null,
          issued_on date not null,
          due_on date not null,
          status text not null,
          method text,
          tracking text,
          electronic_id text,
          sent_at timestamptz,
          sent_by uuid,
          received_at timestamptz,
          received_by text,
          receiver_relation text,
          counted_by text,
          receipt_attachment_id uuid,
          returned_at timestamptz,
          return_reason text,
          attempts jsonb not null,
          unique (policy_id, item, document_no)
        )""")
    op.execute("create index deliveries_in_scope on deliveries (org_path, created_at desc, id desc)")
    op.execute("create index deliveries_due on deliveries (due_on) where status <> 'received'")
    op.execute("create index deliveries_unit_code_of on deliveries (unit_code)")
    scoped("deliveries")
    follows("deliveries", index=False)
    follows("deliveries", "unit_code", index=False)


def _controlled_documents() -> None:
    op.execute(f"""
        create table document_custodians ({RECORD},
          unit_code text not null,
          person_id uuid not null,
          staff_no text not null,
          from_on date not null,
          to_on date
        )""")
    op.execute("create index document_custodians_in_scope on document_custodians (org_path, created_at desc, id desc)")
    op.execute("create unique index document_custodians_one on document_custodians (unit_code) where to_on is null")
    op.execute("create index document_custodians_unit on document_custodians (unit_code)")
    scoped("document_custodians")
    follows("document_custodians", index=False)
    follows("document_custodians", "unit_code", index=False)
    op.execute(f"""
        create table controlled_documents ({RECORD},
          kind text not null,
          prefix text not null,
          number bigint not null,
          serial text not null,
          unit_code text not null,
          holder_person_id uuid,
          copies integer not null,
          status text not null,
          used_for text,
          used_at timestamptz,
          volume_id uuid,
          unique (kind, serial),
          unique (kind, prefix, number)
        )""")
    op.execute(
        "create index controlled_documents_in_scope on controlled_documents (org_path, created_at desc, id desc)"
    )
    op.execute("create index controlled_documents_stock on controlled_documents (unit_code, kind, status, number)")
    op.execute("create index controlled_documents_used on controlled_documents (used_for) where used_for is not null")
    scoped("controlled_documents")
    follows("controlled_documents", index=False)
    follows("controlled_documents", "unit_code", index=False)
    op.execute(f"""
        create table document_movements ({PART},
          kind text not null,
          prefix text not null,
          first_number bigint not null,
          last_number bigint not null,
          action text not null,
          from_unit text,
          to_unit text,
          from_person_id uuid,
          to_person_id uuid,
          used_for text,
          reason text,
          person_id uuid not null
        )""")
    op.execute("create index document_movements_of on document_movements (kind, prefix, first_number, last_number)")
    op.execute("create index document_movements_in_scope on document_movements (org_path, created_at desc, id desc)")
    scoped("document_movements")
    append_only("document_movements")
    keeps("document_movements", "org_path", "from_unit", "to_unit")
    op.execute(f"""
        create table document_counts ({RECORD},
          unit_code text not null,
          month text not null,
          counted jsonb not null,
          expected jsonb not null,
          differences jsonb not null,
          explanation text,
          person_id uuid not null,
          unique (unit_code, month)
        )""")
    op.execute("create index document_counts_in_scope on document_counts (org_path, created_at desc, id desc)")
    scoped("document_counts")
    keeps("document_counts", "org_path", "unit_code")


def _volumes() -> None:
    op.execute(f"""
        create table archive_volumes ({RECORD},
          volume_no text not null unique,
          unit_code text not null,
          line text not null,
          status text not null,
          box text,
          shelf_place text,
          items jsonb not null,
          page_count integer not null,
          manifest_sha256 text not null,
          sealed_at timestamptz,
          sealed_by uuid,
          bound_by uuid not null,
          keep_until date not null,
          rebound jsonb not null
        )""")
    op.execute("create index archive_volumes_in_scope on archive_volumes (org_path, created_at desc, id desc)")
    op.execute("create index archive_volumes_unit on archive_volumes (unit_code)")
    scoped("archive_volumes")
    follows("archive_volumes", index=False)
    follows("archive_volumes", "unit_code", index=False)
    op.execute(f"""
        create table volume_policies ({PART},
          volume_id uuid not null references archive_volumes (id),
          policy_id uuid not null references policies (id),
          unique (volume_id, policy_id)
        )""")
    op.execute("create index volume_policies_of on volume_policies (policy_id)")
    part_of("volume_policies", "archive_volumes", "volume_id")
    op.execute(f"""
        create table volume_loans ({PART},
          volume_id uuid not null references archive_volumes (id),
          borrower_person_id uuid not null,
          purpose text not null,
          due_on date not null,
          lent_by uuid not null,
          returned_at timestamptz,
          returned_by uuid,
          condition text
        )""")
    op.execute("create unique index volume_loans_one on volume_loans (volume_id) where returned_at is null")
    op.execute("create index volume_loans_due on volume_loans (due_on) where returned_at is null")
    part_of("volume_loans", "archive_volumes", "volume_id")
    op.execute(f"""
        create table volume_destructions ({PART},
          volume_id uuid not null references archive_volumes (id),
          keep_until date not null,
          reason text not null,
          requested_by uuid not null,
          status text not null,
          decided_by uuid,
          decided_at timestamptz,
          decision_reason text
        )""")
    op.execute(
        "create unique index volume_destructions_one on volume_destructions (volume_id) where status = 'requested'"
    )
    part_of("volume_destructions", "archive_volumes", "volume_id")
