"""Who may do what on the bus, measured against the running server."""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import nkeys
import pytest

from embedded.engines.nats import NatsServer
from embedded.engines.nats_config import BOOTSTRAP, LISTENS, OWN_STREAM, STREAMS
from embedded.engines.secrets import new_seed, public_key
from shared.streams import stream_of
from tests.support.nats_visitor import declare, durable, visit

HEARS = [(listener, stream) for listener, streams in LISTENS.items() for stream in streams]


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[NatsServer]:
    """One server with two accounts, all streams declared in both."""
    with tempfile.TemporaryDirectory(prefix="anlan-nats-") as home:
        made = NatsServer(Path(home), accounts=("APP", "OTHER"))
        made.start()
        try:
            for account in ("APP", "OTHER"):
                await declare(made, account)
            yield made
        finally:
            made.stop()


@pytest.mark.parametrize(("deployable", "stream"), OWN_STREAM.items())
async def test_a_deployable_publishes_into_its_own_stream_and_reads_it_back(
    server: NatsServer, deployable: str, stream: str
) -> None:
    async with visit(server, deployable) as visitor:
        subject = f"{STREAMS[stream]}.notice.sent.v1"
        acknowledged = await visitor.js.publish(subject, b'{"id": "1"}')
        assert acknowledged.stream == stream
        kept = await visitor.js.get_msg(stream, seq=acknowledged.seq)
        assert (kept.subject, kept.data) == (subject, b'{"id": "1"}')
        assert not visitor.complaints


@pytest.mark.parametrize("deployable", OWN_STREAM)
async def test_a_forged_event_of_another_service_is_refused(server: NatsServer, deployable: str) -> None:
    async with visit(server, deployable) as visitor:
        foreign = [
            f"{prefix}.claim.reported.v1" for stream, prefix in STREAMS.items() if stream != OWN_STREAM[deployable]
        ]
        for subject in foreign:
            assert await visitor.ask(subject, b"{}") is None
        assert len(foreign) == 5


@pytest.mark.parametrize("deployable", OWN_STREAM)
async def test_messages_of_a_foreign_stream_cannot_be_read_past_the_durable(
    server: NatsServer, deployable: str
) -> None:
    async with visit(server, deployable) as visitor:
        for stream in set(STREAMS) - {OWN_STREAM[deployable]}:
            assert await visitor.ask(f"$JS.API.STREAM.MSG.GET.{stream}", b'{"seq": 1}') is None
            assert await visitor.ask(f"$JS.API.DIRECT.GET.{stream}", b'{"seq": 1}') is None


@pytest.mark.parametrize("deployable", OWN_STREAM)
async def test_a_service_cannot_manage_streams_not_even_its_own(server: NatsServer, deployable: str) -> None:
    async with visit(server, deployable) as visitor:
        for stream in STREAMS:
            for request in ("INFO", "DELETE", "PURGE", "UPDATE", "CREATE", "MSG.DELETE", "SNAPSHOT"):
                assert await visitor.ask(f"$JS.API.STREAM.{request}.{stream}", b'{"seq": 1}') is None
        assert await visitor.ask("$JS.API.STREAM.CREATE.MINE", b'{"name": "MINE", "subjects": ["mine"]}') is None
        assert await visitor.ask("$JS.API.INFO") is None


@pytest.mark.parametrize(("listener", "stream"), HEARS)
async def test_a_service_declares_reads_and_acknowledges_its_own_durable(
    server: NatsServer, listener: str, stream: str
) -> None:
    publisher = next(deployable for deployable, own in OWN_STREAM.items() if own == stream)
    subject = f"{STREAMS[stream]}.record.changed.v1"
    async with visit(server, publisher) as visitor:
        await visitor.js.publish(subject, listener.encode())
    async with visit(server, listener) as visitor:
        config = durable(listener, [subject, f"{STREAMS[stream]}.record.opened.v1"])
        await visitor.js.add_consumer(stream, config)
        await visitor.js.add_consumer(stream, config)  # declared again at the next start
        assert (await visitor.js.consumer_info(stream, listener)).config.max_deliver == -1
        subscription = await visitor.js.pull_subscribe_bind(durable=listener, stream=stream)
        message = (await subscription.fetch(1, timeout=5))[0]
        await message.ack_sync(timeout=5)
        assert message.subject == subject
        assert not visitor.complaints
        assert (await visitor.js.consumer_info(stream, listener)).num_ack_pending == 0


