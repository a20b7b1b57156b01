"""The page that a run writes: how it was measured, the figures, and each against its bar."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from platform import machine, python_implementation, python_version, release
from statistics import median, quantiles

from embedded.home import ROOT
from shared.consuming import LANES
from tests.benchmarks.authority_figures import AuthorityFigures
from tests.benchmarks.due_figures import DueFigures
from tests.benchmarks.due_page import due
from tests.benchmarks.event_figures import EventFigures
from tests.benchmarks.forward_figures import Forwarded
from tests.benchmarks.forward_page import forwarded, isolated
from tests.benchmarks.import_figures import ImportFigures
from tests.benchmarks.import_figures import rows as import_rows
from tests.benchmarks.isolation_figures import Isolation
from tests.benchmarks.load import CONNECTIONS
from tests.benchmarks.request_figures import (
    BARE_READ,
    BARE_READ_BEHIND,
    BARE_REPORT,
    CLAIM_READ,
    CLAIM_REPORT,
    Round,
)

FILE = ROOT / "docs" / "benchmarks.md"
READ_BAR, REPORT_BAR, HOP_BAR, DELAY_BAR_MS = 2.6, 3.5, 0.6, 2_000
_PACKAGES = ("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "pydantic", "sqlalchemy", "asyncpg", "aiohttp")
_ORDER = (BARE_READ, CLAIM_READ, BARE_READ_BEHIND, BARE_REPORT, CLAIM_REPORT)


@dataclass(frozen=True)
class Run:
    """What a run was like."""

    date: str
    quick: bool
    postgres: str
    nats: str
    policies: int
    seconds: float
    took_s: float
    load_before: float
    """Average number of processes that wanted a core in the minute before the run."""


def write(
    run: Run, requests: dict[str, list[Round]], events: EventFigures, authority: AuthorityFigures,
    forwarding: Forwarded, isolation: Isolation, imported: ImportFigures, due_visits: DueFigures,
) -> str:  # fmt: skip
    """Write the page; answers the tables for the terminal."""
    tables = [_requests(requests), _ratios(requests), _events(events), _authority(authority)]
    tables += [forwarded(forwarding), isolated(isolation), _table(("import", ""), import_rows(imported))]
    tables += [due(due_visits)]
    text = "\n\n".join(
        (_head(run), "## Requests", *tables[:2], "## Forwarding beside others", tables[4],
         "## One service in trouble", tables[5], "## Events", tables[2], "## Import of policies", tables[6],
         "## Authority", tables[3], "## Due visits", tables[7], _reading(run, requests, events))
    )  # fmt: skip
    FILE.write_text(text + "\n", encoding="utf-8")
    return "\n\n".join(tables)


def _spread(values: Sequence[float], form: str = ".2f") -> str:
    return f"{median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(one) + " |" for one in lines)


def _requests(requests: dict[str, list[Round]]) -> str:
    def row(name: str) -> list[str]:
        rounds = requests[name]
        parts = [f"{median([one.each(part) for one in rounds]):.2f}" for part in ("service", "gateway", "postgres")]
        behind = name in (CLAIM_READ, CLAIM_REPORT, BARE_READ_BEHIND)
        latency = sorted(value for one in rounds for value in one.served.latencies_ms)
        return [
            name, parts[0], parts[1] if behind else "–", parts[2], _spread([one.cost for one in rounds]),
            _spread([one.served.per_second for one in rounds], ".0f"), f"{median(latency):.0f} / {_p99(latency):.0f}",
            str(sum(one.served.not_served for one in rounds)),
        ]  # fmt: skip

    head = ("case", "service", "gateway", "PostgreSQL", "all, ms a request", "requests/s", "p50 / p99, ms", "5xx")
    return _table(head, [row(name) for name in _ORDER])


def _p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98] if len(values) > 1 else values[0]


def ratios(requests: dict[str, list[Round]]) -> dict[str, list[float]]:
    """Cost of each round against the bare cost of the same round: read, report, and what the gateway adds."""
    read, behind, report = (
        [one.cost / bare.cost for one, bare in zip(requests[name], requests[base], strict=True)]
        for name, base in ((CLAIM_READ, BARE_READ), (BARE_READ_BEHIND, BARE_READ), (CLAIM_REPORT, BARE_REPORT))
    )
    return {"read": read, "report": report, "hop": [one - 1 for one in behind]}


def _verdict(value: float, bar: float) -> str:
    return "met" if value <= bar else f"**missed** by ×{value / bar:.1f}"


def _ratios(requests: dict[str, list[Round]]) -> str:
    found = ratios(requests)
    named = (
        ("claim read through the gateway / bare read", "read", READ_BAR),
        ("claim report through the gateway / bare report", "report", REPORT_BAR),
        ("what the gateway adds to a bare read / bare read", "hop", HOP_BAR),
    )
    rows = [
        [name, _spread(found[key]), f"≤ {bar:g}", _verdict(median(found[key]), bar)] for name, key, bar in named
    ]  # fmt: skip
    return _table(("processor time", "ratio, median (min–max)", "bar", ""), rows)


def _events(events: EventFigures) -> str:
    delays, rate = events.delays.values_ms, events.delays.per_second
    inserts = [one.per_second for one in events.inserted]
    bar = f"≤ {DELAY_BAR_MS} ms: {_verdict(_p99(delays), DELAY_BAR_MS)}"
    per_second = [one.per_second for one in events.drained]
    shares = [one.per_second / base.per_second for one, base in zip(events.drained, events.inserted, strict=True)]
    rows = [
        ["events/s, outbox → relay → stream → crm's effect", _spread(per_second, ".0f"), ""],
        [f"bare inserts/s, one commit each, {LANES} connections", _spread(inserts, ".0f"), ""],
        ["events to bare inserts", _spread(shares), ""],
        [f"delay at {rate:g} reports/s, p50", f"{median(delays):.0f} ms", ""],
        [f"delay at {rate:g} reports/s, p99", f"{_p99(delays):.0f} ms", bar],
    ]  # fmt: skip
    return _table(
        (f"{sum(one.events for one in events.drained)} events in {len(per_second)} backlogs", "", "bar"), rows
    )


def _authority(authority: AuthorityFigures) -> str:
    rows = [list(row) for row in authority.rows()]
    return _table((f"one decision; {authority.per_second:,.0f} whole steps a second and core", "processor time"), rows)


def _head(run: Run) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    mode = "quick: good for trying, not for judging" if run.quick else "full"
    return f"""# Benchmarks

