"""Survey, papers, registration and reserves, deadlines."""

from alembic import op

from shared.migrations import part_of, scoped

revision = "20261124_1000"
down_revision = "20261124_0900"


def upgrade() -> None:
    op.execute("select 1")
