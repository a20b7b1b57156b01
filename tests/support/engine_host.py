"""Holds the engines of one test run: `python -m tests.support.engine_host <directory> <controller's pid> <worker> …`.

A process of its own, because the worker that asks first may be the first to finish. It ends when it is told to, or when
the controller is gone, and then leaves neither process nor file.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType

from embedded import databases
from embedded.engines import secrets
from embedded.engines.nats import NatsServer
from embedded.engines.postgres import PostgresCluster
from embedded.engines.process import start_time

STATE, FAILURE = "engines.json", "failure.txt"


def main(directory: Path, controller: int, workers: list[str]) -> None:
    """Start both engines, publish where they are, and keep them until the run is over."""
    born = start_time(controller)
    signal.signal(signal.SIGTERM, _leave)
    # nobody would miss the data of a test run: no fsync. The answers of the server are the same.
    postgres = PostgresCluster(directory / "postgres", fast=True, settings={"checkpoint_timeout": "30min"})
    nats = NatsServer(directory / "nats", accounts=workers, max_file_store="1TB")
    try:
        postgres.start()
        nats.start()
        _publish(directory, _state(postgres, nats, workers))
        while start_time(controller) == born and postgres.process.alive and nats.process.alive:
            time.sleep(0.25)
    except Exception:
        (directory / FAILURE).write_text(traceback.format_exc(), encoding="utf-8")
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        nats.stop()
        postgres.stop()
        if not (directory / FAILURE).exists():
            shutil.rmtree(directory, ignore_errors=True)


def _state(postgres: PostgresCluster, nats: NatsServer, workers: list[str]) -> dict[str, object]:
    roles = [databases.OWNER, *map(databases.role_of, databases.DEPLOYABLES)]
    passwords = {role: secrets.password(postgres.directory / "roles" / role) for role in roles}
    asyncio.run(databases.provision(postgres.dsn(), databases.DEPLOYABLES, passwords))
    seeds = {worker: nats.seeds(worker) for worker in workers}
    return {
        "host_pid": os.getpid(),
        "host_born": start_time(os.getpid()),
        "postgres_port": postgres.port,
        "postgres_nonce": postgres.nonce,
        "superuser_password": postgres.password,
        "passwords": passwords,
        "nats_port": nats.port,
        "nats_monitor_url": nats.monitor_url,
        "nats_nonce": nats.nonce,
        "bootstrap_seeds": {worker: kept.bootstrap for worker, kept in seeds.items()},
        "seeds": {worker: kept.deployables for worker, kept in seeds.items()},
    }


def _publish(directory: Path, state: dict[str, object]) -> None:
    """Complete or absent, and for the owner's eyes only (the directory is 0700)."""
    draft = directory / f"{STATE}.new"
    draft.write_text(json.dumps(state), encoding="ascii")
    draft.rename(directory / STATE)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
