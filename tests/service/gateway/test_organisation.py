"""The tree and its teams, each with its refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.organisation.tables import Team, UnitRow
from shared.kernel import kernel
from tests.support.gateway import GatewayUnderTest, SignedIn

OUTBOX, ENTRIES = kernel.tables["outbox"], kernel.tables["audit_entries"]
NEW_UNIT = {
    "code": "320199", "name": "江苏省南京市演示支公司", "level": "sub_branch", "parent_code": "3201",
    "area_codes": ["320199"], "opened_on": "2026-12-01",
}  # fmt: skip


async def _unit(gateway: GatewayUnderTest, who: SignedIn, code: str) -> Mapping[str, Any]:
    found = (await gateway.get(who, f"/v1/units?code={code}")).json()["items"]
    return found[0]


async def _entries(gateway: GatewayUnderTest, who: SignedIn) -> list[str]:
    """What the audit trail holds of the caller's writes."""
    mine = await gateway.rows(ENTRIES, ENTRIES.c.person_id == who.id, ENTRIES.c.action != "sign_in")
    return [one["outcome"] for one in mine]


async def _last_event(gateway: GatewayUnderTest, record_id: str) -> Mapping[str, Any]:
    found = await gateway.rows(OUTBOX, OUTBOX.c.record_id == record_id)
    return max(found, key=lambda row: row["record_version"])


