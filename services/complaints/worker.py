"""The complaints service's worker: `python -m services.complaints.worker`."""

from __future__ import annotations

from services.complaints.app import RULE_SETS
from services.complaints.clock.handlers import BREACHES
from services.complaints.consumers import CONSUMERS
from services.complaints.settings import ComplaintsSettings
from shared.workers import run_worker


def main() -> None:
    """Publish, listen and watch the legal clocks until stopped."""
    settings = ComplaintsSettings()  # type: ignore[call-arg]
    run_worker(
        "complaints",
        settings,
        consumers=CONSUMERS,
        ticks=(BREACHES,),
        rule_set_folder=RULE_SETS,
    )


if __name__ == "__main__":
    main()
