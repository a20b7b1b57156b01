"""Officers by name: at least one full-time for each branch, deputies, and nobody who sells or adjusts."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import httpx

from shared.actor import machine
from shared.directory import directory_appointments
from tests.support.complaint_acts import today
from tests.support.complaint_world import (
    ABOVE,
    AGENT,
    DEPUTY,
    HEAD,
    OFFICER,
    SURVEYOR,
    act,
    appoint,
    assigned,
    registered,
)
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, person

PATH = "/v1/complaint-officers"


async def named(
    complaints: ServiceUnderTest, who: Any, duty: str = "full_time", by: Any = HEAD, **changes: Any
) -> httpx.Response:
    body = {"unit_code": "32", "staff_no": who.staff_no, "duty": duty, "from_on": today()} | changes
    return await complaints.post(by, PATH, body)


async def test_the_full_time_officer_comes_before_whoever_stands_in(complaints: ServiceUnderTest) -> None:
    assert (await named(complaints, DEPUTY)).status_code == 201
    assert (await named(complaints, OFFICER, "deputy")).status_code == 201
    for _ in range(3):
        told = await assigned(complaints)
        read = (await complaints.get(HEAD, f"/v1/complaints/{told['id']}")).json()
        assert read["officer"]["person_id"] == str(DEPUTY.person_id), "however much is open with him"
    about_him = await assigned(complaints, about={"staff_no": [DEPUTY.staff_no]})
    read = (await complaints.get(HEAD, f"/v1/complaints/{about_him['id']}")).json()
    assert read["officer"]["person_id"] == str(OFFICER.person_id), "the deputy takes what the other must stay out of"
    path = f"/v1/complaints/{about_him['id']}/officer-candidates"
    shown = {one["staff_no"]: one for one in (await complaints.get(HEAD, path)).json()["items"]}
    assert (shown[DEPUTY.staff_no]["duty"], shown[DEPUTY.staff_no]["reason"]) == ("full_time", "recused")
    assert (shown[OFFICER.staff_no]["duty"], shown[OFFICER.staff_no].get("reason")) == ("deputy", None)


async def test_whoever_sells_or_adjusts_is_no_officer(complaints: ServiceUnderTest) -> None:
    both = actor("complaint_officer", "00.32", name="adjusts")
    await appoint(complaints, both)
    beside = {
        "appointment_id": person("beside"), "person_id": both.person_id, "staff_no": both.staff_no,
        "position": "adjuster", "unit_code": "3201", "path": "00.32.3201", "from_on": date(2020, 1, 1), "to_on": None,
        "record_version": 1,
    }  # fmt: skip
    async with complaints.db.transaction(machine("complaints")) as tx:
        await tx.execute(directory_appointments.insert().values(**beside))
    refused = await named(complaints, both)
    assert (refused.status_code, refused.json()["code"]) == (422, "officer_sells_or_adjusts")
    told = await registered(complaints)
    told = await act(complaints, AGENT, told, "identity-checks", {"result": "confirmed"})
    path = f"/v1/complaints/{told['id']}/assignments"
    body = {"officer_person_id": str(both.person_id)}
    refused = await complaints.post(HEAD, path, body, version=told["version"])
    assert (refused.status_code, refused.json()["code"]) == (422, "officer_sells_or_adjusts")


async def test_what_a_naming_needs(complaints: ServiceUnderTest) -> None:
    for changes, status, code in (
        ({"unit_code": "3201"}, 422, "validation_failed"),
        ({"to_on": today()}, 422, "validation_failed"),
        ({"staff_no": SURVEYOR.staff_no}, 422, "officer_not_appointed"),
        ({"staff_no": "E-unknown"}, 422, "reference_not_found"),
        ({"unit_code": "00", "staff_no": ABOVE.staff_no}, 422, "reference_not_found"),
    ):
        refused = await named(complaints, OFFICER, **changes)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert (await named(complaints, OFFICER, by=OFFICER)).status_code == 403
    assert (await named(complaints, OFFICER)).status_code == 201
    again = await named(complaints, OFFICER, "deputy")
    assert (again.status_code, again.json()["code"]) == (409, "officer_named_already")


async def test_a_branch_is_never_without_a_full_time_officer(complaints: ServiceUnderTest) -> None:
    first = (await named(complaints, OFFICER)).json()
    ending = {"to_on": today(30), "reason": "调任"}
    path = f"{PATH}/{first['id']}/endings"
    refused = await complaints.post(HEAD, path, ending, version=first["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "last_full_time_officer")
    past = await complaints.post(HEAD, path, ending | {"to_on": today(-1)}, version=first["version"])
    assert (past.status_code, past.json()["errors"][0]["code"]) == (422, "end_in_past")
    assert (await named(complaints, DEPUTY, from_on=today(30))).status_code == 201
    ended = await complaints.post(HEAD, path, ending, version=first["version"])
    assert (ended.status_code, ended.json()["to_on"]) == (201, today(30)), ended.text
    read = (await complaints.get(HEAD, f"{PATH}/{first['id']}")).json()
    assert [one["action"] for one in read["available_actions"] if one["allowed"]] == ["end"]
    history = (await complaints.get(HEAD, f"{PATH}/{first['id']}/history")).json()["items"]
    assert [one["action"] for one in history] == ["name", "end"]
    listed = (await complaints.get(HEAD, PATH)).json()["items"]
    assert [one["staff_no"] for one in listed] == [DEPUTY.staff_no, OFFICER.staff_no]
    elsewhere = actor("department_head", "00.33", name="head-33")
    assert (await complaints.get(elsewhere, f"{PATH}/{first['id']}")).status_code == 404


async def test_a_time_in_office_ends_once(complaints: ServiceUnderTest) -> None:
    await named(complaints, OFFICER)
    second = (await named(complaints, DEPUTY)).json()
    path = f"{PATH}/{second['id']}/endings"
    ended = await complaints.post(HEAD, path, {"to_on": today(), "reason": "调任"}, version=second["version"])
    assert ended.status_code == 201, ended.text
    again = await complaints.post(HEAD, path, {"to_on": today(1), "reason": "调任"}, version=ended.json()["version"])
    assert (again.status_code, again.json()["code"]) == (409, "officer_term_over")


async def test_two_full_time_officers_do_not_both_leave_at_once(complaints: ServiceUnderTest) -> None:
    both = [(await named(complaints, one)).json() for one in (OFFICER, DEPUTY)]
    ending = {"to_on": today(10), "reason": "调任"}
    answers = await asyncio.gather(
        *(complaints.post(HEAD, f"{PATH}/{one['id']}/endings", ending, version=1) for one in both)
    )
    assert sorted(one.status_code for one in answers) == [201, 409]


async def test_a_complaint_changes_hands_with_a_reason_and_both_names(complaints: ServiceUnderTest) -> None:
    told = await assigned(complaints)
    first = (await complaints.get(HEAD, f"/v1/complaints/{told['id']}")).json()["officer"]["person_id"]
    path, body = f"/v1/complaints/{told['id']}/assignments", {"officer_person_id": str(ABOVE.person_id)}
    refused = await complaints.post(HEAD, path, body, version=told["version"])
    assert (refused.status_code, refused.json()["code"]) == (422, "reason_required")
    told = await act(complaints, HEAD, told, "assignments", body | {"reason": "休假"})
    facts = (await complaints.get(HEAD, f"/v1/complaints/{told['id']}")).json()["facts"]
    assert [one["told"].get("before", {}).get("person_id") for one in facts if one["kind"] == "assign"] == [None, first]
    assert facts[-1]["told"]["reason"] == "休假"
