"""The crm service's worker: `python -m services.crm.worker`."""

from __future__ import annotations

from services.crm.app import RULE_SETS
from services.crm.consumers import CONSUMERS
from services.crm.settings import CrmSettings
from services.crm.visit.handlers import TICKS
from shared.workers import run_worker


def main() -> None:
    """Publish, listen and look for what is due until stopped."""
    run_worker(
        "crm",
        CrmSettings(),  # type: ignore[call-arg]
        consumers=CONSUMERS,
        ticks=TICKS,
        rule_set_folder=RULE_SETS,
    )


if __name__ == "__main__":
    main()
