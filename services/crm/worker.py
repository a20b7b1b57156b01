"""The crm service's worker: `python -m services.crm.worker`."""

from __future__ import annotations

import asyncio
import sys

from services.crm.app import RULE_SETS
from services.crm.climbing.handlers import TICKS as ENQUIRY_TICKS
from services.crm.consumers import CONSUMERS, TELLING
from services.crm.consumers.rebuilding import Rebuilt, rebuild
from services.crm.data_copy.handlers import COPY, make_copy
from services.crm.data_copy.handlers import TICKS as COPY_TICKS
from services.crm.events import NoticeSent
from services.crm.finding.handlers import TICKS as FINDING_TICKS
from services.crm.improvement.handlers import TICKS as ACTION_TICKS
from services.crm.invitation.handlers import survey_ticks
from services.crm.renewal.handlers import TICKS as KEY_ACCOUNT_TICKS
from services.crm.service_report.handlers import TICKS as REPORT_TICKS
from services.crm.settings import CrmSettings
from services.crm.table_export.shapes import COLLECTIONS
from services.crm.visit.handlers import TICKS as VISIT_TICKS
from shared.database import Database
from shared.exports import ERASING, EXPORT, making
from shared.job_runner import running
from shared.logging import configure
from shared.notices import sending
from shared.workers import run_worker

TICKS = (
    *VISIT_TICKS, *ENQUIRY_TICKS, *KEY_ACCOUNT_TICKS, *FINDING_TICKS, *ACTION_TICKS, *COPY_TICKS, *REPORT_TICKS,
)  # fmt: skip
JOBS = {COPY: make_copy, EXPORT: making(COLLECTIONS)}


def main() -> None:
    """Publish, listen and look for what is due until stopped; with `rebuild`, make timeline and figures again."""
    settings = CrmSettings()  # type: ignore[call-arg]
    if sys.argv[1:2] == ["rebuild"]:
        configure("crm")
        print(*asyncio.run(_rebuilt(settings)))
        return
    run_worker(
        "crm",
        settings,
        consumers=CONSUMERS,
        ticks=(*TICKS, *survey_ticks(settings.survey_page_url), ERASING, sending(settings, NoticeSent)),
        loops=(running(JOBS),),
        rule_set_folder=RULE_SETS,
    )


async def _rebuilt(settings: CrmSettings) -> Rebuilt:
    database = Database("crm", settings.database(), pool=1, application="crm-rebuild")
    try:
        return await rebuild(database, TELLING)
    finally:
        await database.close()


if __name__ == "__main__":
    main()