Written by `make bench` itself: run of {run.date} ({mode}), commit {_commit()}, {run.took_s:.0f} s.

Machine: {os.cpu_count()} cores ({_processor()}), {machine()}, Linux {release()};
load average {run.load_before:.1f} in the minute before the run.
{python_implementation()} {python_version()}, {run.postgres}, {run.nats}; {packages}.

## How it was measured

- **Base line in the same run.** One FastAPI endpoint with SQLAlchemy over asyncpg that reads one row, or inserts one,
  of the claim's size in the same PostgreSQL; same uvicorn flags, same pool of 10. It knows no caller, no row scope, no
  key, no event, no audit, no masking, no log (`tests/benchmarks/bare.py`).
- **Taking turns.** The cases follow each other round after round, {run.seconds:g} s each, after a warm-up. Ratios are
  taken within a round; a figure is the median of the rounds, with the smallest and the largest.
- **Processor time** of service, gateway and PostgreSQL (all its processes) from `/proc`, divided by the answers: far
  steadier than requests a second, which depend on what else the machine does. The load itself runs on the same cores
  and is not counted.
- **Load.** {CONNECTIONS} connections on the loopback, closed loop: each sends its next request when the last one is
  answered. So latency here is mostly waiting in line; it says nothing about a user's.
- **As in production.** uvicorn with httptools and uvloop, the gateway with its own protocol for clients' connections,
  one process each; PostgreSQL with fsync and synchronous commit; NATS writes each message
  through; access lines to a file. {run.policies} policies, one branch.
- **Not as in production.** The limits of requests a minute are lifted (`GATEWAY_RATE_*`) for the one caller, or they
  would be measured. All reports are numbered in one branch and chained in few units, the worst case for both. While
  requests are measured no worker runs; while events are measured only the two workers concerned.
- **Delay** is from the report's transaction to the start of the one that has the effect, both by PostgreSQL's clock,
  at a steady rate in an open loop."""


def _reading(run: Run, requests: dict[str, list[Round]], events: EventFigures) -> str:
    found = {name: median(values) for name, values in ratios(requests).items()}
    lost = sum(one.served.not_served for rounds in requests.values() for one in rounds) + events.delays.not_served
    bars = (("read", READ_BAR), ("report", REPORT_BAR), ("hop", HOP_BAR))
    missed = [f"{name} {found[name]:.1f} instead of {bar:g}" for name, bar in bars if found[name] > bar]
    verdict = "All three bars are met." if not missed else f"Bars missed: {', '.join(missed)}."
    return f"""## Reading

{_BUSY if run.load_before > 1.0 else "The machine did nothing else."} The cores are shared by the load, the gateway, the
service and PostgreSQL; requests a second are those of the whole machine, not of one process. {lost} answers were 5xx.

{verdict}

What the difference to the bare endpoint buys: the caller's present appointment and permissions, a token made for the
service, the row scope of PostgreSQL, masking, the actions that the caller could take with their reasons, the
deadlines; for a report also the match to the policy's versions, the insured list, the search for duplicates, the
gapless number, the work items, the events, the stored answer and the chained audit entry, in one transaction. Each of
these is a statement of its own, and the number of statements is what a request costs."""


_BUSY = """**The machine was busy with other work**: requests a second of this run are too few and latencies too long,
and even processor time is dearer where caches are shared. Repeat it on a quiet machine before drawing a conclusion."""


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
