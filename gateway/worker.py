"""The gateway's worker: `python -m gateway.worker`. It publishes what the organisation's changes left in the outbox."""

from __future__ import annotations

from pathlib import Path

from gateway.settings import GatewaySettings
from shared.housekeeping import housekeeping
from shared.workers import run_worker

RULE_SETS = Path(__file__).parent / "authority" / "rule_sets"


def main() -> None:
    """Publish and look for what is due until stopped."""
    settings = GatewaySettings()  # type: ignore[call-arg]
    run_worker(
        "gateway", settings, ticks=(housekeeping(settings.attachments_dir),), rule_set_folder=RULE_SETS
    )  # fmt: skip


if __name__ == "__main__":
    main()
