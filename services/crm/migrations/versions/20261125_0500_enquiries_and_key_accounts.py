"""Desks and enquiries, articles and quick answers, key accounts, value-added services."""

from __future__ import annotations

from alembic import op

from shared.migrations import follows, part_of, scoped

revision = "20261125_0500"
down_revision = "20261125_0530"

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
_FACT = """
          kind text not null,
          person_id uuid not null,
          staff_no text,
          occurred_at timestamptz not null,
          told jsonb not null"""


def upgrade() -> None:
    _desks()
    _enquiries()
    _articles()
    _policy_sizes()
    _key_accounts()
    _services()


def _in_scope(table: str, *, sort: str = "created_at desc, id desc") -> None:
    op.execute(f"create index {table}_in_scope on {table} (org_path, {sort})")
    scoped(table)
    follows(table, index=False)


def _told_below(table: str) -> None:
    """Whoever sits below the unit that states it reads it too; nobody there changes it."""
    op.execute(
        f"create policy told_below on {table} for select"
        " using (current_setting('anlan.scope', true) like org_path || '.%')"
    )


def _desks() -> None:
    op.execute(f"""
        create table desks ({_RECORD}
          unit_code text not null unique,
          hours jsonb not null,
          phone text
        )""")
    _in_scope("desks", sort="unit_code")
    follows("desks", "unit_code")
    op.execute(f"""
        create table desk_people ({_PART}
          desk_id uuid not null references desks (id),
          person_id uuid not null,
          staff_no text not null,
          full_time boolean not null,
          place integer not null,
          unique (desk_id, person_id)
        )""")
    part_of("desk_people", "desks", "desk_id")


def _enquiries() -> None:
    op.execute(f"""
        create table enquiries ({_RECORD}
          enquiry_no text not null unique,
          status text not null check (status in ('received', 'pending', 'answered', 'escalated', 'closed')),
          kind text not null,
          channel text not null,
          unit_code text not null,
          customer_id uuid references customers (id),
          policy_id uuid,
          policy_no text,
          claim_no text,
          product text,
          asker jsonb not null,
          question text not null,
          received_at timestamptz not null,
          owner_id uuid not null,
          owner_staff_no text not null,
          handler_id uuid,
          transfer_count integer not null default 0,
          complex boolean not null default false,
          promised_at timestamptz,
          promise_due_at timestamptz,
          promise_provisional boolean not null default false,
          extensions integer not null default 0,
          pauses jsonb not null,
          paused boolean not null default false,
          escalate_at timestamptz,
          escalation_step integer not null default 0,
          escalated_to text,
          untouched_at timestamptz not null,
          answered_at timestamptz,
          answered_in_time boolean,
          close_at timestamptz,
          closed_at timestamptz,
          satisfaction text,
          converting_to text,
          led_to_kind text,
          led_to_id uuid,
          check (status <> 'pending' or promise_due_at is not null)
        )""")
    _in_scope("enquiries")
    follows("enquiries", "unit_code")
    op.execute("create index enquiries_by_time on enquiries (created_at desc, id desc)")
    op.execute("create index enquiries_of on enquiries (customer_id)")
    op.execute("create index enquiries_of_policy on enquiries (policy_no)")
    op.execute("create index enquiries_to_escalate on enquiries (escalate_at) where not paused")
    op.execute("create index enquiries_untouched on enquiries (untouched_at) where status = 'received'")
    op.execute("create index enquiries_to_close on enquiries (close_at) where status = 'answered'")
    op.execute(f"""
        create table enquiry_facts ({_PART}
          enquiry_id uuid not null references enquiries (id),{_FACT}
        )""")
    op.execute("create index enquiry_facts_of on enquiry_facts (enquiry_id, created_at, id)")
    part_of("enquiry_facts", "enquiries", "enquiry_id")


def _articles() -> None:
    op.execute(f"""
        create table articles ({_RECORD}
          product text,
          topic text not null,
          editions integer not null
        )""")
    _in_scope("articles")
    _told_below("articles")
    op.execute(f"""
        create table article_editions ({_PART}
          article_id uuid not null references articles (id),
          edition integer not null,
          product text,
          topic text not null,
          title text not null,
          body text not null,
          valid_from date not null,
          valid_to date,
          reason text,
          person_id uuid not null,
          staff_no text not null,
          unique (article_id, edition),
          check (valid_to is null or valid_to >= valid_from - 1)
        )""")
    op.execute("create index article_editions_in_scope on article_editions (org_path, created_at desc, id desc)")
    part_of("article_editions", "articles", "article_id")
    _told_below("article_editions")
    op.execute(f"""
        create table quick_answers ({_RECORD}
          product text,
          kind text,
          question text not null,
          answer text not null,
          article_id uuid references articles (id),
          valid_from date not null,
          valid_to date,
          used integer not null default 0
        )""")
    _in_scope("quick_answers")
    _told_below("quick_answers")
    # Row security keeps an index on arrays from being used: the operator is not marked as leaking nothing. The terms
    # stand beside, without a place of their own, and name only rows that the reader's scope then shows or hides.
    op.execute("create table search_terms (record_id uuid primary key, terms text[] not null)")
    op.execute("create index search_terms_found on search_terms using gin (terms)")


