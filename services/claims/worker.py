"""The claims service's worker: `python -m services.claims.worker`."""

from __future__ import annotations

from services.claims.app import RULE_SETS
from services.claims.consumers import CONSUMERS
from services.claims.deadlines.handlers import TICKS as DEADLINE_TICKS
from services.claims.second_look.handlers import TICKS as SECOND_LOOK_TICKS
from services.claims.settings import ClaimsSettings
from shared.workers import run_worker

TICKS = (*DEADLINE_TICKS, *SECOND_LOOK_TICKS)


def main() -> None:
    """Publish, listen and look for what is due until stopped."""
    run_worker(
        "claims",
        ClaimsSettings(),  # type: ignore[call-arg]
        consumers=CONSUMERS,
        ticks=TICKS,
        rule_set_folder=RULE_SETS,
    )


if __name__ == "__main__":
    main()
