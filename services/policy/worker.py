"""The policy service's worker: `python -m services.policy.worker`."""

from __future__ import annotations

from services.policy.app import RULE_SETS
from services.policy.consumers import CONSUMERS
from services.policy.core.handlers import IMPORT, import_line
from services.policy.settings import PolicySettings
from shared.job_runner import running
from shared.workers import run_worker


def main() -> None:
    """Publish, listen and carry out imports until stopped."""
    settings = PolicySettings()  # type: ignore[call-arg]
    run_worker(
        "policy",
        settings,
        consumers=CONSUMERS,
        loops=(running({IMPORT: import_line(settings.digest_key())}),),
        rule_set_folder=RULE_SETS,
    )


if __name__ == "__main__":
    main()
