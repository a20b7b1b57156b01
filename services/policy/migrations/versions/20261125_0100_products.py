"""Products and the versions of their terms. They are the company's: every unit reads them, so no place in the tree."""

from __future__ import annotations

from alembic import op

from shared.migrations import append_only

revision = "20261125_0100"
down_revision = "20261124_2300"


def upgrade() -> None:
    op.execute("""
        create table products (
          id uuid primary key,
          version integer not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          code text not null unique,
          line text not null check (line in ('liability', 'accident')),
          business text not null check (business in ('individual', 'group'))
        )""")
    op.execute("""
        create table product_versions (
          id uuid primary key,
          created_at timestamptz not null,
          product_id uuid not null references products (id),
          code text not null,
          number integer not null,
          name text not null,
          effective_from date not null,
          content jsonb not null,
          digest text not null,
          published_by uuid,
          unique (product_id, number),
          unique (product_id, name),
          unique (product_id, effective_from)
        )""")
    op.execute("create index product_versions_in_force on product_versions (code, effective_from desc)")
    append_only("product_versions")
