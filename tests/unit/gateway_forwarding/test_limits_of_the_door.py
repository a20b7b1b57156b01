"""Rate, fuse, stated amounts and header fields: the arithmetic of the door."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.forwarding.breaker import Breaker
from gateway.forwarding.headers import HeadersTooLarge, back, onward, refuse_unclean
from gateway.forwarding.rate_limit import Cells, RatePolicy
from gateway.forwarding.stated_amount import amount_decided, exceeds
from gateway.forwarding.table import StatedAmount
from shared.errors import MalformedRequest, Problem, ServiceUnavailable, UnsupportedMediaType
from tests.support.tokens import actor

STATED = StatedAmount("#/amount", "claim_payment", "#/kind")


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_cell_lets_its_quota_through_at_once_and_refills_evenly():
    watch = Watch()
    cells, policy = Cells(watch), RatePolicy("user", 6, 60)
    found = [cells.take("a", policy) for _ in range(7)]
    assert [one.allowed for one in found] == [True] * 6 + [False]
    assert [one.remaining for one in found] == [5, 4, 3, 2, 1, 0, 0]
    assert (found[5].reset, found[6].retry_after) == (60, 10)
    assert cells.take("b", policy).allowed
    watch.now += 10
    assert cells.take("a", policy).allowed
    assert not cells.take("a", policy).allowed
    assert found[0].headers() == [(b"ratelimit-policy", b'"user";q=6;w=60'), (b"ratelimit", b'"user";r=5;t=10')]


@given(st.lists(st.floats(min_value=0, max_value=5), max_size=200))
def test_no_rhythm_gets_more_than_quota_and_refill(pauses: list[float]):
    watch = Watch()
    cells, policy, passed = Cells(watch), RatePolicy("user", 10, 20), 0
    for pause in pauses:
        watch.now += pause
        passed += cells.take("a", policy).allowed
    assert passed <= 10 + (watch.now - 1000.0) / 2 + 1e-6


def test_a_refused_request_costs_nothing_and_old_cells_are_forgotten():
    watch = Watch()
    cells, policy = Cells(watch, most=100), RatePolicy("user", 1, 10)
    cells.take("a", policy)
    for _ in range(50):
        assert not cells.take("a", policy).allowed
    watch.now += 10
    assert cells.take("a", policy).allowed
    for n in range(1000):
        cells.take(n, policy)
    assert len(cells._full_at) <= 101


def test_the_fuse_opens_at_five_of_ten_and_lets_one_probe_through():
    watch = Watch()
    breaker = Breaker(watch)
    for _ in range(6):
        breaker.enter()
        breaker.succeeded()
    for _ in range(4):
        breaker.failed()
    assert breaker.state == "closed"
    breaker.failed()
    assert breaker.state == "open"
    with pytest.raises(ServiceUnavailable):
        breaker.enter()
    watch.now += 5
    breaker.enter()
    with pytest.raises(ServiceUnavailable):
        breaker.enter()
    breaker.failed()
    assert breaker.state == "open"
    watch.now += 5
    breaker.enter()
    breaker.succeeded()
    assert breaker.state == "closed"
    for _ in range(4):
        breaker.failed()
    assert breaker.state == "closed"


def test_a_probe_whose_client_left_gives_way_to_the_next():
    watch = Watch()
    breaker = Breaker(watch)
    for _ in range(5):
        breaker.failed()
    watch.now += 5
    breaker.enter()
    breaker.left()
    breaker.enter()


@pytest.mark.parametrize("kind", ["decision", "cosignature"])
def test_the_amount_of_a_decision_is_read(kind: str):
    body = json.dumps({"kind": kind, "amount": "46800.00"}).encode()
    assert amount_decided(body, STATED) == Decimal("46800.00")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'{"kind": "decision"}', b'{"kind": "opinion", "amount": "1.00"}',
        b'{"kind": "decision", "amount": 1.00}', b'{"kind": "decision", "amount": "1"}',
        b'{"kind": "decision", "amount": "-1.00"}', b'{"kind": "decision", "amount": "1e9"}', b"[" * 100_000,
        b'{"kind": ["decision"], "amount": "1.00"}', b"\xff\xfe", b'{"kind": "decision", "amount": {"value": "1.00"}}',
    ],
)  # fmt: skip
def test_what_is_no_stated_decision_is_left_to_the_service(body: bytes):
    assert amount_decided(body, STATED) is None


def test_a_pointer_reaches_into_the_body():
    deep = StatedAmount("#/items/0/a~1b", "advance")
    assert amount_decided(b'{"items": [{"a/b": "5.00"}]}', deep) == Decimal("5.00")


def test_the_widest_limit_of_the_kind_counts_and_zero_covers_nothing():
    limits = (("claim_payment", "liability", "100.00"), ("claim_payment", "accident", "50.00"))
    who = actor("claims_approver", "00.32.3201", limits=limits)
    assert not exceeds(who, "claim_payment", Decimal("100.00"))
    assert exceeds(who, "claim_payment", Decimal("100.01"))
    assert exceeds(who, "advance", Decimal("0.00"))
    unlimited = actor("claims_approver", "00", limits=(("claim_payment", "liability", None),))
    assert not exceeds(unlimited, "claim_payment", Decimal("9999999999.00"))


def refused(*fields: tuple[bytes, bytes], method: str = "POST") -> Problem | None:
    try:
        refuse_unclean(b"/v1/x", b"", [(b"host", b"localhost"), *fields], ["localhost"], method)
    except Problem as problem:
        return problem
    return None


@pytest.mark.parametrize(
    "field",
    [
        (b"content-length", b"5"), (b"content-length", b"0"), (b"transfer-encoding", b"chunked"),
        (b"connection", b"keep-alive"), (b"connection", b"Close"), (b"content-encoding", b"identity"),
        (b"x-user-id", b"1"),
    ],
)  # fmt: skip
def test_what_is_plain_passes_the_edge(field: tuple[bytes, bytes]):
    assert refused(field) is None


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ([(b"content-length", b"5"), (b"transfer-encoding", b"chunked")], "Transfer-Encoding"),
        ([(b"transfer-encoding", b"gzip, chunked")], "Transfer-Encoding"),
        ([(b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"chunked")], "Transfer-Encoding"),
        ([(b"content-length", b"5"), (b"content-length", b"5")], "Content-Length"),
        ([(b"content-length", b"+5")], "Content-Length"),
        ([(b"content-length", b"5, 5")], "Content-Length"),
        ([(b"connection", b"keep-alive, x-secret")], "Connection"),
        ([(b"connection", b"upgrade")], "Connection"),
        ([(b"host", b"other")], "Host"),
        ([(b"x_user_id", b"1")], "x_user_id"),
        ([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")], "Authorization"),
    ],
)
def test_what_is_not_plain_is_refused_by_its_name(fields: list[tuple[bytes, bytes]], named: str):
    problem = refused(*fields)
    assert isinstance(problem, MalformedRequest)
    assert [one.header for one in problem.faults] == [named]


@pytest.mark.parametrize("host", [b"", b"evil.example", b"localhost, evil", b"localhost@evil", b"localhost:80:80"])
def test_a_host_that_is_not_served_is_refused(host: bytes):
    with pytest.raises(MalformedRequest):
        refuse_unclean(b"/", b"", [(b"host", host)], ["localhost"], "GET")


def test_a_host_may_carry_a_port_and_match_a_pattern():
    refuse_unclean(b"/", b"", [(b"host", b"api.example.com:8443")], ["*.example.com"], "GET")


def test_a_body_on_a_read_a_coded_body_and_a_long_header_are_refused():
    assert isinstance(refused((b"content-length", b"1"), method="GET"), MalformedRequest)
    assert isinstance(refused((b"content-encoding", b"gzip")), UnsupportedMediaType)
    assert isinstance(refused(*((b"x-%d" % n, b"1") for n in range(100))), HeadersTooLarge)
    assert isinstance(refused((b"x", b"y" * 17_000)), HeadersTooLarge)


def test_only_named_fields_travel_and_only_named_fields_come_back():
    sent = [(b"accept", b"a"), (b"cookie", b"c"), (b"x-user-id", b"1"), (b"authorization", b"Bearer outside")]
    found = onward(sent, token="inside", request_id="r", traceparent="t")
    own = [(b"x-request-id", b"r"), (b"traceparent", b"t"), (b"authorization", b"Bearer inside")]
    assert found == [(b"accept", b"a"), *own]
    given = {b"etag": b'"7"', b"set-cookie": b"a=1", b"location": b"http://inside/x", b"connection": b"keep-alive"}
    assert back(list(given.items())) == [(b"etag", b'"7"')]
    assert back([(b"location", b"/v1/claims/7"), (b"location", b"//evil")]) == [(b"location", b"/v1/claims/7")]
