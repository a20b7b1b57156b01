"""The six streams of a worker's NATS account, empty."""

from __future__ import annotations

import contextlib

import nats
import nats.js.errors

from shared.messaging import Bus, declare_streams
from shared.streams import STREAMS
from tests.support.engines import NatsCredentials


async def fresh_streams(credentials: NatsCredentials) -> None:
    """Take all streams with their durables away and declare them anew, as the bootstrap user."""
    await drop_streams(credentials, *STREAMS)
    await declare_streams(credentials.url, credentials.bootstrap_seed, max_bytes=64 << 20)


async def drop_streams(credentials: NatsCredentials, *names: str) -> None:
    """Take these streams away, as a lost disk would."""
    client = await nats.connect(
        credentials.url, nkeys_seed_str=credentials.bootstrap_seed, inbox_prefix=b"_INBOX_boot", connect_timeout=5
    )
    try:
        for name in names:
            with contextlib.suppress(nats.js.errors.NotFoundError):
                await client.jetstream().delete_stream(name)
    finally:
        await client.close()


def bus(credentials: NatsCredentials, deployable: str) -> Bus:
    """A connection of this deployable, not yet open."""
    return Bus(credentials.url, name=deployable, seed=credentials.seed(deployable))
