"""Applications: the offer, the disclosure, the survey before cover, the answer of the insurer."""

from __future__ import annotations

from alembic import op

from shared.migrations import follows, keeps, part_of, scoped

revision = "20261125_0110"
down_revision = "20261125_0300"

RECORD = """
  id uuid primary key,
  version integer not null,
  org_path text collate "C" not null,
  created_at timestamptz not null,
  updated_at timestamptz not null"""
PART = """
  id uuid primary key,
  org_path text collate "C" not null,
  created_at timestamptz not null,
  application_id uuid not null references applications (id)"""


def upgrade() -> None:
    _applications()
    _disclosure()
    _survey()
    _underwriting()


def _part(table: str, columns: str, *, fixed: bool = True) -> None:
    op.execute(f"create table {table} ({PART}, {columns})")
    op.execute(f"create index {table}_of on {table} (application_id, created_at)")
    part_of(table, "applications", "application_id")
    if fixed:
        op.execute(
            f"create trigger never_removed before delete on {table} for each row execute function refuse_change()"
        )


def _applications() -> None:
    op.execute(f"""
        create table applications ({RECORD},
          kind text not null check (kind in ('proposal', 'endorsement', 'cancellation')),
          status text not null,
          product text not null,
          product_version integer not null,
          line text not null,
          issued_by text not null,
          customer_id uuid not null,
          unit_code text not null,
          team_code text,
          channel text not null,
          form_version text not null,
          seller_id uuid,
          seller_staff_no text,
          entered_by uuid not null,
          entered_for uuid,
          policy_id uuid references policies (id),
          policyholder jsonb not null,
          applicant jsonb not null,
          documents jsonb not null,
          risk jsonb not null,
          requested_cover jsonb not null,
          starts_at timestamptz,
          ends_at timestamptz,
          change jsonb not null,
          terms jsonb not null,
          base_premium numeric(18,2),
          premium numeric(18,2),
          amount numeric(18,2),
          insured_count integer not null default 0,
          round integer not null default 0,
          missing jsonb not null default '[]',
          missing_told_at timestamptz,
          submitted_at timestamptz,
          decided_at timestamptz,
          outcome text,
          reason_code text,
          reason text,
          decided_level text,
          underwriter_id uuid,
          confirmed_at timestamptz,
          expires_on date,
          premium_received_at timestamptz,
          loss_reported_at timestamptz,
          origin jsonb not null default '{{}}'
        )""")
    op.execute("create index applications_in_scope on applications (org_path, created_at desc, id desc)")
    op.execute("create index applications_by_time on applications (created_at desc, id desc)")
    op.execute("create index applications_of_customer on applications (customer_id, line)")
    op.execute("create index applications_of_policy on applications (policy_id) where policy_id is not null")
    op.execute("create index applications_unit_code_of on applications (unit_code)")
    op.execute("create index applications_expiring on applications (expires_on) where expires_on is not null")
    scoped("applications")
    follows("applications", index=False)
    follows("applications", "unit_code", index=False)
    _part(
        "application_insured",
        """op text not null,
          ref text not null,
          name text not null,
          id_type text not null,
          id_no text not null,
          id_digest text not null,
          born_on date,
          occupation_class integer,
          sum_insured numeric(18,2),
          relation text,
          beneficiaries jsonb not null,
          unique (application_id, ref)""",
        fixed=False,
    )
    op.execute("create index application_insured_digest on application_insured (id_digest)")


def _disclosure() -> None:
    _part(
        "disclosure_packs",
        """product_version integer not null,
          clauses jsonb not null,
          channel text not null,
          delivered_at timestamptz not null,
          proof text not null,
          proof_attachment_id uuid,
          simplified boolean not null,
          person_id uuid not null""",
    )
    _part(
        "acknowledgements",
        """kind text not null,
          clauses jsonb not null,
          insured_refs jsonb not null,
          method text not null,
          evidence_ref text not null,
          signer_role text not null,
          signer_name text not null,
          acknowledged_at timestamptz not null,
          person_id uuid not null""",
    )
    _part(
        "answer_sets",
        """number integer not null,
          question_version text not null,
          answers jsonb not null,
          answered_at timestamptz not null,
          signer_role text not null,
          person_id uuid not null,
          unique (application_id, number)""",
    )


def _survey() -> None:
    _part("survey_requests", "reasons jsonb not null, site text not null, requested_by uuid not null")
    op.execute("""
        create table survey_copies (
          inspection_id uuid primary key,
          application_id uuid,
          customer_id uuid,
          risk_level text not null,
          hazards jsonb not null,
          probable_maximum_loss numeric(18,2),
          surveyors uuid[] not null,
          completed_at timestamptz not null,
          record_version integer not null
        )""")
    op.execute("create index survey_copies_of on survey_copies (application_id)")
    op.execute("""
        create table assessment_copies (
          assessment_id uuid primary key,
          application_id uuid,
          customer_id uuid not null,
          score integer not null,
          level text not null,
          signed_at timestamptz not null,
          record_version integer not null
        )""")
    op.execute("create index assessment_copies_of on assessment_copies (application_id)")
    op.execute("create index assessment_copies_customer on assessment_copies (customer_id)")
    op.execute("""
        create table hazard_copies (
          hazard_id uuid primary key,
          policy_id uuid,
          customer_id uuid,
          hazard_class text not null,
          due_on date,
          overdue boolean not null default false,
          closed boolean not null default false
        )""")
    op.execute("create index hazard_copies_open on hazard_copies (customer_id) where not closed")


def _underwriting() -> None:
    _part(
        "underwriting_steps",
        """round integer not null,
          step integer not null,
          kind text not null,
          outcome text not null,
          answer text not null,
          position text not null,
          unit_code text not null,
          level text not null,
          person_id uuid not null,
          staff_no text not null,
          on_behalf_of uuid,
          amount numeric(18,2) not null,
          reason_code text,
          reason text,
          terms jsonb not null,
          triggers jsonb not null,
          table_version text not null""",
    )
    keeps("underwriting_steps", "unit_code")
    _part(
        "premium_receipts",
        """amount numeric(18,2) not null,
          received_at timestamptz not null,
          reference text not null,
          alarmed_at timestamptz,
          person_id uuid not null""",
    )
    op.execute("""
        create table reported_losses (
          claim_id uuid primary key,
          customer_id uuid,
          policy_id uuid,
          line text,
          loss_at timestamptz not null,
          reported_at timestamptz not null
        )""")
    op.execute("create index reported_losses_of on reported_losses (customer_id, line)")
