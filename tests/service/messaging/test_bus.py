"""What a deployable may do on the server, and with which server it works."""

from __future__ import annotations

import pytest

from shared.ids import uuid7
from shared.messaging import Bus, declare_streams
from shared.streams import (
    BusUnreachable,
    DurableMissing,
    Outgoing,
    ServerTooOld,
    StreamMissing,
    own_stream,
    refuse_old_server,
    refuse_unsynced_server,
    stream_of,
)
from tests.service.messaging.conftest import Pair
from tests.support import event_world as world
from tests.support import streams

SUBJECT = world.REPORTED


def message(subject: str = SUBJECT, size: int = 2) -> Outgoing:
    return Outgoing(subject, b"x" * size, str(uuid7()))


async def test_only_the_own_stream_acknowledges(pair: Pair) -> None:
    own, foreign = await pair.claims_bus.publish([message(), message("policy.policy.issued.v1")])
    assert own is not None
    assert (own.stream, own.duplicate) == ("CLAIMS", False)
    assert foreign is None


async def test_the_same_message_id_is_stored_once(pair: Pair) -> None:
    one = message()
    first, second = await pair.claims_bus.publish([one, one])
    assert first is not None
    assert second is not None
    assert (first.sequence, second.sequence, second.duplicate) == (1, 1, True)


async def test_a_message_above_the_servers_limit_is_not_acknowledged_and_the_connection_stays(pair: Pair) -> None:
    good, large = await pair.claims_bus.publish([message(), message(size=300_000)])
    assert good is not None
    assert large is None
    assert pair.claims_bus.connected


async def test_the_streams_may_be_declared_again_with_other_limits(pair: Pair) -> None:
    await pair.claims_bus.publish([message()])
    await declare_streams(pair.nats.url, pair.nats.bootstrap_seed, max_bytes=32 << 20)
    assert await pair.claims_bus.stored("CLAIMS") == (1, b"xx")


async def test_the_durable_bears_the_deployables_name_and_no_other_is_allowed(pair: Pair) -> None:
    await pair.crm_bus.ensure_durable("CLAIMS", ["claims.claim.reported.*"])
    await pair.crm_bus.ensure_durable("CLAIMS", ["claims.claim.reported.*", "claims.claim.settled.*"])
    await pair.claims_bus.publish([message(), message(world.SETTLED), message("claims.notice.sent.v1")])
    assert (await pair.crm_bus.backlog("CLAIMS")).waiting == 2
    pair.crm_bus.name = "another"
    with pytest.raises(BusUnreachable):
        await pair.crm_bus.ensure_durable("CLAIMS", ["claims.claim.reported.*"])


async def test_missing_streams_and_durables_are_told_apart(pair: Pair) -> None:
    pull = await pair.crm_bus.pull("CLAIMS")
    with pytest.raises(DurableMissing):
        await pull.fetch(10, 1)
    with pytest.raises(DurableMissing):
        await pair.crm_bus.backlog("CLAIMS")
    assert await pair.claims_bus.stored("CLAIMS") is None
    await streams.drop_streams(pair.nats, "CLAIMS")
    with pytest.raises(StreamMissing):
        await pair.crm_bus.ensure_durable("CLAIMS", ["claims.claim.reported.*"])
    with pytest.raises(StreamMissing):
        await pair.claims_bus.stored("CLAIMS")


async def test_a_negative_acknowledgement_brings_the_message_again_after_its_delay(pair: Pair) -> None:
    await pair.crm_bus.ensure_durable("CLAIMS", ["claims.claim.reported.*"])
    await pair.claims_bus.publish([message()])
    pull = await pair.crm_bus.pull("CLAIMS")
    first = (await pull.fetch(10, 2))[0]
    await first.again_in(0.3)
    assert [one async for one in pair.crm_bus.available("CLAIMS")] == []
    second = (await pull.fetch(10, 2))[0]
    assert (first.tries, second.tries) == (1, 2)
    assert await second.acknowledge()
    backlog = await pair.crm_bus.backlog("CLAIMS")
    assert (backlog.waiting, backlog.unacknowledged) == (0, 0)


async def test_nothing_is_sent_without_a_connection(pair: Pair) -> None:
    await pair.claims_bus.close()
    with pytest.raises(BusUnreachable):
        await pair.claims_bus.publish([message()])
    await pair.claims_bus.open(5)
    assert None not in await pair.claims_bus.publish([message()])
    assert pair.claims_bus.connections == 2


async def test_a_stranger_gets_no_connection(pair: Pair) -> None:
    with pytest.raises(BusUnreachable):
        await Bus(pair.nats.url, name="claims").open(0.5)


async def test_the_servers_disk_setting_is_read_from_its_monitoring_page(pair: Pair) -> None:
    await refuse_unsynced_server(pair.nats.monitor_url)


@pytest.mark.parametrize("version", ["2.9.10", "2.12.2", "1.4.1", "", "2.12.3-RC.1".replace("2.12.3", "2.12.1")])
def test_an_older_server_is_refused(version: str) -> None:
    with pytest.raises(ServerTooOld):
        refuse_old_server(version)


@pytest.mark.parametrize("version", ["2.12.3", "2.15.1", "3.0.0", "<nats server v2.15.1>", "2.16.0-preview.1"])
def test_a_newer_server_is_taken(version: str) -> None:
    refuse_old_server(version)


def test_a_subject_names_its_stream_and_the_gateway_owns_the_organisations() -> None:
    assert stream_of("organisation.unit.changed.v1") == own_stream("gateway") == "ORGANISATION"
    assert stream_of(SUBJECT) == own_stream("claims") == "CLAIMS"
