"""What the relay found missing between outbox and stream."""

from shared.migrations import event_gaps_1

revision = "20261124_2025"
down_revision = "20261124_2015"


def upgrade() -> None:
    event_gaps_1()
