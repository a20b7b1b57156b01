"""The claims service's worker: `python -m services.claims.worker`."""

from __future__ import annotations

from services.claims.app import RULE_SETS
from services.claims.consumers import CONSUMERS
from services.claims.deadlines.handlers import TICKS as DEADLINE_TICKS
from services.claims.duty.handlers import CALL_IMPORT, import_call
from services.claims.duty.handlers import TICKS as DUTY_TICKS
from services.claims.events import NoticeSent
from services.claims.file_export.handlers import FILE_EXPORT, carry_out
from services.claims.lending.handlers import TICKS as LENDING_TICKS
from services.claims.resurvey.handlers import TICKS as SURVEY_TICKS
from services.claims.retention.handlers import ticks as retention_ticks
from services.claims.second_look.handlers import TICKS as SECOND_LOOK_TICKS
from services.claims.settings import ClaimsSettings
from services.claims.statistics.handlers import TICKS as STATISTICS_TICKS
from services.claims.table_export.shapes import COLLECTIONS
from shared.exports import ERASING, EXPORT, making
from shared.job_runner import running
from shared.notices import sending
from shared.workers import run_worker

TICKS = (
    *DEADLINE_TICKS,
    *LENDING_TICKS,
    *STATISTICS_TICKS,
    *SECOND_LOOK_TICKS,
    *DUTY_TICKS,
    *SURVEY_TICKS,
    ERASING,
)

JOBS = {CALL_IMPORT: import_call, EXPORT: making(COLLECTIONS)}


def main() -> None:
    """Publish, listen and look for what is due until stopped."""
    settings = ClaimsSettings()  # type: ignore[call-arg]
    run_worker(
        "claims",
        settings,
        consumers=CONSUMERS,
        ticks=(*TICKS, *retention_ticks(settings.attachments_dir), sending(settings, NoticeSent)),
        loops=(running({**JOBS, FILE_EXPORT: carry_out(settings.attachments_dir)}),),
        rule_set_folder=RULE_SETS,
    )


if __name__ == "__main__":
    main()
