"""What a token for a service says is written once for a caller and never told of another one."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import KeySet, OKPKey

from gateway.identity import statements, tokens
from gateway.identity.statements import internal_token, reading_token
from shared.actor import Actor, Statements, claims_of, verify
from shared.authority import Limit
from shared.clock import process_now
from shared.errors import TokenInvalid

KEY = OKPKey.generate_key("Ed25519", parameters={"kid": "one", "alg": "Ed25519", "use": "sig"})
KEYS = KeySet([KEY])
LIMITS = (Limit("claim_payment", "liability", Decimal("1000.00")), Limit("advance", "liability", None))


def actor(**changes: Any) -> Actor:
    given: dict[str, Any] = {
        "person_id": uuid4(), "staff_no": "0000123", "appointment_id": uuid4(), "position": "service_agent",
        "unit_code": "3201", "level": "central_branch", "unit_kind": "standard", "scope": "00.32.3201",
        "permissions": frozenset({"claims.claim.read", "claims.intake.report", "crm.customer.read"}), "limits": LIMITS,
        "table_version": "2026-1", "request_id": uuid4(), "source": "10.0.0.1",
    }  # fmt: skip
    return Actor(**(given | changes))


def heard(who: Actor, audience: str = "claims", **how: Any) -> Actor:
    """The actor as the service reads him, with the permissions of that service alone."""
    return verify(internal_token(who, audience, money=how.pop("money", False), key=KEY, **how), KEYS, audience)


def of_claims(who: Actor) -> Actor:
    return replace(who, permissions=frozenset(one for one in who.permissions if one.startswith("claims.")))


def test_a_token_says_again_what_it_said_and_of_which_request():
    first = actor()
    for _ in range(3):
        asked = replace(first, request_id=uuid4(), source=f'1"0\\{uuid4()}')
        assert heard(asked) == of_claims(asked)
    assert heard(replace(first, source=None)).source is None


CHANGED: dict[str, Any] = {
    "person_id": uuid4(), "staff_no": '工号"7', "appointment_id": uuid4(), "position": "other", "unit_code": "3202",
    "level": "branch", "unit_kind": "branch_local", "scope": "00.32.3202", "permissions": frozenset({"claims.x.y"}),
    "limits": (Limit("claim_payment", "liability", Decimal("2.00")),), "on_behalf_of": uuid4(),
    "delegation_id": uuid4(), "acting_until": process_now() + timedelta(hours=2), "table_version": "2026-2",
    "request_id": uuid4(), "source": "10.0.0.2",
}  # fmt: skip


@pytest.mark.parametrize("name", [one.name for one in fields(Actor)])
def test_whatever_differs_between_two_callers_differs_in_their_tokens(name: str):
    first = actor(on_behalf_of=uuid4(), delegation_id=uuid4(), acting_until=process_now() + timedelta(hours=3))
    heard(first)
    other = replace(first, **{name: CHANGED[name]})
    assert heard(other) == of_claims(other)
    assert heard(first) == of_claims(first)


def test_the_audience_further_permissions_and_money_are_told_apart():
    who = actor()
    assert heard(who, "crm").permissions == {"crm.customer.read"}
    assert heard(who, "crm", more=("claims.claim.read",)).permissions == {"crm.customer.read", "claims.claim.read"}
    assert heard(who, "crm").permissions == {"crm.customer.read"}
    token = internal_token(who, "claims", money=True, key=KEY)
    payload = tokens.json.loads(tokens._padded(token.split(".")[1]))
    assert payload["money"] is True
    assert payload["exp"] - payload["iat"] == statements.MONEY_S
    plain = tokens.json.loads(tokens._padded(internal_token(who, "claims", money=False, key=KEY).split(".")[1]))
    assert "money" not in plain
    expected = claims_of(of_claims(who)) | {"iss": plain["iss"], "aud": "claims", "iat": plain["iat"]}
    assert plain == expected | {"exp": plain["iat"] + statements.INTERNAL_S}


def test_only_so_many_callers_are_remembered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(statements, "_MOST_STATED", 3)
    for _ in range(10):
        heard(actor())
    assert len(statements._statements) <= 3


def test_what_is_stated_for_reading_is_signed_once_a_second_and_says_whose_request_it_is():
    who, now, heard_by = actor(), process_now().replace(microsecond=0), Statements(KEYS, "claims")
    token = reading_token(who, "claims", key=KEY, now=now)
    assert reading_token(replace(who, request_id=uuid4()), "claims", key=KEY, now=now) is token
    assert reading_token(who, "claims", key=KEY, now=now + timedelta(seconds=1)) != token
    for _ in range(2):
        request = uuid4()
        assert heard_by.actor(token, request, reading=True) == replace(of_claims(who), request_id=request)


def test_what_is_stated_for_reading_opens_no_change():
    token = reading_token(actor(), "claims", key=KEY)
    statements = Statements(KEYS, "claims")
    statements.actor(token, uuid4(), reading=True)
    with pytest.raises(TokenInvalid):
        statements.actor(token, uuid4(), reading=False)
    with pytest.raises(TokenInvalid):
        Statements(KEYS, "crm").actor(token, uuid4(), reading=True)


@pytest.mark.parametrize("name", [one.name for one in fields(Actor) if one.name != "request_id"])
def test_whoever_differs_reads_under_another_statement(name: str):
    now = process_now().replace(microsecond=0)
    first = actor(on_behalf_of=uuid4(), delegation_id=uuid4(), acting_until=now + timedelta(hours=3))
    other, request, statements = replace(first, **{name: CHANGED[name]}), uuid4(), Statements(KEYS, "claims")
    for who in (first, other, first):
        token = reading_token(who, "claims", key=KEY, now=now)
        assert statements.actor(token, request, reading=True) == replace(of_claims(who), request_id=request)


def test_a_remembered_statement_ends_when_it_says(monkeypatch: pytest.MonkeyPatch):
    now = process_now()
    heard_by, token = Statements(KEYS, "claims"), reading_token(actor(), "claims", key=KEY, now=now)
    heard_by.actor(token, uuid4(), reading=True)
    monkeypatch.setattr("shared.actor.process_now", lambda: now + timedelta(seconds=statements.INTERNAL_S + 31))
    with pytest.raises(TokenInvalid):
        heard_by.actor(token, uuid4(), reading=True)


def test_the_statement_of_a_delegation_ends_with_it():
    now = process_now().replace(microsecond=0)
    who = actor(on_behalf_of=uuid4(), delegation_id=uuid4(), acting_until=now + timedelta(seconds=7))
    said = tokens.json.loads(tokens._padded(reading_token(who, "claims", key=KEY, now=now).split(".")[1]))
    assert said["exp"] == said["iat"] + 7
    assert "request_id" not in said