async def test_a_unit_is_opened_below_its_parent_and_told_to_all(gateway: GatewayUnderTest) -> None:
    admin = await gateway.enter("security_admin", "32")
    answer = await gateway.post(admin, "/v1/units", NEW_UNIT)
    told = answer.json()
    assert answer.status_code == 201, answer.text
    assert (told["path"], told["org_path"], told["version"]) == ("00.32.3201.320199", "00.32.3201.320199", 1)
    assert answer.headers["location"] == f"/v1/units/{told['id']}"
    assert answer.headers["etag"] == '"1"'
    event = (await _last_event(gateway, told["id"]))["event"]
    assert event["type"] == "organisation.unit.changed"
    assert event["orgpath"] == told["path"]
    assert event["data"] == {
        "unit_code": "320199", "name": NEW_UNIT["name"], "level": "sub_branch", "kind": "standard",
        "parent_code": "3201", "path": told["path"], "effective_on": "2026-12-01", "area_codes": ["320199"],
        "teams": [],
    }  # fmt: skip
    assert await _entries(gateway, admin) == ["done"]
    history = (await gateway.get(admin, f"/v1/units/{told['id']}/history")).json()["items"]
    assert [one["action"] for one in history] == ["open"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"code": "320102"}, 409, "unit_code_taken"),
        ({"parent_code": "32"}, 422, "wrong_parent_level"),
        ({"parent_code": "320102"}, 422, "wrong_parent_level"),
        ({"parent_code": "3200"}, 422, "wrong_parent_level"),
        ({"level": "branch"}, 422, "wrong_parent_level"),
        ({"kind": "branch_local"}, 422, "wrong_parent_level"),
        ({"code": "3201"}, 422, "unit_cycle"),
        ({"code": "32"}, 422, "unit_cycle"),
        ({"level": "central_branch", "kind": "branch_local", "parent_code": "32"}, 409, "branch_local_exists"),
        ({"area_codes": ["320102"]}, 409, "area_taken"),
        ({"parent_code": "3399"}, 422, "reference_not_found"),
        ({"parent_code": "00", "level": "branch", "code": "88"}, 422, "reference_not_found"),
        ({"code": "x1"}, 422, "validation_failed"),
        ({"org_path": "00"}, 422, "unknown_property"),
    ],
)
async def test_a_unit_that_does_not_fit_is_refused_and_leaves_nothing(
    gateway: GatewayUnderTest, changes: dict[str, Any], status: int, code: str
) -> None:
    admin = await gateway.enter("security_admin", "32")
    before = len(await gateway.rows(OUTBOX))
    answer = await gateway.post(admin, "/v1/units", NEW_UNIT | changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert len(await gateway.rows(UnitRow.__table__)) == 120
    assert len(await gateway.rows(OUTBOX)) == before
    assert await _entries(gateway, admin) == (["refused"] if status == 409 else [])


async def test_two_units_that_want_the_same_area_at_once_do_not_both_get_it(gateway: GatewayUnderTest) -> None:
    admin = await gateway.enter("security_admin", "32")
    wanted = [NEW_UNIT | {"code": code} for code in ("320197", "320198", "320199")]
    await gateway.warm()
    answers = await asyncio.gather(*(gateway.post(admin, "/v1/units", body) for body in wanted))
    assert sorted(one.status_code for one in answers) == [201, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"area_taken"}


async def test_a_dry_run_of_a_unit_stores_and_tells_nothing(gateway: GatewayUnderTest) -> None:
    admin = await gateway.enter("security_admin", "32")
    answer = await gateway.post(admin, "/v1/units?dry_run=true", NEW_UNIT)
    assert (answer.status_code, "id" in answer.json(), answer.json()["path"]) == (200, False, "00.32.3201.320199")
    assert len(await gateway.rows(UnitRow.__table__)) == 120
    assert await _entries(gateway, admin) == []


async def test_a_unit_gets_another_name_and_other_areas_at_the_version_seen(gateway: GatewayUnderTest) -> None:
    admin = await gateway.enter("security_admin", "32")
    unit = await _unit(gateway, admin, "320102")
    path = f"/v1/units/{unit['id']}"
    missing = await gateway.call(admin, "PATCH", path, {"name": "新名"})
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_missing")
    stale = await gateway.call(admin, "PATCH", path, {"name": "新名"}, version=9)
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    taken = await gateway.call(admin, "PATCH", path, {"area_codes": ["320102", "320104"]}, version=1)
    assert (taken.status_code, taken.json()["code"]) == (409, "area_taken")
    assert (taken.json()["area_code"], taken.json()["unit_code"]) == ("320104", "320104")
    done = await gateway.call(admin, "PATCH", path, {"name": "新名", "area_codes": ["320102", "320198"]}, version=1)
    assert (done.status_code, done.json()["version"], done.json()["name"]) == (200, 2, "新名")
    event = (await _last_event(gateway, unit["id"]))["event"]
    assert (event["recordversion"], event["data"]["area_codes"]) == (2, ["320102", "320198"])
    assert {one["team_code"] for one in event["data"]["teams"]} >= {"320102-T01"}
    agent = await gateway.enter("service_agent", "320102")
    assert (await gateway.get(agent, "/v1/me")).json()["appointment"]["unit"]["name"] == "新名"


async def test_units_and_people_out_of_scope_do_not_exist(gateway: GatewayUnderTest) -> None:
    head, below = await gateway.enter("department_head", "32"), await gateway.enter("department_head", "3201")
    sibling = await _unit(gateway, head, "3202")
    hidden = await gateway.get(below, f"/v1/units/{sibling['id']}")
    unknown = await gateway.get(below, "/v1/units/01a1f749-e3df-7c02-8838-9e4119657450")
    strip = lambda answer: {k: v for k, v in answer.json().items() if k not in ("instance", "request_id")}  # noqa: E731
    assert hidden.status_code == unknown.status_code == 404
    assert strip(hidden) == strip(unknown)
    listed = (await gateway.get(below, "/v1/units?limit=200")).json()["items"]
    assert {one["path"][:10] for one in listed} == {"00.32.3201"}
    assert len(listed) == 12
    other = await gateway.person("S0013")
    assert (await gateway.get(below, f"/v1/people/{other['id']}")).status_code == 404
    people = (await gateway.get(below, "/v1/people?limit=200")).json()["items"]
    assert {one["org_path"][:10] for one in people} == {"00.32.3201"}
    teams = (await gateway.get(below, "/v1/teams?limit=200")).json()["items"]
    assert {one["org_path"][:10] for one in teams} == {"00.32.3201"}


async def test_writes_out_of_scope_are_not_found_and_audited_once(gateway: GatewayUnderTest) -> None:
    admin = await gateway.enter("security_admin", "32")
    outside = await gateway.person("S0001")
    body = {"position": "service_agent", "unit_code": "32", "from": "2026-01-01"}
    answer = await gateway.post(admin, f"/v1/people/{outside['id']}/appointments", body, version=1)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await _entries(gateway, admin) == ["refused"]


async def test_a_team_is_told_with_its_unit(gateway: GatewayUnderTest) -> None:
    head = await gateway.enter("department_head", "32")
    unit = await _unit(gateway, head, "320102")
    body = {"unit_code": "320102", "code": "320102-T09", "name": "展业九队", "from": "2026-12-01"}
    answer = await gateway.post(head, "/v1/teams", body)
    assert (answer.status_code, answer.json()["org_path"]) == (201, unit["path"])
    event = (await _last_event(gateway, unit["id"]))["event"]
    assert {"team_code": "320102-T09", "from": "2026-12-01"} in event["data"]["teams"]
    refusals = {
        "team_code_taken": body,
        "unit_does_not_sell": body | {"unit_code": "32", "code": "32-T01"},
        "reference_not_found": body | {"unit_code": "00", "code": "00-T01"},
        "period_reversed": body | {"code": "320102-T10", "to": "2026-12-01"},
    }
    for code, wrong in refusals.items():
        assert (await gateway.post(head, "/v1/teams", wrong)).json()["code"] == code
    assert len(await gateway.rows(Team.__table__, Team.unit_code == "320102")) == 3
