"""What the relay found missing between outbox and stream."""

from shared.migrations import event_gaps_1

revision = "20261124_2024"
down_revision = "20261124_2014"


def upgrade() -> None:
    event_gaps_1()
