"""Several replicas of one service: used evenly, found anew, and one that is gone takes nobody with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from gateway.forwarding.breaker import Breaker
from gateway.forwarding.replicas import Replicas
from shared.errors import ServiceUnavailable

THREE = ("http://one:1", "http://two:1", "http://three:1")


def opened(replicas: Replicas, number: int, *, due: bool) -> Breaker:
    """The fuse of one replica, gone off; `due`: its pause is over."""
    now = [0.0]
    breaker = replicas.held[number].breaker = Breaker(lambda: now[0])
    breaker.failed(at_once=True)
    now[0] = 10.0 if due else 0.0
    return breaker


def test_requests_that_end_at_once_go_round():
    replicas, chosen = Replicas(THREE), Counter()
    for _ in range(300):
        replica = replicas.choose(safe=True)
        chosen[replica.address] += 1
        replica.leave()
    assert chosen == dict.fromkeys(THREE, 100)


def test_a_replica_that_is_slow_gets_less():
    replicas = Replicas(THREE)
    slow = replicas.choose(safe=True)
    chosen = Counter()
    for _ in range(20):
        replica = replicas.choose(safe=False)
        chosen[replica.address] += 1
        replica.leave()
    assert slow.address not in chosen
    assert set(chosen.values()) == {10}


def test_a_replica_whose_fuse_is_open_is_left_alone_and_without_any_other_the_service_is_refused():
    replicas = Replicas(THREE[:2])
    opened(replicas, 0, due=False)
    assert {replicas.choose(safe=True).address for _ in range(5)} == {THREE[1]}
    opened(replicas, 1, due=False)
    with pytest.raises(ServiceUnavailable):
        replicas.choose(safe=True)


def test_only_a_safe_request_tries_a_failed_replica_again_while_others_serve():
    replicas = Replicas(THREE[:2])
    opened(replicas, 0, due=True)
    assert replicas.choose(safe=False).address == THREE[1]
    assert replicas.choose(safe=True).address == THREE[0]
    # one probe at a time
    assert replicas.choose(safe=True).address == THREE[1]


def test_a_single_replica_is_tried_again_by_whoever_comes_next():
    replicas = Replicas(THREE[:1])
    breaker = opened(replicas, 0, due=True)
    replicas.choose(safe=False)
    breaker.succeeded()
    assert breaker.state == "closed"


def test_the_second_try_goes_to_another_replica_and_the_failed_one_is_left_alone_from_then_on():
    replicas = Replicas(THREE[:2])
    first = replicas.choose(safe=True)
    second = replicas.instead_of(first)
    assert {first.address, second.address} == set(THREE[:2])
    assert (first.breaker.state, first.under_way, second.under_way) == ("open", 0, 1)


def test_the_second_try_stays_where_there_is_no_other():
    replicas = Replicas(THREE[:1])
    first = replicas.choose(safe=True)
    assert replicas.instead_of(first) is first
    assert (first.breaker.state, first.under_way) == ("closed", 1)


async def test_a_name_is_looked_up_again_and_who_stays_keeps_his_count():
    told: list[Sequence[str]] = [("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.3"), ("10.0.0.3",)]

    async def resolve(host: str, port: int) -> Sequence[str]:
        assert (host, port) == ("claims", 8000)
        return told.pop(0)

    replicas = Replicas(["http://claims:8000/"])
    await replicas.look_up(resolve)
    assert [one.address for one in replicas.held] == ["http://10.0.0.1:8000", "http://10.0.0.2:8000"]
    kept = replicas.held[1]
    kept.under_way = 7
    await replicas.look_up(resolve)
    assert [one.address for one in replicas.held] == ["http://10.0.0.2:8000", "http://10.0.0.3:8000"]
    assert replicas.held[0] is kept
    assert replicas.choose(safe=True).address == "http://10.0.0.3:8000"
    # one address is addressed by the name, as a single process always is
    await replicas.look_up(resolve)
    assert [one.address for one in replicas.held] == ["http://claims:8000"]


async def test_a_name_that_nobody_knows_and_numbers_stay_as_they_were_set():
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    replicas = Replicas(["http://claims:8000", "http://127.0.0.1:9", "http://[::1]:9"])
    await replicas.look_up(unknown)
    assert [one.address for one in replicas.held] == ["http://claims:8000", "http://127.0.0.1:9", "http://[::1]:9"]


async def test_addresses_of_the_newer_kind_are_written_in_brackets_and_certificates_keep_their_name():
    async def two(_host: str, _port: int) -> Sequence[str]:
        return ("fd00::1", "fd00::2")

    replicas = Replicas(["http://claims:8000", "https://crm"])
    await replicas.look_up(two)
    assert [one.address for one in replicas.held] == ["http://[fd00::1]:8000", "http://[fd00::2]:8000", "https://crm"]
