"""A client that signs in to nats-server as one of its users and remembers what the server refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
from nats.aio.client import Client
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from embedded.engines.nats import NatsServer
from embedded.engines.nats_config import BOOTSTRAP, STREAMS, inbox_prefix, stream_subjects


class Visitor:
    """A signed-in client that remembers what the server refused."""

    def __init__(self, client: Client, complaints: list[str]) -> None:
        self.client, self.complaints = client, complaints
        self.js = client.jetstream(timeout=5)

    async def ask(self, subject: str, body: bytes = b"") -> dict[str, object] | None:
        """The answer to a request; None where the server refused the subject, of which it must have complained."""
        inbox = await self.client.subscribe(self.client.new_inbox())
        try:
            heard = len(self.complaints)
            await self.client.publish(subject, body, reply=inbox.subject)
            async with asyncio.timeout(5):
                while not self.complaints[heard:] and not inbox.pending_msgs:  # noqa: ASYNC110 - no event for either
                    await asyncio.sleep(0.002)
            if self.complaints[heard:]:
                assert f'permissions violation for publish to "{subject.lower()}"' in self.complaints[heard].lower()
                return None
            return json.loads((await inbox.next_msg(timeout=5)).data)
        finally:
            await inbox.unsubscribe()


@asynccontextmanager
async def visit(server: NatsServer, user: str, account: str = "APP") -> AsyncIterator[Visitor]:
    complaints: list[str] = []

    async def remember(error: Exception) -> None:
        complaints.append(str(error))

    seeds = server.seeds(account)
    client = await nats.connect(
        server.url,
        nkeys_seed_str=seeds.bootstrap if user == BOOTSTRAP else seeds.deployables[user],
        inbox_prefix=inbox_prefix(user).encode(),
        error_cb=remember,
        allow_reconnect=False,
    )
    try:
        assert client._server_info["server_name"] == server.nonce
        yield Visitor(client, complaints)
    finally:
        await client.close()


async def declare(server: NatsServer, account: str = "APP") -> None:
    async with visit(server, BOOTSTRAP, account) as boot:
        for stream in STREAMS:
            await boot.js.add_stream(
                StreamConfig(
                    name=stream,
                    subjects=stream_subjects(stream),
                    retention=RetentionPolicy.LIMITS,
                    storage=StorageType.FILE,
                    discard=DiscardPolicy.NEW,
                    max_bytes=64 * 1024 * 1024,
                    duplicate_window=600,
                    deny_delete=True,
                    deny_purge=True,
                )
            )


def durable(name: str, subjects: list[str]) -> ConsumerConfig:
    return ConsumerConfig(
        name=name,
        durable_name=name,
        filter_subjects=subjects,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=30,
        max_deliver=-1,
    )


async def permission_complaint(url: str, seed: str, user: str, subject: str) -> str:
    """What the server says when this user publishes to a subject; TimeoutError if it has nothing against it."""
    said: asyncio.Queue[str] = asyncio.Queue()

    async def hear(error: Exception) -> None:
        said.put_nowait(str(error))

    client = await nats.connect(
        url, nkeys_seed_str=seed, inbox_prefix=inbox_prefix(user).encode(), error_cb=hear, allow_reconnect=False
    )
    try:
        await client.publish(subject, b"{}")
        return await asyncio.wait_for(said.get(), 5)
    finally:
        await client.close()