async def test_a_durable_under_another_name_or_with_another_form_is_refused(server: NatsServer) -> None:
    async with visit(server, "crm") as visitor:
        body = json.dumps(
            {"stream_name": "CLAIMS", "config": {"durable_name": "risk", "name": "risk", "ack_policy": "explicit"}}
        )
        for subject in (
            "$JS.API.CONSUMER.CREATE.CLAIMS.risk",
            "$JS.API.CONSUMER.CREATE.CLAIMS",
            "$JS.API.CONSUMER.DURABLE.CREATE.CLAIMS.crm",
            "$JS.API.CONSUMER.CREATE.CLAIMS.crm.claims.claim.reported.v1",
            "$JS.API.CONSUMER.CREATE.CRM.crm",
            "$JS.API.CONSUMER.DELETE.CLAIMS.crm",
            "$JS.API.CONSUMER.DELETE.CLAIMS.risk",
            "$JS.API.CONSUMER.MSG.NEXT.CLAIMS.risk",
            "$JS.API.CONSUMER.INFO.CLAIMS.risk",
            "$JS.API.CONSUMER.PAUSE.CLAIMS.risk",
            "$JS.API.CONSUMER.NAMES.CLAIMS",
            "$JS.ACK.CLAIMS.risk.1.1.1.1.0",
        ):
            assert await visitor.ask(subject, body.encode()) is None
        # the permitted subject with another name inside: the server compares them
        answer = await visitor.ask("$JS.API.CONSUMER.CREATE.CLAIMS.crm", body.encode())
        assert answer is not None
        assert "error" in answer


async def test_a_service_hears_nothing_but_its_own_inbox(server: NatsServer) -> None:
    async with visit(server, "crm") as visitor:
        for subject in ("claims.>", ">", "_INBOX_claims.>", "_INBOX_boot.>", "$JS.EVENT.ADVISORY.>", "crm.>"):
            await visitor.client.subscribe(subject)
        await visitor.client.flush()
        await asyncio.sleep(0.05)
        refused = [said for said in visitor.complaints if "permissions violation for subscription" in said.lower()]
        assert len(refused) == 6


async def test_the_bootstrap_user_declares_streams_and_publishes_no_event(server: NatsServer) -> None:
    async with visit(server, BOOTSTRAP) as boot:
        for prefix in STREAMS.values():
            assert await boot.ask(f"{prefix}.claim.reported.v1", b"{}") is None
        assert await boot.ask("$JS.ACK.CLAIMS.crm.1.1.1.1.0") is None
        info = await boot.js.stream_info("CLAIMS")
        assert info.config.subjects == ["claims.>"]


async def test_not_even_the_bootstrap_user_removes_what_was_said(server: NatsServer) -> None:
    async with visit(server, "claims") as visitor:
        seq = (await visitor.js.publish("claims.claim.reported.v1", b"{}")).seq
    async with visit(server, BOOTSTRAP) as boot:
        for subject, body in (("PURGE", {}), ("MSG.DELETE", {"seq": seq})):
            answer = await boot.ask(f"$JS.API.STREAM.{subject}.CLAIMS", json.dumps(body).encode())
            assert answer is not None
            assert "error" in answer
        assert (await boot.js.get_msg("CLAIMS", seq=seq)).data == b"{}"


async def _turned_away(server: NatsServer, seed: str = "", **options: str) -> bool:
    """Sign in by the bare protocol: True where the server answers with a refusal, False where it answers the ping."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        nonce = json.loads((await reader.readline())[5:])["nonce"]
        if seed:
            pair = nkeys.from_seed(bytearray(seed, "ascii"))
            signature = base64.urlsafe_b64encode(pair.sign(nonce.encode())).rstrip(b"=").decode()
            options |= {"nkey": public_key(seed), "sig": signature}
        writer.write(b"CONNECT " + json.dumps({"verbose": False, **options}).encode() + b"\r\nPING\r\n")
        answer = await asyncio.wait_for(reader.readline(), 5)
    finally:
        writer.close()
        await writer.wait_closed()
    assert answer in (b"-ERR 'Authorization Violation'\r\n", b"PONG\r\n")
    return answer.startswith(b"-ERR")


async def test_nobody_enters_without_a_key_that_the_server_knows(server: NatsServer) -> None:
    assert await _turned_away(server)
    assert await _turned_away(server, user="crm", password="crm")
    assert await _turned_away(server, new_seed())
    # the public key alone, which the configuration shows to everybody who reads it, opens nothing
    assert await _turned_away(server, nkey=public_key(server.seeds().deployables["crm"]))
    assert not await _turned_away(server, server.seeds().deployables["crm"])


async def test_an_account_sees_nothing_of_another(server: NatsServer) -> None:
    async with visit(server, "policy", "OTHER") as visitor:
        await visitor.js.publish("policy.policy.issued.v1", b"of the other account")
    async with visit(server, BOOTSTRAP, "APP") as boot:
        mine = (await boot.js.stream_info("POLICY")).state.messages
    async with visit(server, BOOTSTRAP, "OTHER") as boot:
        assert (await boot.js.get_msg("POLICY", seq=1)).data == b"of the other account"
        assert (await boot.js.stream_info("POLICY")).state.messages == 1
    async with visit(server, BOOTSTRAP, "APP") as boot:
        assert (await boot.js.stream_info("POLICY")).state.messages == mine


@pytest.mark.parametrize("deployable", OWN_STREAM)
def test_everybody_may_listen_to_whatever_his_consumers_ask_for(deployable: str) -> None:
    package = "gateway" if deployable == "gateway" else f"services.{deployable}"
    consumers = importlib.import_module(f"{package}.consumers").CONSUMERS
    assert {stream_of(one.subject) for one in consumers} <= set(LISTENS[deployable])
