"""Passwords that come back, and people who may not come in although their password is right."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import update

from gateway.identity.tables import FormerPassword, SignInAttempt
from gateway.organisation.tables import Appointment
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.kernel import kernel
from tests.support import engines
from tests.support.gateway import PASSWORD, GatewayUnderTest, codes, running

ENTRIES = kernel.tables["audit_entries"]
LOGIN = "s0013"


async def _set(gateway: GatewayUnderTest, current: str, new: str) -> Any:
    who = await gateway.enter_as(LOGIN, current)
    body = {"current_password": current, "new_password": new}
    return await gateway.call(who, "PUT", "/v1/session/password", body)


async def test_a_former_password_does_not_come_back_before_so_many_others(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> None:
    async with running(database_urls["gateway"], tmp_path, password_history=2) as gateway:
        words = [PASSWORD, "Neues-Wort-77", "Neues-Wort-88", "Neues-Wort-99"]
        for current, new in pairwise(words):
            assert (await _set(gateway, current, new)).status_code == 200
        for former in words[1:3]:
            answer = await _set(gateway, words[-1], former)
            assert (answer.status_code, codes(answer.json()["errors"])) == (422, {"password_reused"})
        assert (await _set(gateway, words[-1], PASSWORD)).status_code == 200
        kept = str(await gateway.rows(FormerPassword.__table__))
        assert not [one for one in words if one in kept]


async def test_the_way_over_a_one_time_token_brings_no_former_password_back(gateway: GatewayUnderTest) -> None:
    admin, person = await gateway.enter("security_admin", "32"), await gateway.person(LOGIN.upper())
    body = {"reason": "忘记密码", "one_time_token": True}
    given = (await gateway.post(admin, f"/v1/people/{person['id']}/unlock", body)).json()["one_time_token"]
    who = await gateway.enter_as(LOGIN, given)
    answer = await gateway.call(who, "PUT", "/v1/session/password", {"new_password": PASSWORD})
    assert (answer.status_code, codes(answer.json()["errors"])) == (422, {"password_reused"})
    done = await gateway.call(who, "PUT", "/v1/session/password", {"new_password": "Neues-Wort-77"})
    assert done.status_code == 200


async def test_where_none_is_remembered_any_other_password_will_do(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> None:
    async with running(database_urls["gateway"], tmp_path, password_history=0) as gateway:
        assert (await _set(gateway, PASSWORD, "Neues-Wort-77")).status_code == 200
        assert (await _set(gateway, "Neues-Wort-77", PASSWORD)).status_code == 200
        assert await gateway.rows(FormerPassword.__table__) == []


async def test_whoever_holds_nothing_today_is_told_so_is_no_failure_and_is_written_down(
    gateway: GatewayUnderTest,
) -> None:
    person = await gateway.person(LOGIN.upper())
    async with gateway.db.transaction(machine("gateway")) as tx:
        ended = update(Appointment).where(Appointment.person_id == person["id"])
        await tx.execute(ended.values(to_on=legal_day(process_now())))
    for _ in range(6):
        answer = await gateway.sign_in(LOGIN)
        assert (answer.status_code, answer.json()["code"]) == (403, "no_appointment")
    assert await gateway.rows(SignInAttempt.__table__) == []
    refused = await gateway.rows(ENTRIES, ENTRIES.c.outcome == "refused")
    assert {(one["action"], one["object_id"], one["org_path"]) for one in refused} == {
        ("sign_in", person["id"], person["org_path"])
    }  # fmt: skip
