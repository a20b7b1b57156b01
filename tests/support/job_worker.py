"""A worker process that carries out the imports of things: `python -m tests.support.job_worker <address>`."""

from __future__ import annotations

import asyncio
import sys

from shared.database import Database
from shared.job_runner import Runner
from tests.support.file_world import KIND, import_thing


async def main(url: str) -> None:
    """Everything that waits, once."""
    database = Database("claims", url, pool=4)
    try:
        await Runner(database, {KIND: import_thing}).run_once()
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
