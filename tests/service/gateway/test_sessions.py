"""What a sign-in lives through: refresh tokens, the password, the appointment acted under, the first administrator."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.identity.tables import Account, RefreshToken, Session
from gateway.organisation.tables import Appointment
from gateway.seed import AdministratorExists, issue_first_admin_token
from shared.clock import process_now
from shared.kernel import kernel
from tests.support.gateway import PASSWORD, GatewayUnderTest, codes, running

ENTRIES = kernel.tables["audit_entries"]


async def _audited(gateway: GatewayUnderTest, action: str) -> list[str]:
    return [one["outcome"] for one in await gateway.rows(ENTRIES, ENTRIES.c.action == action)]


async def _change(gateway: GatewayUnderTest, table: Any, values: dict[str, Any], *conditions: Any) -> None:
    from sqlalchemy import update

    from shared.actor import machine

    async with gateway.db.transaction(machine("gateway")) as tx:
        await tx.execute(update(table).where(*conditions).values(**values))


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
