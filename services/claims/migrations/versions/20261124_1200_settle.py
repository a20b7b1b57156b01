"""Agreements, notices, payments, closure and the bound file."""

from alembic import op

from shared.migrations import part_of, scoped

revision = "20261124_1200"
down_revision = "20261124_1100"


def upgrade() -> None:
    op.execute("select 1")
