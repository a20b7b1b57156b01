"""Signing in, lock-out, refresh tokens, the password, and the appointment acted under."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.identity.tables import Account, RefreshToken, Session, SignInAttempt
from gateway.organisation.tables import Appointment
from gateway.seed import AdministratorExists, issue_first_admin_token
from shared.clock import process_now
from shared.kernel import kernel
from tests.support.gateway import PASSWORD, GatewayUnderTest, codes, running

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


async def test_a_refresh_token_is_replaced_at_each_use(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("surveyor", "320102")
    first = await gateway.client.post("/v1/session/refresh", json={"refresh_token": who.refresh_token})
    assert first.status_code == 200
    assert first.json()["refresh_token"] != who.refresh_token
    second = await gateway.client.post("/v1/session/refresh", json={"refresh_token": first.json()["refresh_token"]})
    assert (await gateway.get(second.json()["access_token"], "/v1/me")).status_code == 200
    assert who.refresh_token not in str(await gateway.rows(RefreshToken.__table__))


async def test_using_a_refresh_token_twice_ends_all_tokens_of_that_sign_in_alone(gateway: GatewayUnderTest) -> None:
    who, other = await gateway.enter("surveyor", "320102"), await gateway.enter("surveyor", "320102")
    new = (await gateway.client.post("/v1/session/refresh", json={"refresh_token": who.refresh_token})).json()
    assert (await gateway.get(new["access_token"], "/v1/me")).status_code == 200
    stolen = await gateway.client.post("/v1/session/refresh", json={"refresh_token": who.refresh_token})
    assert (stolen.status_code, stolen.json()["code"]) == (401, "token_invalid")
    for token in (who.access_token, new["access_token"]):
        assert (await gateway.get(token, "/v1/me")).status_code == 401
    again = await gateway.client.post("/v1/session/refresh", json={"refresh_token": new["refresh_token"]})
    assert again.status_code == 401
    assert (await gateway.get(other, "/v1/me")).status_code == 200
    assert await _audited(gateway, "refresh") == ["refused"]


async def test_two_uses_at_once_give_one_pair_at_most_and_end_the_sign_in(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("surveyor", "320102")
    body = {"refresh_token": who.refresh_token}
    answers = await asyncio.gather(*(gateway.client.post("/v1/session/refresh", json=body) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 401, 401, 401]
    assert [one["end_reason"] for one in await gateway.rows(Session.__table__)] == ["refresh_reused"]


async def test_a_refresh_token_ends_after_eight_hours_and_signing_out_ends_it_at_once(
    gateway: GatewayUnderTest,
) -> None:
    who = await gateway.enter("surveyor", "320102")
    session = (await gateway.rows(Session.__table__))[0]
    assert session["expires_at"] - session["started_at"] == timedelta(hours=8)
    await _change(gateway, Session, {"expires_at": process_now()})
    assert (
        await gateway.client.post("/v1/session/refresh", json={"refresh_token": who.refresh_token})
    ).status_code == 401
    leaving = await gateway.enter("surveyor", "320102")
    assert (await gateway.call(leaving, "DELETE", "/v1/session")).status_code == 204
    assert (await gateway.get(leaving, "/v1/me")).status_code == 401
    body = {"refresh_token": leaving.refresh_token}
    assert (await gateway.client.post("/v1/session/refresh", json=body)).status_code == 401


async def test_a_new_password_breaks_no_rule_and_ends_the_other_sign_ins(gateway: GatewayUnderTest) -> None:
    who, other = await gateway.enter_as("s0013"), await gateway.enter_as("s0013")
    weak = await gateway.call(
        who, "PUT", "/v1/session/password", {"current_password": PASSWORD, "new_password": "s0013"}
    )
    assert (weak.status_code, weak.json()["code"]) == (422, "password_unsuitable")
    assert codes(weak.json()["errors"]) == {"password_length", "password_classes", "password_contains_login"}
    same = {"current_password": PASSWORD, "new_password": PASSWORD}
    assert codes((await gateway.call(who, "PUT", "/v1/session/password", same)).json()["errors"]) == {
        "password_unchanged"
    }
    missing = await gateway.call(who, "PUT", "/v1/session/password", {"new_password": "Neues-Wort-77"})
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (422, "#/current_password")
    wrong = {"current_password": "wrong", "new_password": "Neues-Wort-77"}
    assert (await gateway.call(who, "PUT", "/v1/session/password", wrong)).json()["code"] == "sign_in_refused"
    done = await gateway.call(
        who, "PUT", "/v1/session/password", {"current_password": PASSWORD, "new_password": "Neues-Wort-77"}
    )
    assert done.status_code == 200
    for token in (who.access_token, other.access_token):
        assert (await gateway.get(token, "/v1/me")).status_code == 401
    assert (await gateway.get(done.json()["access_token"], "/v1/me")).status_code == 200
    assert (await gateway.sign_in("s0013")).status_code == 401


async def test_a_password_that_is_too_old_only_lets_in_to_set_a_new_one(gateway: GatewayUnderTest) -> None:
    await _change(gateway, Account, {"password_set_at": process_now() - timedelta(days=91)}, Account.login == "s0013")
    who = await gateway.enter_as("s0013")
    assert who.told["must_set_password"] is True
    assert (await gateway.get(who, "/v1/units")).status_code == 403


async def test_acting_under_another_appointment_voids_the_former_token(gateway: GatewayUnderTest) -> None:
    admin, who = await gateway.enter("security_admin", "32"), await gateway.enter("service_agent", "320102")
    person = await gateway.person(who.login.upper())
    body = {"position": "service_agent", "unit_code": "320205", "from": "2026-01-01"}
    given = await gateway.post(admin, f"/v1/people/{who.id}/appointments", body, version=person["version"])
    assert given.status_code == 201, given.text
    who = await gateway.enter_as(who.login)
    answer = await gateway.post(who, "/v1/session/appointment", {"appointment_id": given.json()["id"]})
    told = answer.json()
    assert (answer.status_code, set(told)) == (200, {"access_token", "expires_in", "appointment"})
    assert told["appointment"]["unit"]["path"] == "00.32.3202.320205"
    assert (await gateway.get(who, "/v1/me")).status_code == 401
    units = (await gateway.get(told["access_token"], "/v1/units")).json()["items"]
    assert [one["code"] for one in units] == ["320205"]


@pytest.mark.parametrize("member", ["appointment_id", "delegation_id"])
async def test_only_an_own_appointment_can_be_acted_under(gateway: GatewayUnderTest, member: str) -> None:
    who = await gateway.enter("service_agent", "320102")
    other = await gateway.rows(Appointment.__table__, Appointment.position == "auditor")
    answer = await gateway.post(who, "/v1/session/appointment", {member: str(other[0]["id"])})
    assert (answer.status_code, answer.json()["code"]) == (422, "reference_not_found")
    assert answer.json()["errors"][0]["pointer"] == f"#/{member}"
    neither = await gateway.post(who, "/v1/session/appointment", {})
    assert (neither.status_code, neither.json()["code"]) == (422, "validation_failed")


async def test_the_password_again_makes_a_token_that_says_so(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("surveyor", "320102")
    wrong = await gateway.post(who, "/v1/session/step-ups", {"password": "wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_refused")
    answer = await gateway.post(who, "/v1/session/step-ups", {"password": PASSWORD})
    assert (answer.status_code, set(answer.json())) == (200, {"access_token", "expires_in"})
    assert (await gateway.get(answer.json()["access_token"], "/v1/me")).status_code == 200
    assert await _audited(gateway, "step_up") == ["refused", "done"]


async def test_nobody_without_an_appointment_in_force_comes_in(gateway: GatewayUnderTest) -> None:
    person = await gateway.person("S0013")
    ended = {"to_on": process_now().date()}
    await _change(gateway, Appointment, ended, Appointment.person_id == person["id"])
    answer = await gateway.sign_in("s0013")
    assert (answer.status_code, answer.json()["code"]) == (403, "no_appointment")


async def test_the_first_administrator_comes_in_by_a_token_and_enters_the_next_person(
    database_urls: Any, clean_databases: Any, tmp_path: Any
) -> None:
    async with running(database_urls["gateway"], tmp_path, filled=False) as gateway:
        assert (await gateway.sign_in("a0001")).status_code == 401
        await issue_first_admin_token(gateway.db)
        token = await issue_first_admin_token(gateway.db)
        who = await gateway.enter_as("a0001", token)
        done = await gateway.call(who, "PUT", "/v1/session/password", {"new_password": "Neues-Wort-77"})
        access = done.json()["access_token"]
        person = (await gateway.post(access, "/v1/people", {"staff_no": "S0001", "name": "司徒海"})).json()
        body = {"position": "rules_manager", "unit_code": "00", "from": "2026-01-01"}
        path = f"/v1/people/{person['id']}"
        given = await gateway.post(access, f"{path}/appointments", body, version=person["version"])
        assert given.status_code == 201, given.text
        told = await gateway.post(access, f"{path}/unlock", {"reason": "neu", "one_time_token": True})
        assert (await gateway.sign_in("s0001", told.json()["one_time_token"])).status_code == 200
        with pytest.raises(AdministratorExists):
            await issue_first_admin_token(gateway.db)
