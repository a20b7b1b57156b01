"""Surveys from the plan of the year to the improvement: what is asked, who was invited, what was answered."""

from __future__ import annotations

from alembic import op

from shared.migrations import follows, keeps, part_of, scoped

revision = "20261125_0540"
down_revision = "20261125_0500"

_RECORD = """
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,"""
_STATES = "'draft', 'approved', 'running', 'closed', 'analysed', 'actions_tracked', 'done'"


def upgrade() -> None:
    _plans()
    _surveys()
    _invitations()
    _answers()
    _actions()


def _plans() -> None:
    op.execute(f"""
        create table survey_plans ({_RECORD}
          year integer not null,
          entries jsonb not null,
          person_id uuid not null,
          unique (org_path, year)
        )""")
    op.execute("create index survey_plans_in_scope on survey_plans (org_path, created_at desc, id desc)")
    scoped("survey_plans")
    follows("survey_plans", index=False)


def _surveys() -> None:
    op.execute(f"""
        create table surveys ({_RECORD}
          status text not null check (status in ({_STATES})),
          title_zh text not null,
          title_en text not null,
          plan_id uuid references survey_plans (id),
          plan_code text,
          reason text,
          questionnaire_id uuid not null references questionnaires (id),
          frame jsonb not null,
          sample_per_unit integer not null,
          channel text not null,
          anonymous boolean not null,
          starts_on date not null,
          closes_on date not null,
          owner_id uuid not null,
          drafted_by uuid not null,
          approved_by uuid,
          approved_at timestamptz,
          sample jsonb,
          closed_at timestamptz,
          analysis jsonb,
          check (closes_on >= starts_on),
          check (plan_id is not null or reason is not null)
        )""")
    op.execute("create index surveys_in_scope on surveys (org_path, created_at desc, id desc)")
    op.execute("create index surveys_to_start on surveys (starts_on) where status = 'approved'")
    op.execute("create index surveys_to_close on surveys (closes_on) where status = 'running'")
    scoped("surveys")
    follows("surveys", index=False)


def _invitations() -> None:
    op.execute("""
        create table survey_invitations (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          customer_id uuid not null references customers (id),
          survey_id uuid not null references surveys (id),
          about_id uuid not null,
          unit_path text collate "C" not null,
          product text,
          touch_point text not null,
          notice_id uuid,
          unique (survey_id, customer_id)
        )""")
    op.execute("create index survey_invitations_of on survey_invitations (customer_id)")
    part_of("survey_invitations", "customers", "customer_id")
    keeps("survey_invitations", "unit_path")
    # A link that is used is gone. Where a survey is anonymous it names nobody: who was invited stands in the table
    # above, and nothing leads from one to the other.
    op.execute("""
        create table survey_links (
          digest text primary key,
          survey_id uuid not null references surveys (id),
          unit_path text collate "C" not null,
          product text,
          touch_point text,
          invitation_id uuid references survey_invitations (id)
        )""")
    op.execute("create index survey_links_of on survey_links (survey_id)")
    keeps("survey_links", "unit_path")


def _answers() -> None:
    # An anonymous answer has a random id and no time: nothing of it says when it came.
    op.execute("""
        create table survey_answers (
          id uuid primary key,
          org_path text collate "C" not null,
          survey_id uuid not null references surveys (id),
          product text,
          touch_point text,
          answers jsonb not null,
          points numeric(7,4) check (points between 0 and 100),
          invitation_id uuid references survey_invitations (id),
          customer_id uuid references customers (id),
          answered_at timestamptz
        )""")
    op.execute("create index survey_answers_of on survey_answers (survey_id, org_path)")
    scoped("survey_answers")
    keeps("survey_answers", "org_path")


def _actions() -> None:
    op.execute(f"""
        create table survey_actions ({_RECORD}
          survey_id uuid not null references surveys (id),
          status text not null check (status in ('open', 'done')),
          text text not null,
          unit_code text not null,
          owner_id uuid not null,
          due_on date not null,
          result text,
          done_at timestamptz,
          done_by uuid,
          person_id uuid not null
        )""")
    op.execute("create index survey_actions_of on survey_actions (survey_id)")
    op.execute("create index survey_actions_due on survey_actions (due_on) where status = 'open'")
    part_of("survey_actions", "surveys", "survey_id")
    follows("survey_actions", "unit_code", while_null="done_at")
