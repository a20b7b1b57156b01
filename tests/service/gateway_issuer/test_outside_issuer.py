"""People whom an issuer outside vouches for: the exchange, and every token that is refused."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import ValidationError
from sqlalchemy import update

from gateway.identity.tables import Session, SignInAttempt
from gateway.organisation.tables import Person
from shared.actor import machine
from shared.clock import process_now
from shared.kernel import kernel
from tests.support import engines
from tests.support.gateway import GatewayUnderTest, running, settings_of
from tests.support.issuer import CLIENT, EMERGENCY, FIRST, TestIssuer, exchange, rsa

ENTRIES = kernel.tables["audit_entries"]


async def _refused(gateway: GatewayUnderTest, answer: httpx.Response, code: str = "id_token_invalid") -> None:
    assert (answer.status_code, answer.json()["code"]) == (401, code), answer.text
    assert await gateway.rows(Session.__table__) == []


async def test_an_id_token_is_exchanged_for_a_sign_in_of_the_person_with_that_staff_number(
    gateway: GatewayUnderTest, issuer: TestIssuer
) -> None:
    answer = await exchange(gateway, issuer.id_token("S0013"))
    assert answer.status_code == 200, answer.text
    person = await gateway.person("S0013")
    told = (await gateway.get(answer.json()["access_token"], "/v1/me")).json()
    assert told["person"]["id"] == str(person["id"])
    assert issuer.asked == {"/.well-known/openid-configuration": 1, "/keys": 1}
    assert (await exchange(gateway, issuer.id_token("S0001"))).status_code == 200
    assert issuer.asked["/keys"] == 1
    done = await gateway.rows(ENTRIES, ENTRIES.c.action == "sign_in")
    assert [one["outcome"] for one in done] == ["done", "done"]
    refreshed = await gateway.client.post("/v1/session/refresh", json={"refresh_token": answer.json()["refresh_token"]})
    assert refreshed.status_code == 200


async def test_an_id_token_is_used_once_also_at_the_same_moment(gateway: GatewayUnderTest, issuer: TestIssuer) -> None:
    token = issuer.id_token("S0013")
    answers = await asyncio.gather(*(exchange(gateway, token) for _ in range(4)))
    assert sum(one.status_code == 200 for one in answers) == 1
    assert {one.status_code for one in answers} <= {200, 401, 429}
    assert (await exchange(gateway, token)).status_code in (401, 429)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://issuer.example"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"aud": [CLIENT, "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"iat": int(process_now().timestamp()) - 3600, "exp": int(process_now().timestamp()) + 3600},
        {"sub": None},
        {"staff_no": None},
        {"staff_no": 13},
        {"nonce": "n-1"},
        {"key": rsa("first")},
        {"key": RSAKey.generate_key(2048, parameters={"kid": "stranger"})},
        {"key": RSAKey.generate_key(2048, parameters={"kid": "first"}), "alg": "RS384"},
        {"alg": "RS256", "header": {"kid": "never-heard-of"}},
    ],
)
async def test_every_other_token_gets_the_same_refusal(
    gateway: GatewayUnderTest, issuer: TestIssuer, changes: dict[str, Any]
) -> None:
    await _refused(gateway, await exchange(gateway, issuer.id_token("S0013", **changes)))
    assert issuer.asked["/keys"] <= 1


async def test_no_shared_secret_and_no_missing_signature_passes_whatever_the_header_says(
    gateway: GatewayUnderTest, issuer: TestIssuer
) -> None:
    header, claims, signature = issuer.id_token("S0013").split(".")
    pem = FIRST.as_pem(private=False)
    by_public_key = _part({"alg": "HS256", "kid": "first"}) + "." + claims
    mac = hmac.new(pem, by_public_key.encode(), hashlib.sha256).digest()
    forged = [
        f"{by_public_key}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}",
        f"{_part({'alg': 'none'})}.{claims}.",
        f"{_part({'alg': 'RS256', 'kid': 5})}.{claims}.{signature}",
        f"{_part({'alg': 'RS256', 'kid': None, 'crit': ['x']})}.{claims}.{signature}",
        f"{_part(['RS256'])}.{claims}.{signature}",
        f"{header}.{claims}.{'A' * 40}",
        "x" * 40,
    ]
    for token in forged:
        await _unlock(gateway)
        await _refused(gateway, await exchange(gateway, token))


def _part(told: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


async def _unlock(gateway: GatewayUnderTest) -> None:
    """As if the failures so far had come from elsewhere."""
    async with gateway.db.transaction(machine("gateway")) as tx:
        await tx.execute(update(SignInAttempt).values(source="198.51.100.9"))


async def test_the_nonce_that_was_asked_with_comes_back(gateway: GatewayUnderTest, issuer: TestIssuer) -> None:
    await _refused(gateway, await exchange(gateway, issuer.id_token("S0013", nonce="n-1"), nonce="n-2"))
    await _refused(gateway, await exchange(gateway, issuer.id_token("S0013"), nonce="n-2"))
    assert (await exchange(gateway, issuer.id_token("S0013", nonce="n-2"), nonce="n-2")).status_code == 200


async def test_beside_an_issuer_only_the_emergency_accounts_have_a_password(
    gateway: GatewayUnderTest, issuer: TestIssuer
) -> None:
    person = await gateway.person("S0013")
    refused = await gateway.sign_in("s0013")
    assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_refused")
    assert (await gateway.sign_in(EMERGENCY)).status_code == 200
    assert person["active"]


async def test_a_locked_account_is_locked_here_too_and_bad_tokens_lock_their_source(
    gateway: GatewayUnderTest, issuer: TestIssuer
) -> None:
    for _ in range(5):
        assert (await gateway.sign_in(EMERGENCY, "wrong")).status_code == 401
    await _unlock(gateway)
    staff_no = EMERGENCY.upper()
    locked = await exchange(gateway, issuer.id_token(staff_no))
    assert (locked.status_code, locked.json()["code"]) == (429, "sign_in_locked")
    assert (await exchange(gateway, issuer.id_token("S0013"))).status_code == 200
    for _ in range(5):
        assert (await exchange(gateway, issuer.id_token("S0013", aud="x"))).status_code == 401
    assert (await exchange(gateway, issuer.id_token("S0013"))).json()["code"] == "sign_in_locked"
    assert (await gateway.sign_in(EMERGENCY)).json()["code"] == "sign_in_locked"


async def test_whoever_is_unknown_or_has_left_is_not_let_in(gateway: GatewayUnderTest, issuer: TestIssuer) -> None:
    async with gateway.db.transaction(machine("gateway")) as tx:
        await tx.execute(update(Person).where(Person.staff_no == "S0013").values(active=False))
    for staff_no in ("S0013", "S9999", "M0001"):
        answer = await exchange(gateway, issuer.id_token(staff_no))
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")
    refused = await gateway.rows(ENTRIES, ENTRIES.c.outcome == "refused")
    assert str((await gateway.person("S0013"))["id"]) in {str(one["object_id"]) for one in refused}


async def test_the_issuer_says_that_somebody_has_proven_himself_anew(
    gateway: GatewayUnderTest, issuer: TestIssuer
) -> None:
    now = int(process_now().timestamp())
    first = (await exchange(gateway, issuer.id_token("S0013", auth_time=now - 900))).json()["access_token"]
    silent = (await exchange(gateway, issuer.id_token("S0013", auth_time=None))).json()["access_token"]
    for token, told in ((first, {"auth_time": now - 900}), (silent, {"auth_time": None})):
        body = {"id_token": issuer.id_token("S0013", **told)}
        answer = await gateway.post(token, "/v1/session/step-ups", body)
        assert (answer.status_code, answer.json()["code"]) == (401, "step_up_required")
    other = await gateway.post(first, "/v1/session/step-ups", {"id_token": issuer.id_token("S0001")})
    assert (other.status_code, other.json()["code"]) == (401, "id_token_invalid")
    proven = await gateway.post(first, "/v1/session/step-ups", {"id_token": issuer.id_token("S0013")})
    assert proven.status_code == 200, proven.text
    said = jwt.decode(proven.json()["access_token"], gateway.app.state.signing_key, algorithms=["Ed25519"]).claims
    assert now - 2 <= said["auth_time"] <= now + 60


@pytest.mark.parametrize("body", [{}, {"login": "s0001"}, {"password": "x"}, {"login": "s0001", "id_token": "x" * 40}])
async def test_a_sign_in_gives_one_proof(gateway: GatewayUnderTest, body: dict[str, str]) -> None:
    answer = await gateway.client.post("/v1/session", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


def test_an_issuer_needs_https_and_its_client(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://x@localhost/x"
    for told in (
        {"oidc_issuer": "http://issuer.example", "oidc_client": "x"},
        {"oidc_issuer": "https://issuer.example"},
    ):
        with pytest.raises(ValidationError, match="issuer"):
            settings_of(url, tmp_path, **told)
    with pytest.raises(ValidationError):
        settings_of(url, tmp_path, oidc_algorithms=["HS256"])
    assert settings_of(url, tmp_path, oidc_issuer="https://issuer.example", oidc_client="x").oidc_client == "x"


async def test_without_an_issuer_an_id_token_is_of_no_use(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> None:
    async with running(database_urls["gateway"], tmp_path) as plain:
        answer = await exchange(plain, "x" * 40)
        assert (answer.status_code, answer.json()["code"]) == (422, "no_issuer")
