"""The gateway's worker: `python -m gateway.worker`. It publishes what the organisation's changes left in the outbox."""

from __future__ import annotations

from gateway.settings import GatewaySettings
from shared.housekeeping import housekeeping
from shared.workers import run_worker


def main() -> None:
    """Publish and look for what is due until stopped; the gateway's rule sets come with its base seed."""
    settings = GatewaySettings()  # type: ignore[call-arg]
    run_worker("gateway", settings, ticks=(housekeeping(settings.attachments_dir),))


if __name__ == "__main__":
    main()
