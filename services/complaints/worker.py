"""The complaints service's worker: `python -m services.complaints.worker`."""

from __future__ import annotations

from services.complaints.app import RULE_SETS
from services.complaints.assignment.handlers import TICKS as ASSIGNMENT_TICKS
from services.complaints.cause.handlers import TICKS as CAUSE_TICKS
from services.complaints.clock.handlers import TICKS as CLOCK_TICKS
from services.complaints.consumers import CONSUMERS
from services.complaints.events import NoticeSent
from services.complaints.mis_selling.handlers import TICKS as MIS_SELLING_TICKS
from services.complaints.report.handlers import REPORT, make_report
from services.complaints.settings import ComplaintsSettings
from services.complaints.table_export.shapes import COLLECTIONS
from shared.exports import ERASING, EXPORT, making
from shared.job_runner import running
from shared.notices import sending
from shared.workers import run_worker

TICKS = (*CLOCK_TICKS, *ASSIGNMENT_TICKS, *CAUSE_TICKS, *MIS_SELLING_TICKS, ERASING)
JOBS = {REPORT: make_report, EXPORT: making(COLLECTIONS)}


def main() -> None:
    """Publish, listen and watch the legal clocks until stopped."""
    settings = ComplaintsSettings()  # type: ignore[call-arg]
    run_worker(
        "complaints",
        settings,
        consumers=CONSUMERS,
        ticks=(*TICKS, sending(settings, NoticeSent)),
        loops=(running(JOBS),),
        rule_set_folder=RULE_SETS,
    )


if __name__ == "__main__":
    main()
