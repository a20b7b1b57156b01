"""Each request is judged by what holds now: appointments, epochs, other processes, the password; and tokens inwards."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey
from sqlalchemy import text, update

from gateway.identity.callers import Callers
from gateway.identity.statements import internal_token
from gateway.identity.tables import Session
from gateway.organisation.tables import Appointment, Person
from shared import clock
from shared.actor import ALGORITHM, machine, verify
from shared.clock import process_now
from shared.errors import TokenInvalid
from shared.kernel import kernel
from tests.support.gateway import PASSWORD, SIGNING, GatewayUnderTest
from tests.support.tokens import actor

KEYS = KeySet.import_key_set({"keys": [SIGNING.as_dict(private=False)]})


async def _appoint(gateway: GatewayUnderTest, admin: Any, person_id: str, **body: Any) -> dict[str, Any]:
    version = (await gateway.get(admin, f"/v1/people/{person_id}")).json()["version"]
    body = {"from": "2026-01-01"} | body
    answer = await gateway.post(admin, f"/v1/people/{person_id}/appointments", body, version=version)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.abuse("B22")
async def test_whoever_is_transferred_is_judged_by_the_new_unit_at_the_next_request(gateway: GatewayUnderTest) -> None:
    admin, who = await gateway.enter("security_admin", "32"), await gateway.enter("claims_approver", "3201")
    assert (await gateway.get(who, "/v1/me")).status_code == 200
    person = (await gateway.get(admin, f"/v1/people/{who.id}")).json()
    path = f"/v1/people/{who.id}/appointments/{person['appointments'][0]['id']}"
    ended = await gateway.call(admin, "DELETE", path, version=person["version"])
    assert ended.status_code == 200
    assert (await gateway.get(who, "/v1/me")).json()["code"] == "token_invalid"
    body = {"refresh_token": who.refresh_token}
    assert (await gateway.client.post("/v1/session/refresh", json=body)).status_code == 401
    await _appoint(gateway, admin, who.id, position="claims_approver", unit_code="320102")
    renewed = (await gateway.client.post("/v1/session/refresh", json=body)).json()
    told = (await gateway.get(renewed["access_token"], "/v1/me")).json()
    assert told["appointment"]["unit"]["path"] == "00.32.3201.320102"
    assert {"kind": "claim_payment", "line": "liability", "limit": "10000.00"} in told["limits"]


@pytest.mark.abuse("B22")
async def test_whoever_has_left_has_no_next_request(gateway: GatewayUnderTest) -> None:
    admin, who = await gateway.enter("security_admin", "32"), await gateway.enter("surveyor", "3201")
    assert (await gateway.get(who, "/v1/me")).status_code == 200
    version = (await gateway.get(admin, f"/v1/people/{who.id}")).json()["version"]
    left = await gateway.call(admin, "PATCH", f"/v1/people/{who.id}", {"active": False}, version=version)
    assert left.status_code == 200, left.text
    assert (await gateway.get(who, "/v1/me")).status_code == 401
    assert (await gateway.sign_in(who.login)).json()["code"] == "sign_in_refused"
    subjects = [one["subject"] for one in await _events(gateway, who.id)]
    assert subjects[-1] == "organisation.person.changed.v1"


async def _events(gateway: GatewayUnderTest, record_id: str) -> list[dict[str, Any]]:
    outbox = kernel.tables["outbox"]
    found = await gateway.rows(outbox, outbox.c.record_id == record_id)
    return sorted(found, key=lambda row: row["record_version"])


async def test_an_appointment_ends_with_its_last_day_without_any_request(
    gateway: GatewayUnderTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    who = await gateway.enter("surveyor", "3201")
    await _change(gateway, Appointment, {"to_on": (process_now() + timedelta(days=1)).date()}, who)
    gateway.app.state.callers.forget(None)
    assert (await gateway.get(who, "/v1/me")).status_code == 200
    moved = tmp_path / "clock"
    midnight = clock.at_midnight(clock.legal_day(process_now() + timedelta(days=1)))
    moved.write_text(str((midnight - process_now()).total_seconds() - 2), encoding="ascii")
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(moved))
    fresh = (await gateway.client.post("/v1/session", json={"login": who.login, "password": PASSWORD})).json()
    assert (await gateway.get(fresh["access_token"], "/v1/me")).status_code == 200
    moved.write_text(str(float(moved.read_text()) + 3), encoding="ascii")
    assert (await gateway.get(fresh["access_token"], "/v1/me")).json()["code"] == "token_invalid"


async def _change(gateway: GatewayUnderTest, table: Any, values: dict[str, Any], who: Any) -> None:
    async with gateway.db.transaction(machine("gateway")) as tx:
        await tx.execute(update(table).where(table.person_id == who.id).values(**values))


async def test_a_change_in_another_process_is_heard_of_and_does_not_wait_for_the_cache_to_expire(
    gateway: GatewayUnderTest,
) -> None:
    admin, who = await gateway.enter("security_admin", "32"), await gateway.enter("surveyor", "3201")
    state = gateway.app.state
    mine, other = state.callers, Callers(state.db, state.callers.keys, state.matrix, ttl=600)
    following = asyncio.create_task(other.follow())
    try:
        await _until(lambda: other.hearing)
        state.callers = other
        assert (await gateway.get(who, "/v1/me")).status_code == 200
        state.callers = mine
        version = (await gateway.get(admin, f"/v1/people/{who.id}")).json()["version"]
        await gateway.call(admin, "PATCH", f"/v1/people/{who.id}", {"active": False}, version=version)
        state.callers = other
        await _until(lambda: not other._known)
        assert (await gateway.get(who, "/v1/me")).status_code == 401
    finally:
        state.callers = mine
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _until(reached: Any) -> None:
    until = time.monotonic() + 5
    while not reached():
        assert time.monotonic() < until, "not reached"
        await asyncio.sleep(0.01)


async def test_while_nobody_listens_nothing_is_remembered(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("surveyor", "3201")
    callers = gateway.app.state.callers
    deaf = Callers(callers.db, callers.keys, callers.matrix, ttl=600)
    gateway.app.state.callers = deaf
    assert (await gateway.get(who, "/v1/me")).status_code == 200
    await _change(gateway, Session, {"ended_at": process_now()}, who)
    assert (await gateway.get(who, "/v1/me")).status_code == 401
    gateway.app.state.callers = callers


async def test_what_was_read_before_a_change_is_not_remembered_after_it(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("surveyor", "3201")
    callers = gateway.app.state.callers
    await _until(lambda: callers.hearing)
    callers.forget(None)
    async with gateway.db.connect() as blocking:
        await blocking.execute(text("lock table sessions in access exclusive mode"))
        reading = asyncio.create_task(gateway.get(who, "/v1/me"))
        for _ in range(200):
            waiting = await blocking.execute(text("select count(*) from pg_locks where not granted"))
            if waiting.scalar_one():
                break
            await asyncio.sleep(0.01)
        callers.forget(None)
        await blocking.rollback()
        assert (await reading).status_code == 200
    assert not callers._known
    assert (await gateway.get(who, "/v1/me")).status_code == 200
    assert callers._known


async def _aged(gateway: GatewayUnderTest, who: Any, seconds: int) -> str:
    """An access token of the same sign-in whose password was given so long ago."""
    await _change(gateway, Session, {"authenticated_at": process_now() - timedelta(seconds=seconds)}, who)
    body = {"refresh_token": who.refresh_token}
    return (await gateway.client.post("/v1/session/refresh", json=body)).json()["access_token"]


async def test_granting_authority_wants_the_password_of_the_last_five_minutes(gateway: GatewayUnderTest) -> None:
    admin = await gateway.enter("security_admin", "32")
    person = await gateway.person("S0013")
    old = await _aged(gateway, admin, 301)
    path = f"/v1/people/{person['id']}/appointments"
    body = {"position": "claims_approver", "unit_code": "3201", "from": "2026-01-01"}
    refused = await gateway.post(old, path, body, version=person["version"])
    assert (refused.status_code, refused.json()["code"]) == (401, "step_up_required")
    assert refused.json()["max_age"] == 300
    assert "insufficient_user_authentication" in refused.headers["www-authenticate"]
    entries = kernel.tables["audit_entries"]
    assert [one["outcome"] for one in await gateway.rows(entries, entries.c.action.like("POST %"))] == ["refused"]
    again = (await gateway.post(old, "/v1/session/step-ups", {"password": PASSWORD})).json()["access_token"]
    assert (await gateway.post(again, path, body, version=person["version"])).status_code == 201


async def test_whoever_may_not_at_all_is_told_so_and_not_asked_for_the_password(gateway: GatewayUnderTest) -> None:
    agent = await gateway.enter("service_agent", "32")
    old = await _aged(gateway, agent, 301)
    person = await gateway.person("S0013")
    answer = await gateway.post(old, f"/v1/people/{person['id']}/unlock", {"reason": "nein"})
    assert (answer.status_code, answer.json()["code"]) == (403, "action_not_permitted")


def _forged(key: OKPKey, kid: str | None = None, **claims: Any) -> str:
    now = int(process_now().timestamp())
    body = {"iss": "anlan-gateway", "aud": "anlan", "iat": now, "exp": now + 60, **claims}
    return jwt.encode({"alg": ALGORITHM, "kid": kid or key.kid}, body, key, algorithms=[ALGORITHM])


async def test_a_token_of_another_key_audience_or_issuer_or_one_that_expired_is_void(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("surveyor", "3201")
    said = jwt.decode(who.access_token, KEYS, algorithms=[ALGORITHM]).claims
    now = int(process_now().timestamp())
    stranger = OKPKey.generate_key("Ed25519", parameters={"kid": "gateway-test"})
    assert (await gateway.get(_forged(SIGNING, **said), "/v1/me")).status_code == 200
    forged = [
        _forged(stranger, **said),
        _forged(SIGNING, **{**said, "aud": "claims"}),
        _forged(SIGNING, **{**said, "iss": "somebody"}),
        _forged(SIGNING, **{**said, "exp": now - 10}),
        _forged(SIGNING, **{**said, "epoch": said["epoch"] + 1}),
        _forged(SIGNING, **{**said, "generation": 2}),
        _forged(SIGNING, **{name: value for name, value in said.items() if name != "sid"}),
        _forged(SIGNING, **{**said, "sub": str((await gateway.person("S0001"))["id"])}),
    ]
    for token in forged:
        assert (await gateway.get(token, "/v1/me")).json()["code"] == "token_invalid"


async def test_an_internal_token_opens_nothing_at_the_gateway(gateway: GatewayUnderTest) -> None:
    token = internal_token(actor("auditor", "00"), "claims", money=False, key=SIGNING)
    assert (await gateway.get(token, "/v1/units")).status_code == 401


async def test_an_access_token_lives_five_minutes(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("surveyor", "3201")
    said = jwt.decode(who.access_token, KEYS, algorithms=[ALGORITHM]).claims
    assert said["exp"] - said["iat"] == 300
    assert said["aud"] == "anlan"
    assert not {"permissions", "name", "staff_no", "limits"} & set(said)


def test_an_internal_token_carries_the_audience_s_own_permissions_and_what_is_asked_for() -> None:
    who = actor("claims_approver", "00.32", limits=[("claim_payment", "liability", "1000000.00")])
    plain = verify(internal_token(who, "claims", money=False, key=SIGNING), KEYS, "claims")
    assert plain.permissions == {one for one in who.permissions if one.startswith("claims.")}
    assert (plain.person_id, plain.scope, plain.limits, plain.table_version) == (
        who.person_id, who.scope, who.limits, who.table_version,
    )  # fmt: skip
    asked = internal_token(who, "claims", money=False, key=SIGNING, more=["organisation.work_item.read", "x.y.z"])
    assert verify(asked, KEYS, "claims").permissions == plain.permissions | {"organisation.work_item.read"}
    with pytest.raises(TokenInvalid):
        verify(asked, KEYS, "policy")


@pytest.mark.parametrize(("money", "seconds"), [(False, 60), (True, 5)])
def test_an_internal_token_lives_a_minute_and_with_money_five_seconds(money: bool, seconds: int) -> None:
    token = internal_token(actor("cashier", "00.32"), "claims", money=money, key=SIGNING)
    said = jwt.decode(token, KEYS, algorithms=[ALGORITHM]).claims
    assert said["exp"] - said["iat"] == seconds
    assert bool(said.get("money")) is money


async def test_what_the_caller_says_about_himself_in_headers_counts_for_nothing(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("surveyor", "320102")
    headers = {"X-User-Id": str((await gateway.person("S0001"))["id"]), "Forwarded": "for=10.0.0.1", "X-Org-Path": "00"}
    told = (await gateway.call(who, "GET", "/v1/me", headers=headers)).json()
    assert told["appointment"]["unit"]["path"] == "00.32.3201.320102"
    assert (await gateway.rows(Person.__table__, Person.staff_no == "S0001"))[0]["active"]
