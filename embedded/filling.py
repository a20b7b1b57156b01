"""Demonstration data, brought in through the gateway as the core system would.

Customers come one by one, policies as an import.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

from embedded.client import Gateway, Machine
from embedded.demonstration.customers import DEFAULT_SEED, customers
from embedded.demonstration.ndjson import ndjson
from embedded.demonstration.policies import customer_count, policies
from embedded.home import Home
from embedded.machines import core_system

POLICIES = 2_000
_WAIT_S = 60.0
_SENDERS = 4


def fill(
    home: Home, url: str, today: date, *, count: int = POLICIES, public_url: str | None = None
) -> tuple[int, int]:  # fmt: skip
    """Customers and policies of the demonstration; sending them again changes nothing. Answers both numbers.

    `public_url`: the gateway's address as clients know it, where `url` is another way to it.
    Raises `Refused` where the gateway refuses, `TimeoutError` where the import stands still.
    """
    gateway = Gateway(url, public_url)
    try:
        machine = core_system(home, gateway)
        people = customers(customer_count(count))
        machine.sign_in()
        with ThreadPoolExecutor(_SENDERS) as pool:
            list(pool.map(lambda one: _put(machine, one), people))
        _import(machine, ndjson(policies(count, DEFAULT_SEED, today)), f"demonstration-{today:%Y%m%d}-{count}")
        return len(people), count
    finally:
        gateway.close()


def _put(machine: Machine, customer: dict[str, Any]) -> None:
    body = {name: value for name, value in customer.items() if name != "core_no"}
    machine.do("PUT", f"/v1/core/customers/{customer['core_no']}", body)


def _import(machine: Machine, lines: Any, key: str) -> None:
    job = machine.do("POST", "/v1/core/imports", content=lines, media="application/x-ndjson", key=key)
    moved, seen = time.monotonic(), -1
    while True:
        told = machine.ask(f"/v1/jobs/policy/{job['id']}")
        if told["state"] in ("succeeded", "failed", "cancelled"):
            break
        # a slow machine may take long; only one that does not move on is given up
        if told["progress"]["done"] != seen:
            moved, seen = time.monotonic(), told["progress"]["done"]
        if time.monotonic() - moved > _WAIT_S:
            raise TimeoutError(f"the import does not end: {json.dumps(told)}")
        time.sleep(0.3)
    if told["state"] != "succeeded" or told["progress"]["failed"]:
        raise RuntimeError(f"the import did not go through whole: {json.dumps(told)}")
