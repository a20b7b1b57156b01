"""An appointment begins and ends on its day: judged anew at once, told to all once, also after a downtime."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.organisation.handlers import TURNS
from gateway.organisation.tables import Appointment
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.claim_life import MovedClock
from tests.support.gateway import GatewayUnderTest, SignedIn
from tests.support.unit_changes import on

OUTBOX = kernel.tables["outbox"]


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    return MovedClock(tmp_path / "clock")


async def _given(gateway: GatewayUnderTest, admin: SignedIn, staff_no: str, **body: Any) -> Any:
    person = await gateway.person(staff_no)
    body = {"position": "service_agent", "unit_code": "320104"} | body
    answer = await gateway.post(admin, f"/v1/people/{person['id']}/appointments", body, version=person["version"])
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _told(gateway: GatewayUnderTest, appointment_id: str) -> list[Any]:
    rows = await gateway.rows(OUTBOX, OUTBOX.c.record_id == appointment_id)
    return [one["event"]["data"] for one in sorted(rows, key=lambda one: one["record_version"])]


async def test_what_is_dated_ahead_is_told_when_given_and_once_on_each_of_its_days(
    gateway: GatewayUnderTest, clock: MovedClock
) -> None:
    admin = await gateway.enter("security_admin", "32")
    held = await _given(gateway, admin, "S0013", **{"from": on(5), "to": on(20)})
    assert len(await _told(gateway, held["id"])) == 1
    assert await run_once(gateway.db, TURNS) == 0
    epoch = (await gateway.person("S0013"))["auth_epoch"]
    clock.set(f"{on(5)}T00:05")
    await gateway.warm()
    done = await asyncio.gather(run_once(gateway.db, TURNS), run_once(gateway.db, TURNS))
    assert max(done) == 1
    assert len(await _told(gateway, held["id"])) == 2
    assert (await gateway.person("S0013"))["auth_epoch"] == epoch + 1
    clock.set(f"{on(40)}T00:05")
    assert await run_once(gateway.db, TURNS) == 1
    assert [one["to"] for one in await _told(gateway, held["id"])] == [held["to"]] * 3
    assert await run_once(gateway.db, TURNS) == 0


async def test_after_a_long_downtime_beginning_and_end_are_told_as_one(
    gateway: GatewayUnderTest, clock: MovedClock
) -> None:
    admin = await gateway.enter("security_admin", "32")
    held = await _given(gateway, admin, "S0013", **{"from": on(5), "to": on(20)})
    clock.set(f"{on(60)}T00:05")
    assert await run_once(gateway.db, TURNS) == 1
    assert len(await _told(gateway, held["id"])) == 2


async def test_an_appointment_ends_with_a_later_day_and_only_once(gateway: GatewayUnderTest, clock: MovedClock) -> None:
    admin = await gateway.enter("security_admin", "32")
    held = await _given(gateway, admin, "S0013", **{"from": on(0)})
    person = await gateway.person("S0013")
    path = f"/v1/people/{person['id']}/appointments/{held['id']}"
    past = await gateway.call(admin, "DELETE", f"{path}?effective_on={on(-1)}", version=person["version"])
    assert (past.status_code, past.json()["code"]) == (422, "effective_in_past")
    done = await gateway.call(admin, "DELETE", f"{path}?effective_on={on(8)}", version=person["version"])
    assert (done.status_code, done.json()["to"]) == (200, on(8))
    later = await gateway.call(admin, "DELETE", f"{path}?effective_on={on(9)}", version=person["version"] + 1)
    assert (later.status_code, later.json()["code"]) == (409, "appointment_ended")
    [row] = await gateway.rows(Appointment.__table__, Appointment.id == held["id"])
    assert str(row["turn_on"]) == on(8)
    clock.set(f"{on(8)}T00:01")
    assert await run_once(gateway.db, TURNS) == 1


async def test_whose_only_appointment_has_ended_by_its_day_is_out_with_the_next_request(
    gateway: GatewayUnderTest, clock: MovedClock
) -> None:
    admin = await gateway.enter("security_admin", "32")
    login = (await gateway.enter("service_agent", "320102")).login
    person = await gateway.person(login.upper())
    held = (await gateway.get(admin, f"/v1/people/{person['id']}")).json()
    for n, one in enumerate(held["appointments"]):
        path = f"/v1/people/{person['id']}/appointments/{one['id']}?effective_on={on(3)}"
        assert (await gateway.call(admin, "DELETE", path, version=held["version"] + n)).status_code == 200
    clock.set(f"{on(2)}T23:59")
    agent = await gateway.enter_as(login)
    assert (await gateway.get(agent, "/v1/me")).status_code == 200
    clock.set(f"{on(1)}T00:00")  # neither a tick nor the end of the token is waited for
    assert (await gateway.get(agent, "/v1/me")).status_code == 401
    assert (await gateway.sign_in(login)).status_code == 403


async def test_a_leaver_is_out_with_the_next_request_and_holds_nothing_planned(gateway: GatewayUnderTest) -> None:
    admin = await gateway.enter("security_admin", "32")
    agent = await gateway.enter("service_agent", "320102")
    staff_no = agent.login.upper()
    later = await _given(gateway, admin, staff_no, **{"from": on(30)})
    person = await gateway.person(staff_no)
    exit_ = await gateway.call(
        admin, "PATCH", f"/v1/people/{person['id']}", {"active": False}, version=person["version"]
    )  # fmt: skip
    assert (exit_.status_code, exit_.json()["active"]) == (200, False)
    assert (await gateway.get(agent, "/v1/me")).status_code == 401
    rows = await gateway.rows(Appointment.__table__, Appointment.person_id == person["id"])
    assert all(one["to_on"] is not None and one["turn_on"] is None for one in rows)
    [never] = [one for one in rows if str(one["id"]) == later["id"]]
    assert never["to_on"] == never["from_on"]
