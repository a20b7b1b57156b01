"""The risk service's worker: `python -m services.risk.worker`."""

from __future__ import annotations

from services.risk.app import RULE_SETS
from services.risk.consumers import CONSUMERS
from services.risk.due.handlers import DUE
from services.risk.follow_up.handlers import OVERDUE
from services.risk.settings import RiskSettings
from services.risk.table_export.shapes import COLLECTIONS
from services.risk.watch.handlers import TICKS as WATCH_TICKS
from shared.exports import ERASING, EXPORT, making
from shared.job_runner import running
from shared.workers import run_worker

JOBS = {EXPORT: making(COLLECTIONS)}


def main() -> None:
    """Publish, listen and tell what is due until stopped."""
    settings = RiskSettings()  # type: ignore[call-arg]
    run_worker(
        "risk",
        settings,
        consumers=CONSUMERS,
        ticks=(DUE, OVERDUE, *WATCH_TICKS, ERASING),
        loops=(running(JOBS),),
        rule_set_folder=RULE_SETS,
    )


if __name__ == "__main__":
    main()
