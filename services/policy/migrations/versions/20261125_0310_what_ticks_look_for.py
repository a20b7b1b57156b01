"""What is looked for every half minute is found by an index."""

from __future__ import annotations

from alembic import op

revision = "20261125_0310"
down_revision = "20261125_0200"


def upgrade() -> None:
    op.execute("create index policies_made_here on policies (id) where made_here")
    op.execute(
        "create index outbox_for_core on outbox (id) where subject = 'policy.application.approved.v1'"
        " or subject = 'policy.payment_order.created.v1'"
    )
