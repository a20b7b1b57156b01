"""The job that declares the streams, as the only user that may: `python -m deploy.streams`.

Run again it changes limits, never messages. It refuses a server that acknowledges before its disk does, which only the
server's monitoring page tells; that page listens on the server's loopback, so this job runs in the server's own
network namespace. Environment: `STREAMS_NATS_URL`, `STREAMS_MONITOR_URL`, `STREAMS_SEED_FILE`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from shared.messaging import declare_streams
from shared.streams import STREAMS, refuse_unsynced_server


async def declare(url: str, monitor_url: str, seed: str) -> None:
    """Raises `WritesNotSynced`, `ServerTooOld`, `BusUnreachable`."""
    await refuse_unsynced_server(monitor_url)
    await declare_streams(url, seed)


def main(environment: Mapping[str, str] = os.environ) -> int:
    """The exit code of the job."""
    seed = Path(environment["STREAMS_SEED_FILE"]).read_text(encoding="ascii").strip()
    asyncio.run(declare(environment["STREAMS_NATS_URL"], environment["STREAMS_MONITOR_URL"], seed))
    sys.stdout.write(f"declared: {', '.join(STREAMS)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
