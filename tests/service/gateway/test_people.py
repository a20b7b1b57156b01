"""People, what they hold and declare, and the directory, each with its refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.organisation.tables import Appointment, Person
from shared.kernel import kernel
from shared.masking import keyed_digest
from tests.support.gateway import GatewayUnderTest, SignedIn

OUTBOX, ENTRIES = kernel.tables["outbox"], kernel.tables["audit_entries"]


async def _last_event(gateway: GatewayUnderTest, record_id: str) -> Mapping[str, Any]:
    found = await gateway.rows(OUTBOX, OUTBOX.c.record_id == record_id)
    return max(found, key=lambda row: row["record_version"])


async def test_a_person_is_entered_once_under_a_staff_number_and_told_without_a_name(gateway: GatewayUnderTest) -> None:
    admin = await gateway.enter("security_admin", "32")
    body = {"staff_no": "S9001", "name": "司徒海"}
    answer = await gateway.post(admin, "/v1/people", body)
    assert (answer.status_code, answer.json()["org_path"], answer.json()["active"]) == (201, "00.32", True)
    event = await _last_event(gateway, answer.json()["id"])
    assert event["event"]["data"] == {
        "person_id": answer.json()["id"], "staff_no": "S9001", "active": True, "digests": [],
    }  # fmt: skip
    assert "司徒海" not in str(await gateway.rows(OUTBOX)) + str(await gateway.rows(ENTRIES))
    twice = await gateway.post(admin, "/v1/people", body)
    assert (twice.status_code, twice.json()["code"]) == (409, "staff_no_taken")
    elsewhere = await gateway.post(admin, "/v1/people", {"staff_no": "S0001", "name": "某人"})
    assert elsewhere.json()["code"] == "staff_no_taken"


@pytest.fixture
async def newcomer(gateway: GatewayUnderTest) -> tuple[SignedIn, str]:
    """A security administrator of the branch, and somebody who holds nothing yet."""
    admin = await gateway.enter("security_admin", "32")
    told = (await gateway.post(admin, "/v1/people", {"staff_no": "S9001", "name": "司徒海"})).json()
    return admin, told["id"]


async def _appoint(gateway: GatewayUnderTest, admin: SignedIn, person_id: str, **body: Any) -> Any:
    version = (await gateway.get(admin, f"/v1/people/{person_id}")).json()["version"]
    body = {"position": "surveyor", "unit_code": "3201", "from": "2026-01-01"} | body
    return await gateway.post(admin, f"/v1/people/{person_id}/appointments", body, version=version)


async def test_the_first_appointment_gives_a_person_its_home_and_is_told_to_all(
    gateway: GatewayUnderTest, newcomer: tuple[SignedIn, str]
) -> None:
    admin, person_id = newcomer
    answer = await _appoint(gateway, admin, person_id, to="2027-01-01")
    told = answer.json()
    assert answer.status_code == 201
    assert told["person"] == {"id": person_id, "version": 2}
    assert answer.headers["etag"] == '"2"'
    event = (await _last_event(gateway, told["id"]))["event"]
    assert event["data"] == {
        "appointment_id": told["id"], "person_id": person_id, "staff_no": "S9001", "position": "surveyor",
        "unit_code": "3201", "path": "00.32.3201", "from": "2026-01-01", "to": "2027-01-01",
    }  # fmt: skip
    person = (await gateway.get(admin, f"/v1/people/{person_id}")).json()
    assert person["org_path"] == "00.32.3201"
    assert [one["id"] for one in person["appointments"]] == [told["id"]]
    assert {one["action"]: one["allowed"] for one in person["available_actions"]} == {
        "change": True, "appoint": True, "unlock": True, "declare": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"position": "complaint_officer"}, 422, "position_not_at_level"),
        ({"position": "ceo"}, 422, "position_not_at_level"),
        ({"position": "core_system", "unit_code": "32"}, 422, "position_not_for_kind"),
        ({"to": "2026-01-01"}, 422, "period_reversed"),
        ({"unit_code": "00"}, 422, "reference_not_found"),
        ({"position": "surveyor"}, 409, "already_appointed"),
        ({"position": "claims_approver", "unit_code": "3202"}, 409, "incompatible_positions"),
        ({"position": "security_admin", "unit_code": "32"}, 409, "incompatible_positions"),
    ],
)
async def test_a_position_that_cannot_be_held_is_refused(
    gateway: GatewayUnderTest, newcomer: tuple[SignedIn, str], body: dict[str, Any], status: int, code: str
) -> None:
    admin, person_id = newcomer
    assert (await _appoint(gateway, admin, person_id)).status_code == 201
    before = len(await gateway.rows(Appointment.__table__))
    answer = await _appoint(gateway, admin, person_id, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert len(await gateway.rows(Appointment.__table__)) == before
    person = await gateway.person("S9001")
    assert (person["version"], person["auth_epoch"]) == (2, 2)


async def test_positions_that_exclude_each_other_may_follow_one_another(
    gateway: GatewayUnderTest, newcomer: tuple[SignedIn, str]
) -> None:
    admin, person_id = newcomer
    assert (await _appoint(gateway, admin, person_id, to="2026-06-01")).status_code == 201
    later = {"position": "claims_approver", "from": "2026-06-01"}
    assert (await _appoint(gateway, admin, person_id, **later)).status_code == 201


async def test_two_grants_at_once_never_join_positions_that_exclude_each_other(
    gateway: GatewayUnderTest, newcomer: tuple[SignedIn, str]
) -> None:
    admin, person_id = newcomer
    path = f"/v1/people/{person_id}/appointments"
    await gateway.warm()
    for _ in range(3):
        person = await gateway.person("S9001")
        bodies = [
            {"position": position, "unit_code": "3201", "from": "2026-01-01"}
            for position in ("claims_approver", "surveyor", "adjuster", "cashier")
        ]
        answers = await asyncio.gather(*(gateway.post(admin, path, body, version=person["version"]) for body in bodies))
        assert sum(one.status_code == 201 for one in answers) <= 1
        assert {one.status_code for one in answers} <= {201, 409, 412}
    held = {one["position"] for one in await gateway.rows(Appointment.__table__, Appointment.person_id == person_id)}
    assert not {"claims_approver", "surveyor"} <= held
    assert not {"adjuster", "cashier"} <= held
    assert held


async def test_nobody_gives_or_takes_a_position_of_his_own(gateway: GatewayUnderTest) -> None:
    admin = await gateway.enter("security_admin", "32")
    person = (await gateway.get(admin, f"/v1/people/{admin.id}")).json()
    given = await _appoint(gateway, admin, admin.id, position="rules_manager", unit_code="32")
    assert (given.status_code, given.json()["code"]) == (403, "separation_of_duties")
    path = f"/v1/people/{admin.id}/appointments/{person['appointments'][0]['id']}"
    taken = await gateway.call(admin, "DELETE", path, version=person["version"])
    assert (taken.status_code, taken.json()["code"]) == (403, "separation_of_duties")
    refused = next(one for one in person["available_actions"] if one["action"] == "appoint")
    assert (refused["allowed"], refused["reason"]["code"]) == (False, "separation_of_duties")


async def test_an_appointment_ends_today_and_only_once(
    gateway: GatewayUnderTest, newcomer: tuple[SignedIn, str]
) -> None:
    admin, person_id = newcomer
    held = (await _appoint(gateway, admin, person_id)).json()
    path = f"/v1/people/{person_id}/appointments/{held['id']}"
    done = await gateway.call(admin, "DELETE", path, version=2)
    assert (done.status_code, done.json()["person"]["version"]) == (200, 3)
    assert (await _last_event(gateway, held["id"]))["event"]["data"]["to"] == done.json()["to"]
    again = await gateway.call(admin, "DELETE", path, version=3)
    assert (again.status_code, again.json()["code"]) == (409, "appointment_ended")
    other = (await gateway.rows(Appointment.__table__, Appointment.person_id == admin.id))[0]
    path = f"/v1/people/{person_id}/appointments/{other['id']}"
    assert (await gateway.call(admin, "DELETE", path, version=3)).status_code == 404


async def test_whoever_has_left_gets_no_position(gateway: GatewayUnderTest, newcomer: tuple[SignedIn, str]) -> None:
    admin, person_id = newcomer
    await _appoint(gateway, admin, person_id)
    left = await gateway.call(admin, "PATCH", f"/v1/people/{person_id}", {"active": False}, version=2)
    assert left.json()["active"] is False
    assert left.json()["appointments"][0]["to"]
    answer = await _appoint(gateway, admin, person_id, position="adjuster")
    assert (answer.status_code, answer.json()["code"]) == (409, "person_inactive")


async def test_declared_numbers_are_kept_and_told_as_keyed_digests_only(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("surveyor", "320102")
    body = {
        "self": {"id_no": "11010519491231002X", "phones": ["13800001234"]},
        "relatives": [{"accounts": ["6222 0212 3456"]}, {"phones": ["13900004321"]}],
    }
    answer = await gateway.call(who, "PUT", f"/v1/people/{who.id}/declarations", body)
    assert (answer.status_code, answer.json()["self"], answer.json()["relatives"]) == (200, 2, 2)
    digests = (await _last_event(gateway, who.id))["event"]["data"]["digests"]
    digest = keyed_digest(gateway.app.state.digest_key, "622202123456")
    assert {"kind": "account", "of": "relative", "digest": digest} in digests
    assert len(digests) == 4
    kept = (
        str(await gateway.rows(Person.__table__)) + str(await gateway.rows(ENTRIES)) + str(await gateway.rows(OUTBOX))
    )
    for number in ("11010519491231002X", "13800001234", "6222 0212 3456", "13900004321"):
        assert number not in kept
    less = await gateway.call(who, "PUT", f"/v1/people/{who.id}/declarations", {"relatives": []})
    assert (less.json()["self"], less.json()["relatives"]) == (0, 0)


async def test_only_the_person_or_the_security_administrator_declares(gateway: GatewayUnderTest) -> None:
    who, admin = await gateway.enter("department_head", "32"), await gateway.enter("security_admin", "32")
    other = await gateway.person("S0013")
    path = f"/v1/people/{other['id']}/declarations"
    refused = await gateway.call(who, "PUT", path, {"self": {"phones": ["13800001234"]}})
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
    assert (await gateway.call(admin, "PUT", path, {"self": {"phones": ["13800001234"]}})).status_code == 200


async def test_the_directory_names_people_anywhere_to_whoever_works_with_them(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("claims_approver", "320102")
    found = (await gateway.get(who, "/v1/directory?position=surveyor&unit_code=3202&org_scope=exact")).json()["items"]
    assert [(one["position"], one["unit"]["code"]) for one in found] == [("surveyor", "3202")]
    person = await gateway.person("S0001")
    told = (await gateway.get(who, f"/v1/directory?person_id={person['id']}")).json()["items"]
    assert told[0]["name"] == person["name"]
    assert told[0]["unit"]["code"] == "00"
    assert set(told[0]) == {"person_id", "staff_no", "name", "position", "unit"}
    system = await gateway.enter("system_admin", "00")
    assert (await gateway.get(system, "/v1/directory")).json()["code"] == "action_not_permitted"
    for asked in ("for=claims/1&duty=survey", "for=units/1&duty=survey", "for=claims/1", "duty=survey"):
        refused = await gateway.get(who, f"/v1/directory?{asked}")
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_parameter"), asked


async def test_the_directory_still_names_somebody_who_holds_nothing(
    gateway: GatewayUnderTest, newcomer: tuple[SignedIn, str]
) -> None:
    _, person_id = newcomer
    who = await gateway.enter("claims_approver", "320102")
    told = (await gateway.get(who, f"/v1/directory?person_id={person_id}")).json()["items"]
    assert told == [{"person_id": person_id, "staff_no": "S9001", "name": "司徒海"}]


@pytest.mark.parametrize("path", ["/v1/units", "/v1/teams", "/v1/people"])
async def test_only_the_positions_of_the_matrix_open_units_teams_and_people(
    gateway: GatewayUnderTest, path: str
) -> None:
    auditor = await gateway.enter("auditor", "32")
    answer = await gateway.post(auditor, path, {})
    assert (answer.status_code, answer.json()["code"]) in ((403, "action_not_permitted"), (422, "validation_failed"))
    assert answer.status_code == 403