def _policy_sizes() -> None:
    """How many are insured by a policy, and up to which sum: what key accounts are told by, beside the premium."""
    op.execute("alter table policy_references add column insured_count integer")
    op.execute("alter table policy_references add column highest_limit numeric(18,2)")


def _key_accounts() -> None:
    op.execute(f"""
        create table key_accounts ({_RECORD}
          customer_id uuid not null references customers (id),
          status text not null check (status in
            ('nominated', 'approved', 'active', 'annual_review', 'tier_changed', 'exited')),
          tier text,
          proposed_tier text,
          proposal text,
          criteria jsonb not null,
          reason text,
          nominated_by uuid not null,
          proposed_by uuid,
          approved_at timestamptz,
          active_from timestamptz,
          review_due_on date,
          exited_at timestamptz
        )""")
    op.execute("create index key_accounts_in_scope on key_accounts (org_path, created_at desc, id desc)")
    op.execute("create unique index key_accounts_one on key_accounts (customer_id) where status <> 'exited'")
    op.execute("create index key_accounts_of on key_accounts (customer_id)")
    op.execute("create index key_accounts_to_review on key_accounts (review_due_on) where status <> 'exited'")
    part_of("key_accounts", "customers", "customer_id")
    op.execute(f"""
        create table key_account_people ({_PART}
          key_account_id uuid not null references key_accounts (id),
          role text not null,
          person_id uuid not null,
          staff_no text not null,
          from_on date not null,
          to_on date
        )""")
    op.execute(
        "create unique index key_account_people_one on key_account_people (key_account_id, role) where to_on is null"
    )
    op.execute("create index key_account_people_of on key_account_people (key_account_id)")
    part_of("key_account_people", "key_accounts", "key_account_id")
    op.execute(f"""
        create table key_account_visits ({_PART}
          key_account_id uuid not null references key_accounts (id),
          level text not null,
          person_id uuid not null,
          staff_no text not null,
          visited_at timestamptz not null,
          year integer not null,
          summary text not null,
          recorded_by uuid not null
        )""")
    op.execute("create index key_account_visits_of on key_account_visits (key_account_id, year)")
    part_of("key_account_visits", "key_accounts", "key_account_id")
    op.execute(f"""
        create table key_account_facts ({_PART}
          key_account_id uuid not null references key_accounts (id),{_FACT}
        )""")
    op.execute("create index key_account_facts_of on key_account_facts (key_account_id, created_at, id)")
    part_of("key_account_facts", "key_accounts", "key_account_id")


def _services() -> None:
    op.execute(f"""
        create table service_items ({_RECORD}
          code text not null,
          class text not null check (class in ('basic', 'brand', 'value_added')),
          nature text not null,
          name_zh text not null,
          name_en text not null,
          owner_service text not null,
          sla_working_days integer,
          eligible_tiers jsonb not null,
          yearly_quota jsonb not null,
          unit_cost numeric(18,2) not null,
          valid_from date not null,
          valid_to date,
          unique (org_path, code)
        )""")
    _in_scope("service_items")
    _told_below("service_items")
    op.execute(f"""
        create table service_grants ({_RECORD}
          item_id uuid not null references service_items (id),
          customer_id uuid not null references customers (id),
          status text not null check (status in ('requested', 'fulfilled', 'confirmed')),
          tier text,
          year integer not null,
          quantity integer not null check (quantity > 0),
          planned_cost numeric(18,2) not null,
          cost numeric(18,2),
          purpose text not null,
          planned_on date not null,
          due_at timestamptz,
          fulfilled_on date,
          confirmed_on date,
          confirmed_by text,
          score integer check (score between 1 and 5),
          requested_by uuid not null,
          fulfilled_by uuid
        )""")
    op.execute("create index service_grants_in_scope on service_grants (org_path, created_at desc, id desc)")
    op.execute("create index service_grants_of on service_grants (customer_id, year)")
    op.execute("create index service_grants_of_item on service_grants (item_id)")
    part_of("service_grants", "customers", "customer_id")
