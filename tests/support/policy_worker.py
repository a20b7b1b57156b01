"""A worker process of the policy service that may die: `python -m tests.support.policy_worker <address>`.

It carries out everything that waits and then whatever is due, once.
"""

from __future__ import annotations

import asyncio
import sys

from services.policy.worker import TICKS, jobs
from shared.database import Database
from shared.job_runner import Runner
from shared.ticks import run_once


async def main(url: str) -> None:
    database = Database("policy", url, pool=4)
    try:
        await Runner(database, jobs(b"d" * 32)).run_once()
        for tick in TICKS:
            await run_once(database, tick)
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
