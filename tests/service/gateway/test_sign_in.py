"""Signing in and lock-out, one-time tokens."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.identity.tables import SignInAttempt
from shared.clock import process_now
from shared.kernel import kernel
from tests.support.gateway import GatewayUnderTest, running

ENTRIES = kernel.tables["audit_entries"]


async def _audited(gateway: GatewayUnderTest, action: str) -> list[str]:
    return [one["outcome"] for one in await gateway.rows(ENTRIES, ENTRIES.c.action == action)]


async def test_whoever_signs_in_is_told_person_appointments_and_the_one_acted_under(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("underwriter", "3201")
    assert set(who.told) == {
        "access_token", "refresh_token", "expires_in", "person", "appointments", "appointment",
    }  # fmt: skip
    assert who.told["expires_in"] == 300
    unit = who.told["appointment"]["unit"]
    assert (unit["code"], unit["level"], unit["kind"], unit["path"]) == (
        "3201", "central_branch", "standard", "00.32.3201",
    )  # fmt: skip
    assert [one["id"] for one in who.told["appointments"]] == [who.told["appointment"]["id"]]
    assert await _audited(gateway, "sign_in") == ["done"]


async def test_me_tells_person_appointment_permissions_and_limits(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("underwriter", "3201")
    answer = await gateway.get(who, "/v1/me")
    told = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store")
    assert set(told) == {"person", "appointment", "permissions", "limits"}
    assert told["appointment"] == who.told["appointment"]
    assert told["person"] == who.told["person"]
    assert {"policy.application.opine", "policy.application.decide"} <= set(told["permissions"])
    assert "claims.approval.decide" not in told["permissions"]
    assert {"kind": "underwriting_limit", "line": "liability", "limit": "2000000.00"} in told["limits"]
    above = await gateway.enter("underwriter", "00")
    limits = (await gateway.get(above, "/v1/me")).json()["limits"]
    assert {"kind": "underwriting_limit", "line": "liability", "unlimited": True} in limits


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic x"}, {"Authorization": "Bearer x.y.z"}])
async def test_without_a_valid_token_there_is_no_answer(gateway: GatewayUnderTest, headers: dict[str, str]) -> None:
    answer = await gateway.call(None, "GET", "/v1/me", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_unknown_login_and_a_wrong_password_get_the_same_answer(gateway: GatewayUnderTest) -> None:
    wrong = await gateway.sign_in("s0001", "not the password")
    unknown = await gateway.sign_in("nobody", "not the password")
    strip = lambda answer: {k: v for k, v in answer.json().items() if k != "request_id"}  # noqa: E731
    assert wrong.status_code == unknown.status_code == 401
    assert strip(wrong) == strip(unknown)
    assert wrong.json()["code"] == "sign_in_refused"
    assert await _audited(gateway, "sign_in") == ["refused", "refused"]
    assert "not the password" not in str(await gateway.rows(ENTRIES))


async def test_five_failures_lock_the_login_and_an_unknown_login_locks_alike(gateway: GatewayUnderTest) -> None:
    for login in ("s0001", "nobody"):
        await _forget_source(gateway)
        for _ in range(5):
            assert (await gateway.sign_in(login, "wrong")).status_code == 401
        locked = await gateway.sign_in(login)
        assert (locked.status_code, locked.json()["code"]) == (429, "sign_in_locked")
        assert 800 < int(locked.headers["retry-after"]) <= 901


async def _forget_source(gateway: GatewayUnderTest) -> None:
    """As if the failures so far had come from elsewhere."""
    await _change(gateway, SignInAttempt, {"source": "198.51.100.9"})


async def _change(gateway: GatewayUnderTest, table: Any, values: dict[str, Any], *conditions: Any) -> None:
    from sqlalchemy import update

    from shared.actor import machine

    async with gateway.db.transaction(machine("gateway")) as tx:
        await tx.execute(update(table).where(*conditions).values(**values))


async def test_five_failures_lock_the_source_for_every_login(gateway: GatewayUnderTest) -> None:
    for number in range(5):
        await gateway.sign_in(f"guess{number}", "wrong")
    locked = await gateway.sign_in("s0001")
    assert (locked.status_code, locked.json()["code"]) == (429, "sign_in_locked")
    await _forget_source(gateway)
    assert (await gateway.sign_in("s0001")).status_code == 200


async def test_the_lock_ends_after_a_quarter_of_an_hour_and_a_success_forgets_failures(
    gateway: GatewayUnderTest,
) -> None:
    for _ in range(5):
        await gateway.sign_in("s0001", "wrong")
    assert (await gateway.sign_in("s0001")).status_code == 429
    await _change(gateway, SignInAttempt, {"at": SignInAttempt.at - timedelta(minutes=15)})
    assert (await gateway.sign_in("s0001")).status_code == 200
    assert await gateway.rows(SignInAttempt.__table__, SignInAttempt.failed) == []


async def test_guessing_at_once_gains_no_guesses(database_urls: Any, clean_databases: Any, tmp_path: Any) -> None:
    async with running(database_urls["gateway"], tmp_path, database_pool=14) as gateway:
        await gateway.warm(12)
        answers = await asyncio.gather(*(gateway.sign_in("s0001", f"guess {n}") for n in range(12)))
        assert {one.status_code for one in answers} == {401, 429}
        assert sum(1 for one in answers if one.status_code == 401) <= 5


async def test_the_source_is_the_peer_unless_a_trusted_proxy_names_another(gateway: GatewayUnderTest) -> None:
    forged = {"X-Forwarded-For": "203.0.113.7"}
    body = {"login": "s0001", "password": "wrong"}
    await gateway.client.post("/v1/session", json=body, headers=forged)
    assert {one["source"] for one in await gateway.rows(SignInAttempt.__table__)} == {"127.0.0.1"}


async def test_an_administrator_unlocks_and_it_is_audited(gateway: GatewayUnderTest) -> None:
    admin = await gateway.enter("security_admin", "32")
    locked = await gateway.person("S0013")
    for _ in range(5):
        await gateway.sign_in("s0013", "wrong")
    body = {"reason": "本人电话核实"}
    answer = await gateway.post(admin, f"/v1/people/{locked['id']}/unlock", body)
    assert answer.status_code == 201
    assert "one_time_token" not in answer.json()
    assert await _audited(gateway, "unlock") == ["done"]
    assert (await gateway.sign_in("s0013")).status_code == 200


async def test_a_one_time_token_replaces_the_password_once_and_then_one_has_to_be_set(
    gateway: GatewayUnderTest,
) -> None:
    admin, former = await gateway.enter("security_admin", "32"), await gateway.enter_as("s0013")
    path = f"/v1/people/{former.id}/unlock"
    told = (await gateway.post(admin, path, {"reason": "忘记密码", "one_time_token": True})).json()
    assert (await gateway.get(former, "/v1/me")).json()["code"] == "token_invalid"
    assert (await gateway.sign_in("s0013")).status_code == 401
    who = await gateway.enter_as("s0013", told["one_time_token"])
    assert who.told["must_set_password"] is True
    assert (await gateway.get(who, "/v1/me")).json()["permissions"] == [
        "organisation.me.read", "organisation.session.use",
    ]  # fmt: skip
    assert (await gateway.get(who, "/v1/units")).json()["code"] == "action_not_permitted"
    assert (await gateway.sign_in("s0013", told["one_time_token"])).status_code == 401
    answer = await gateway.call(who, "PUT", "/v1/session/password", {"new_password": "Neues-Wort-77"})
    assert answer.status_code == 200
    assert (await gateway.get(answer.json()["access_token"], "/v1/units")).status_code == 200
    assert (await gateway.sign_in("s0013", "Neues-Wort-77")).status_code == 200
    stored = str(await gateway.rows(kernel.tables["stored_answers"])) + str(await gateway.rows(ENTRIES))
    assert told["one_time_token"] not in stored


async def test_a_one_time_token_serves_a_quarter_of_an_hour(gateway: GatewayUnderTest) -> None:
    from gateway.identity.tables import OneTimeToken

    admin = await gateway.enter("security_admin", "32")
    person = await gateway.person("S0013")
    body = {"reason": "忘记密码", "one_time_token": True}
    told = (await gateway.post(admin, f"/v1/people/{person['id']}/unlock", body)).json()
    await _change(gateway, OneTimeToken, {"expires_at": process_now() - timedelta(seconds=1)})
    assert (await gateway.sign_in("s0013", told["one_time_token"])).status_code == 401


async def test_nobody_unlocks_himself_and_a_machine_has_no_password(gateway: GatewayUnderTest) -> None:
    admin = await gateway.enter("security_admin", "00")
    own = await gateway.post(admin, f"/v1/people/{admin.id}/unlock", {"reason": "selbst"})
    assert (own.status_code, own.json()["code"]) == (403, "separation_of_duties")
    core = await gateway.person("M0001")
    answer = await gateway.post(admin, f"/v1/people/{core['id']}/unlock", {"reason": "kein Mensch"})
    assert (answer.status_code, answer.json()["code"]) == (422, "machine_has_no_password")
    agent = await gateway.enter("service_agent", "32")
    refused = await gateway.post(agent, f"/v1/people/{core['id']}/unlock", {"reason": "nein"})
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
