"""Figure 6: an import of the core's policies, with its worker killed in the middle: rate, memory, nothing doubled."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from embedded.client import Gateway, Machine
from embedded.demonstration.customers import customers
from embedded.demonstration.policies import customer_count, policies
from embedded.engines.process import EngineDied
from embedded.home import HOST
from embedded.machines import core_system
from embedded.screen import step
from tests.benchmarks.stage import Stage

PART = 20_000
"""Policies in one request; a larger load is sent in parts."""
_API, _WORKER = "policy API", "policy worker"
_SEED = 4_711


@dataclass(frozen=True)
class ImportFigures:
    """`carried_out_s`: from the first 202 to the end of the last job, the restart of the killed worker in it."""

    policies: int
    parts: int
    megabytes: float
    spooled_s: float
    carried_out_s: float
    failed: int
    stored: int
    api_peak_mb: float
    worker_peak_mb: float
    worker_before_mb: float

    @property
    def per_second(self) -> float:
        return self.policies / self.carried_out_s


class _Memory:
    """The highest resident memory of a process, over its restarts, in MB."""

    def __init__(self) -> None:
        self.peak = 0.0

    def look(self, pid: int) -> float:
        try:
            lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        except OSError:
            return self.peak
        found = next((one for one in lines if one.startswith("VmHWM:")), "VmHWM: 0 kB")
        self.peak = max(self.peak, int(found.split()[1]) / 1024)
        return self.peak


def lines(count: int, known_customers: int, part: int, today: date) -> Iterator[bytes]:
    """So many policies of the demonstration under numbers of this part, of customers that are known."""
    numbers = [one["core_no"] for one in customers(known_customers)]
    for n, body in enumerate(policies(count, _SEED + part, today)):
        told = {**body, "policy_no": f"{body['policy_no']}-I{part}", "customer_core_no": numbers[n % len(numbers)]}
        yield json.dumps(told, ensure_ascii=False).encode() + b"\n"


def run(made: Stage, today: date, *, count: int, known_policies: int) -> ImportFigures:
    """Send `count` policies in parts, kill the worker once a third is done, and wait for the end of all parts."""
    made.start(_API, _WORKER)
    api, worker = _Memory(), _Memory()
    before = worker.look(made.pid(_WORKER))
    had = _stored(made)
    gateway = Gateway(f"http://{HOST}:{made.port('gateway API')}")
    core = core_system(made.home, gateway)
    core.sign_in()
    sizes, jobs = [], []
    began = time.monotonic()
    with step(f"{count} policies sent") as told:
        for part in range(-(-count // PART)):
            content = b"".join(lines(min(PART, count - part * PART), customer_count(known_policies), part, today))
            sizes.append(len(content))
            jobs.append(_send(core, content, part + 1, -(-count // PART)))
        spooled = time.monotonic() - began
        told.append(f"{sum(sizes) / 1e6:.0f} MB in {len(sizes)} parts")
    with step("carried out, the worker killed once"):
        failed = _wait(made, core, jobs, count, (api, worker))
    took = time.monotonic() - began
    stored = _stored(made) - had
    made.stop(_API, _WORKER)
    gateway.close()
    return ImportFigures(
        count, len(jobs), sum(sizes) / 1e6, spooled, took, failed, stored, api.peak, worker.peak, before
    )


def _send(core: Machine, content: bytes, part: int, of: int) -> str:
    path = f"/v1/core/imports?batch_id=benchmark&part={part}&of={of}"
    job = core.do("POST", path, content=content, media="application/x-ndjson", key=f"benchmark-{part}-{of}")
    return job["id"]


def _wait(made: Stage, core: Machine, jobs: list[str], count: int, memory: tuple[_Memory, _Memory]) -> int:
    killed = False
    while True:
        memory[0].look(made.pid(_API))
        memory[1].look(made.pid(_WORKER))
        told = [core.ask(f"/v1/jobs/policy/{job}") for job in jobs]
        done = sum(one["progress"]["done"] for one in told)
        if all(one["state"] in ("succeeded", "failed", "cancelled") for one in told):
            return sum(one["progress"]["failed"] for one in told)
        if not killed and done > count // 3:
            _kill(made)
            killed = True
        if not made.running[_WORKER].alive:
            raise EngineDied(f"{_WORKER} ended by itself")
        time.sleep(0.5)


def _kill(made: Stage) -> None:
    os.kill(made.pid(_WORKER), signal.SIGKILL)
    made.running.pop(_WORKER).stop([(signal.SIGTERM, 15.0)])
    made.start(_WORKER)


def _stored(made: Stage) -> int:
    return made.fetch("anlan_policy", "select count(*) as n from policies")[0]["n"]


def rows(figures: ImportFigures) -> list[list[Any]]:
    """The lines of the page's table."""
    worker = f"{figures.worker_peak_mb:.0f} MB; {figures.worker_before_mb:.0f} MB"
    return [
        ["policies sent, in parts, MB", f"{figures.policies:,}, {figures.parts}, {figures.megabytes:.0f}"],
        ["spooled and counted before the answers", f"{figures.spooled_s:.1f} s"],
        ["carried out, the worker killed once", f"{figures.carried_out_s:.0f} s"],
        ["policies a second", f"{figures.per_second:.0f}"],
        ["policies stored afterwards; lines that failed", f"{figures.stored:,}; {figures.failed}"],
        ["highest memory of the worker; before the import", worker],
        ["highest memory of the API", f"{figures.api_peak_mb:.0f} MB"],
    ]  # fmt: skip
