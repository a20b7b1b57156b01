"""Claims taken back or reported twice, and policies that ended before their time."""

from __future__ import annotations

from alembic import op

revision = "20261125_0001"
down_revision = "20261124_2404"


def upgrade() -> None:
    op.execute("alter table claim_references add column cancelled_at timestamptz, add column duplicate_of uuid")
    op.execute(
        "create index claim_references_duplicates on claim_references (duplicate_of) where duplicate_of is not null"
    )
    op.execute("create table ended_policies (policy_id uuid primary key, ended_on date not null)")
    op.execute("create index ended_policies_days on ended_policies (ended_on)")
