"""Where webhooks may go: no private, local or link-local address, however it is written, named, or renamed later."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest

from gateway.identity.machines import register_machine_key
from gateway.webhooks.rules import TargetRefused, is_public
from gateway.webhooks.sending import send
from gateway.webhooks.tables import Webhook
from gateway.webhooks.targets import Terms
from tests.service.gateway.test_machines import KEY, assertion, sign_in
from tests.support import engines
from tests.support.gateway import GatewayUnderTest, running
from tests.support.receiving_webhooks import Receiver, receiving

PRIVATE = (
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "0.0.0.0", "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
)  # fmt: skip
PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_let_through(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_an_allowed_network_opens_its_own_addresses_alone() -> None:
    allowed = [ipaddress.ip_network("10.20.0.0/16")]
    assert is_public(ipaddress.ip_address("10.20.3.4"), allowed)
    assert is_public(ipaddress.ip_address("::ffff:10.20.3.4"), allowed)
    assert not is_public(ipaddress.ip_address("10.21.0.1"), allowed)
    assert not is_public(ipaddress.ip_address("169.254.169.254"), allowed)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://93.184.216.34/hook", "not_https"),
        ("ftp://93.184.216.34/hook", "not_an_address"),
        ("https://user:pass@93.184.216.34/", "not_an_address"),
        ("https://93.184.216.34\\@127.0.0.1/", "not_an_address"),
        ("https://93.184.216.34/#x", "not_an_address"),
        ("https:///hook", "not_an_address"),
        ("https://93.184.216.34:99999/", "not_an_address"),
        ("https://127.0.0.1/", "not_public"),
        ("https://[::1]/", "not_public"),
        ("https://[::ffff:169.254.169.254]/", "not_public"),
        ("https://2130706433/", "not_public"),
        ("https://0x7f.1/", "not_public"),
        ("https://0177.0.0.1/", "not_public"),
        ("https://localhost/", "not_public"),
        ("https://localhost./", "not_public"),
    ],
)
async def test_a_target_is_judged_by_what_it_means_not_by_how_it_is_written(url: str, reason: str) -> None:
    with pytest.raises(TargetRefused) as refusal:
        await Terms().check(url)
    assert refusal.value.members["reason"] == reason


def names(*answers: Sequence[str]) -> tuple[Terms, list[str]]:
    """A name service that gives these answers one after the other, the last one for ever."""
    left, asked = list(answers), list[str]()

    async def look_up(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return left.pop(0) if len(left) > 1 else left[0]

    return Terms(http=True, look_up=look_up), asked


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    terms, _ = names(["93.184.216.34", "10.0.0.1"])
    with pytest.raises(TargetRefused):
        await terms.check("https://mixed.example/")


async def test_a_name_that_turns_private_after_its_registration_is_not_connected_to() -> None:
    async with receiving() as receiver:
        terms, asked = names(["93.184.216.34"], ["127.0.0.1"])
        url = f"http://rebind.example:{receiver.port}/hook"
        await terms.check(url)
        sent = await send(terms, url, {}, b"{}")
    assert (sent.fault, receiver.got, len(asked)) == ("not_public", [], 2)


async def test_the_connection_goes_to_the_address_that_was_judged_and_no_name_is_asked_again() -> None:
    async with receiving() as receiver:
        allowed = [ipaddress.ip_network("127.0.0.0/8")]
        terms, asked = names(["127.0.0.1"])
        terms = Terms(http=True, networks=allowed, look_up=terms.look_up)
        sent = await send(terms, f"http://no-such-name.invalid:{receiver.port}/hook", {}, b"{}")
        [got] = receiver.got
    assert (sent.status, asked) == (204, ["no-such-name.invalid"])
    assert got.headers["host"] == f"no-such-name.invalid:{receiver.port}"


@pytest.fixture
async def strict(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[GatewayUnderTest]:
    """As it is installed: https alone, no private network."""
    async with running(database_urls["gateway"], tmp_path) as gateway:
        await register_machine_key(gateway.db, "M0001", KEY.as_dict(private=False))
        yield gateway


async def test_registration_and_change_refuse_a_private_target_and_nothing_is_asked_of_it(
    strict: GatewayUnderTest,
) -> None:
    token = (await sign_in(strict, assertion())).json()["access_token"]
    async with receiving() as receiver:
        for url in _local(receiver):
            body = {"url": url, "events": ["claims.payment.ordered"], "org_path": "00"}
            refusal = await strict.post(token, "/v1/webhooks", body)
            assert (refusal.status_code, refusal.json()["code"]) == (422, "target_refused"), url
        assert receiver.got == []
    assert await strict.rows(Webhook.__table__) == []


def _local(receiver: Receiver) -> list[str]:
    places = ("127.0.0.1", "localhost", "[::1]", "2130706433", "169.254.169.254")
    return [f"{scheme}://{place}:{receiver.port}/" for scheme in ("https", "http") for place in places]
