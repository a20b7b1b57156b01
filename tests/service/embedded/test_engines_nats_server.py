"""nats-server from its wheel: what it keeps, how it starts and ends, and what its configuration says."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nats.errors
import pytest

from embedded.engines.nats import NatsServer, greeting
from embedded.engines.nats_config import BOOTSTRAP, MAX_PAYLOAD, OWN_STREAM, STREAMS, Account, render
from embedded.engines.process import EngineRefused, EngineRunning, start_time
from tests.support.nats_visitor import declare, visit


@pytest.fixture
def own_server() -> Iterator[NatsServer]:
    with tempfile.TemporaryDirectory(prefix="anlan-nats-") as home:
        made = NatsServer(Path(home) / "nats")
        made.start()
        yield made
        made.stop()


async def test_a_message_that_is_too_long_is_refused(own_server: NatsServer) -> None:
    async with visit(own_server, "claims") as visitor:
        with pytest.raises(nats.errors.MaxPayloadError):
            await visitor.client.publish("claims.claim.reported.v1", b"x" * (MAX_PAYLOAD + 1))
    assert greeting("127.0.0.1", own_server.port)["max_payload"] == MAX_PAYLOAD


async def test_an_acknowledged_event_is_on_disk(own_server: NatsServer) -> None:
    def page() -> dict[str, dict[str, object]]:
        with urllib.request.urlopen(f"{own_server.monitor_url}/jsz", timeout=5) as answer:
            return json.load(answer)

    assert (await asyncio.to_thread(page))["config"]["sync_always"] is True


async def test_what_was_acknowledged_survives_a_kill(own_server: NatsServer) -> None:
    await declare(own_server)
    async with visit(own_server, "claims") as visitor:
        last = [await visitor.js.publish("claims.claim.reported.v1", b"{}") for _ in range(20)][-1].seq
    pid, born, first, port = own_server.process.pid, own_server.process.started_at, own_server.nonce, own_server.port
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while own_server.process.alive:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    assert own_server.process.crashed

    own_server.start()
    assert (own_server.process.pid, own_server.process.started_at) != (pid, born)
    assert (own_server.nonce != first, own_server.port) == (True, port)
    async with visit(own_server, "claims") as visitor:
        assert (await visitor.js.get_msg("CLAIMS", seq=last)).data == b"{}"


def test_a_second_server_object_finds_seeds_and_streams_of_the_first(own_server: NatsServer) -> None:
    asyncio.run(declare(own_server))
    before = own_server.seeds()
    assert own_server.stop()
    again = NatsServer(own_server.directory)
    again.start()
    try:
        again.verify()

        async def streams() -> set[str]:
            async with visit(again, BOOTSTRAP) as boot:
                return {info.config.name for info in await boot.js.streams_info() if info.config.name}

        assert again.seeds() == before
        assert asyncio.run(streams()) == set(STREAMS)
    finally:
        again.stop()


def test_a_stop_leaves_no_process_and_a_free_port(own_server: NatsServer) -> None:
    pid, born = own_server.process.pid, own_server.process.started_at
    assert own_server.stop()
    assert start_time(pid) != born
    assert own_server.process.exit_code == 0
    with pytest.raises(OSError, match="refused"):
        greeting("127.0.0.1", own_server.port)


def test_two_servers_never_share_a_directory(own_server: NatsServer) -> None:
    second = NatsServer(own_server.directory)
    with pytest.raises(EngineRunning), second.process.held(patience=0.1):
        pass


def test_a_strangers_answer_on_the_port_is_noticed(own_server: NatsServer) -> None:
    own_server.verify()
    own_server.nonce = "anlan-of-another-start"
    with pytest.raises(EngineRefused, match="another server"):
        own_server.verify()


def test_private_keys_are_readable_by_their_owner_only_and_never_in_the_configuration(own_server: NatsServer) -> None:
    files = sorted((own_server.directory / "seeds").rglob("*.nk"))
    assert [file.stem for file in files] == sorted([BOOTSTRAP, *OWN_STREAM])
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    text = own_server.config.read_text(encoding="utf-8") + own_server.process.log.read_text(encoding="utf-8")
    assert not any(file.read_text(encoding="ascii").strip() in text for file in files)


def test_a_deployment_renders_the_same_rules_with_its_own_addresses() -> None:
    users = {deployable: f"U{deployable.upper()}" for deployable in OWN_STREAM}
    here = render(server_name="a", host="127.0.0.1", port=1, store_dir="/here", accounts=[Account("UBOOT", users)])
    there = render(server_name="a", host="0.0.0.0", port=4222, store_dir="/data", accounts=[Account("UBOOT", users)])
    assert there == here.replace("127.0.0.1:1", "0.0.0.0:4222").replace('"/here"', '"/data"')
    assert "http" not in there
    assert "sync_interval: always" in there


def test_an_account_with_a_user_that_is_no_deployable_is_not_rendered() -> None:
    with pytest.raises(ValueError, match="visitor"):
        render(server_name="a", host="h", port=1, store_dir="/d", accounts=[Account("UBOOT", {"visitor": "U"})])
