"""`python -m tests.benchmarks [--quick]`: measure, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from embedded.engines.nats import binary
from embedded.screen import say
from shared.clock import legal_day, process_now
from tests.benchmarks import (
    authority_figures,
    due_figures,
    event_figures,
    forward_figures,
    import_figures,
    isolation_figures,
    page,
    request_figures,
)
from tests.benchmarks.stage import Stage, stage


def main() -> int:
    """The exit code: 0 where everything could be measured, whatever the figures say."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Costs against a bare base line.")
    parser.add_argument("--quick", action="store_true", help="about a minute, for trying: the page says so")
    quick = parser.parse_args().quick
    began, load, today = time.monotonic(), os.getloadavg()[0], legal_day(process_now())
    policies, rounds, seconds = (40, 3, 1.0) if quick else (300, 6, 3.0)
    with stage(policies, today) as made:
        caller = request_figures.Caller(
            made, request_figures.Reports(request_figures.in_force(policies, today), today)
        )  # fmt: skip
        requests = request_figures.run(made, caller, rounds=rounds, seconds=seconds, most=5_000)
        forwarding = forward_figures.run(made, caller, rounds=2 if quick else 5, seconds=seconds)
        isolation = isolation_figures.run(made, caller, seconds=4.0 if quick else 20.0)
        events = (
            event_figures.run(made, caller, rounds=2, backlog=60, rate=10, seconds=3)
            if quick
            else event_figures.run(made, caller, rounds=5, backlog=400, rate=20, seconds=20)
        )
        imported = import_figures.run(made, today, count=2_000 if quick else 100_000, known_policies=policies)
        authority = authority_figures.run(rounds=3 if quick else 15, block=2_000)
        due = due_figures.run(planned=20_000 if quick else 1_000_000, due=400 if quick else 10_000)
        run = page.Run(
            date=today.isoformat(), quick=quick, postgres=_postgres(made), nats=_nats(), policies=policies,
            seconds=seconds, took_s=time.monotonic() - began, load_before=load,
        )  # fmt: skip
        say("\n" + page.write(run, requests, events, authority, forwarding, isolation, imported, due))
    say(f"\nwritten: {page.FILE}")
    return 0


def _postgres(made: Stage) -> str:
    return made.fetch("postgres", "select 'PostgreSQL ' || current_setting('server_version') as version")[0]["version"]


def _nats() -> str:
    return subprocess.run([str(binary()), "--version"], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
