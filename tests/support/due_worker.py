"""A process that tells every due visit once: `python -m tests.support.due_worker <address>`."""

from __future__ import annotations

import asyncio
import logging
import sys

import structlog

from services.risk.due.handlers import DUE
from shared.database import Database
from shared.ticks import run_once


async def main(url: str) -> None:
    """One pass of the rule, until nothing is due."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    database = Database("risk", url, pool=3)
    try:
        await run_once(database, DUE)
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
