"""Letters and notices to customers."""

from shared.migrations import kernel_2

revision = "20261124_2150"
down_revision = "20261124_2023"


def upgrade() -> None:
    kernel_2()
