"""The feed of all services' events, webhooks with their deliveries, and what a stream was found to have lost."""

from __future__ import annotations

from alembic import op

from shared.migrations import event_gaps_1, follows, keeps, part_of, scoped

revision = "20261124_2004"
down_revision = "20261124_2003"


def upgrade() -> None:
    event_gaps_1()
    _feed()
    _webhooks()
    _deliveries()


def _feed() -> None:
    """`position` comes from the locked row of `feed_head`: no reader overtakes an event that commits later."""
    op.execute("create table feed_head (one boolean primary key check (one), last bigint not null)")
    op.execute("insert into feed_head values (true, 0)")
    op.execute(r"""
        create table feed_events (
          position bigint primary key,
          org_path text collate "C" not null,
          branch text collate "C" not null generated always as (substring(org_path from '^[0-9]{2}(?:\.[0-9]+)?')) stored,
          event_id uuid not null unique,
          type text not null,
          permission text not null,
          record_id uuid not null,
          record_version integer not null,
          event jsonb not null,
          kept_at timestamptz not null
        )""")
    op.execute("create index feed_events_of_branch on feed_events (branch, position)")
    op.execute("create index feed_events_of_record on feed_events (record_id, position)")
    op.execute("create index feed_events_age on feed_events (kept_at)")
    scoped("feed_events")
    keeps("feed_events", "org_path")


def _webhooks() -> None:
    op.execute("""
        create table webhooks (
          id uuid primary key,
          version integer not null,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          url text not null,
          events jsonb not null,
          status text not null check (status in ('active', 'paused', 'ended')),
          status_reason text,
          status_at timestamptz,
          person_id uuid not null references people (id),
          appointment_id uuid not null references appointments (id),
          sealed_secret bytea not null,
          former_secret bytea,
          former_until timestamptz,
          fed_to bigint not null,
          failing_since timestamptz,
          delivered_at timestamptz,
          constraint webhooks_reason check (status = 'active' or status_reason is not null)
        )""")
    op.execute("create index webhooks_in_scope on webhooks (org_path, created_at desc, id desc)")
    op.execute("create index webhooks_active on webhooks (id) where status = 'active'")
    scoped("webhooks")
    follows("webhooks", index=False)


def _deliveries() -> None:
    op.execute("""
        create table webhook_deliveries (
          id uuid primary key,
          org_path text collate "C" not null,
          created_at timestamptz not null,
          webhook_id uuid not null references webhooks (id) on delete cascade,
          event_id uuid not null,
          position bigint not null,
          type text not null,
          record_id uuid not null,
          event jsonb not null,
          status text not null check (status in ('pending', 'delivered', 'failed')),
          attempts integer not null,
          began_at timestamptz,
          next_at timestamptz not null,
          answered_at timestamptz,
          answer_status integer,
          fault text,
          unique (webhook_id, event_id)
        )""")
    op.execute("create index webhook_deliveries_due on webhook_deliveries (next_at, position) where status = 'pending'")
    op.execute(
        "create index webhook_deliveries_in_turn on webhook_deliveries (webhook_id, record_id, position)"
        " where status = 'pending'"
    )
    op.execute("create index webhook_deliveries_of on webhook_deliveries (webhook_id, created_at desc, id desc)")
    op.execute("create index webhook_deliveries_age on webhook_deliveries (created_at) where status <> 'pending'")
    part_of("webhook_deliveries", "webhooks", "webhook_id")
