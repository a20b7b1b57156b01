"""Sites that changed since their customer was looked at are found without reading all."""

from __future__ import annotations

from alembic import op

revision = "20261125_0451"
down_revision = "20261125_0400"


def upgrade() -> None:
    op.execute("create index sites_changed on sites (updated_at)")
    op.execute("create index sites_open_risk on sites (org_path, insured_count desc) where status = 'active'")
