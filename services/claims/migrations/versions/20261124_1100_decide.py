"""Losses, calculation sheets, the ledger of limits, approvals."""

from alembic import op

from shared.migrations import part_of, scoped

revision = "20261124_1100"
down_revision = "20261124_1000"


def upgrade() -> None:
    op.execute("select 1")
