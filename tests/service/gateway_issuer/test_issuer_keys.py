"""The keys of an issuer outside: rotation, unknown ids, unfit keys, and an issuer that does not answer or lies."""

from __future__ import annotations

import asyncio
import time

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from gateway.identity.tables import SignInAttempt
from shared.clock import process_now
from tests.support.gateway import GatewayUnderTest
from tests.support.issuer import EMERGENCY, FIRST, TestIssuer, curve, ed25519, exchange

SECOND = curve("second")


def _wait_over(gateway: GatewayUnderTest) -> None:
    """As if the interval between two requests to the issuer had passed."""
    gateway.app.state.door.issuer._asked_at = time.monotonic() - 61


async def test_keys_rotate_and_a_key_withdrawn_is_void_once_they_were_read_again(
    gateway: GatewayUnderTest, issuer: TestIssuer
) -> None:
    assert (await exchange(gateway, issuer.id_token("S0013"))).status_code == 200
    issuer.keys.append(SECOND)
    _wait_over(gateway)
    assert (await exchange(gateway, issuer.id_token("S0013", key=SECOND, alg="ES256"))).status_code == 200
    assert issuer.asked["/keys"] == 2
    issuer.keys.remove(FIRST)
    gateway.app.state.door.issuer._read_at -= 4000
    _wait_over(gateway)
    assert (await exchange(gateway, issuer.id_token("S0013", key=SECOND, alg="ES256"))).status_code == 200
    answer = await exchange(gateway, issuer.id_token("S0013", key=FIRST))
    assert (answer.status_code, answer.json()["code"]) == (401, "id_token_invalid")


async def test_unknown_key_ids_cause_no_storm_of_requests(gateway: GatewayUnderTest, issuer: TestIssuer) -> None:
    door = gateway.app.state.door.issuer
    assert (await exchange(gateway, issuer.id_token("S0013"))).status_code == 200
    _wait_over(gateway)
    tokens = [issuer.id_token("S0013", header={"kid": f"unknown-{n}"}) for n in range(200)]
    answers = await asyncio.gather(*(door.vouched(one, None, process_now()) for one in tokens), return_exceptions=True)
    assert {type(one).__name__ for one in answers} == {"IdTokenInvalid"}
    assert issuer.asked["/keys"] == 2
    again = await asyncio.gather(*(door.vouched(one, None, process_now()) for one in tokens), return_exceptions=True)
    assert {type(one).__name__ for one in again} == {"IdTokenInvalid"}
    assert issuer.asked["/keys"] == 2
    assert (await exchange(gateway, issuer.id_token("S0013"))).status_code == 200


async def test_keys_that_are_not_understood_are_passed_over(gateway: GatewayUnderTest, issuer: TestIssuer) -> None:
    with pytest.warns(Warning, match="2048"):
        weak = RSAKey.generate_key(1024, parameters={"kid": "weak"})
    issuer.more_keys = [
        {"kty": "AKP", "alg": "ML-DSA-65", "pub": "AAAA", "kid": "new"}, {"kty": "oct", "k": "c2VjcmV0", "kid": "s"},
        weak.as_dict(private=False), FIRST.as_dict(private=False) | {"use": "enc", "kid": "enc"},
    ]  # fmt: skip
    assert (await exchange(gateway, issuer.id_token("S0013"))).status_code == 200
    for key in (weak, RSAKey.import_key(FIRST.as_dict(private=True) | {"kid": "enc", "use": "sig"})):
        answer = await exchange(gateway, issuer.id_token("S0013", key=key))
        assert (answer.status_code, answer.json()["code"]) == (401, "id_token_invalid")


async def test_an_issuer_that_does_not_answer_is_said_so_and_asked_once_per_interval(
    gateway: GatewayUnderTest, issuer: TestIssuer
) -> None:
    issuer.down = True
    for _ in range(8):
        answer = await exchange(gateway, issuer.id_token("S0013"))
        assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unavailable")
        assert answer.headers["retry-after"] == "10"
    assert sum(issuer.asked.values()) == 1
    assert await gateway.rows(SignInAttempt.__table__) == []
    emergency = await gateway.sign_in(EMERGENCY)
    assert emergency.status_code == 200
    issuer.down = False
    _wait_over(gateway)
    assert (await exchange(gateway, issuer.id_token("S0013"))).status_code == 200
    issuer.down = True
    gateway.app.state.door.issuer._read_at -= 4000
    _wait_over(gateway)
    assert (await exchange(gateway, issuer.id_token("S0013"))).status_code == 200
    gateway.app.state.door.issuer._read_at -= 24 * 3600
    _wait_over(gateway)
    assert (await exchange(gateway, issuer.id_token("S0013"))).status_code == 503


@pytest.mark.parametrize(
    "lie", [{"named": "https://other.example"}, {"keys_uri": "http://192.0.2.1/keys"}, {"filler": "x" * 300_000}]
)
async def test_a_discovery_document_that_is_not_the_issuers_or_too_large_is_not_believed(
    gateway: GatewayUnderTest, issuer: TestIssuer, lie: dict[str, str]
) -> None:
    for name, value in lie.items():
        setattr(issuer, name, value)
    answer = await exchange(gateway, issuer.id_token("S0013"))
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unavailable")


async def test_ed25519_and_a_set_with_one_key_without_id_are_understood(
    gateway: GatewayUnderTest, issuer: TestIssuer
) -> None:
    key = ed25519("ed")
    issuer.keys = [key]
    assert (await exchange(gateway, issuer.id_token("S0013", alg="Ed25519"))).status_code == 200
    named = issuer.id_token("S0001", alg="Ed25519")
    said = jwt.decode(named, key, algorithms=["Ed25519"]).claims
    nameless = jwt.encode({"alg": "Ed25519"}, said, key, algorithms=["Ed25519"])
    assert (await exchange(gateway, nameless)).status_code == 200
