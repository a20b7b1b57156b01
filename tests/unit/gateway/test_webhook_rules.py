"""Signatures, pauses and patterns of webhooks, without a network."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest

from gateway.feed.rules import may_read, outward
from gateway.webhooks import rules
from shared.errors import ValidationFailed

NOW = datetime.fromisoformat("2026-11-24T12:00:00+08:00")
KNOWN = ("claims.claim.reported", "claims.payment.ordered", "crm.customer.changed")


def test_the_published_example_of_the_standard_gets_its_published_signature():
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    given = rules.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert given == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert rules.signatures([secret, b"x" * 32], "a", 1, b"{}").count("v1,") == 2
    assert base64.b64decode(rules.shown_secret(secret).removeprefix("whsec_")) == secret


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_attempts_grow_apart_and_fill_most_of_a_day_without_passing_it(chance: float):
    now, pauses, attempts = NOW, [], 1
    while (again := rules.next_attempt(attempts, NOW, now, chance)) is not None:
        pauses.append(again - now)
        now, attempts = again, attempts + 1
    assert pauses == sorted(pauses)
    assert timedelta(hours=13) < now - NOW <= rules.GIVEN_UP_AFTER
    assert attempts >= 10


def test_only_a_target_that_took_nothing_all_day_is_down():
    assert rules.is_down(NOW, NOW)
    assert not rules.is_down(NOW + timedelta(hours=1), NOW)
    assert not rules.is_down(None, NOW)


def test_a_pattern_means_events_that_exist_and_that_its_owner_may_read():
    assert rules.types_of(["claims.*"], KNOWN) == set(KNOWN[:2])
    assert rules.types_of(["*"], KNOWN) == set(KNOWN)
    with pytest.raises(ValidationFailed):
        rules.types_of(["claim.*"], KNOWN)
    held = {"claims.payment.read"}
    rules.refuse_unreadable(["*", "claims.*", "claims.payment.*"], KNOWN, held)
    for refused in (["claims.claim.reported"], ["crm.*"], ["claims.payment.ordered", "crm.customer.changed"]):
        with pytest.raises(rules.EventsNotReadable):
            rules.refuse_unreadable(refused, KNOWN, held)
    assert rules.is_wanted("claims.payment.ordered", ["*"], held)
    assert not rules.is_wanted("claims.claim.reported", ["*"], held)
    assert not rules.is_wanted("claims.payment.ordered", ["crm.*"], held)


def test_who_issues_policies_hears_of_the_approval_without_reading_applications():
    assert may_read("policy.application.approved", {"policy.payment_order.read"})
    assert not may_read("policy.application.decided", {"policy.payment_order.read"})
    assert not may_read("policy.application.approved", set())


def test_the_schema_is_named_by_the_address_that_clients_know():
    event = {"id": "1", "dataschema": "/asyncapi.json#/x"}
    assert outward(event, "https://anlan.example.com/")["dataschema"] == "https://anlan.example.com/asyncapi.json#/x"
    assert event["dataschema"] == "/asyncapi.json#/x"
