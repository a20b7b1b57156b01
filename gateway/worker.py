"""The gateway's worker: `python -m gateway.worker`. It publishes what the organisation's changes left in the outbox."""

from __future__ import annotations

from datetime import timedelta

from gateway.identity.machines import forget_expired
from gateway.settings import GatewaySettings
from shared.ticks import Tick
from shared.workers import run_worker

EXPIRED = Tick("expired_sign_ins", timedelta(minutes=10), forget_expired)


def main() -> None:
    """Publish and look for what is due until stopped; the gateway's rule sets come with its base seed."""
    settings = GatewaySettings()  # type: ignore[call-arg]
    run_worker("gateway", settings, ticks=(EXPIRED,))


if __name__ == "__main__":
    main()
