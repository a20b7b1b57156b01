"""Desks: every unit says who takes enquiries and when."""

from __future__ import annotations

import pytest

from tests.support.enquiry_world import AGENT, BRANCH_AGENT, HEAD, HOURS, OTHER, SIBLING, EnquiryWorld
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor


@pytest.fixture
def world(crm: ServiceUnderTest) -> EnquiryWorld:
    return EnquiryWorld(crm)


async def test_a_desk_is_staffed_and_staffed_anew_at_the_version_seen(world: EnquiryWorld) -> None:
    await world.appoint(AGENT, OTHER)
    first = await world.staff(AGENT, OTHER)
    assert (first.status_code, first.headers["etag"]) == (200, '"1"'), first.text
    assert [one["staff_no"] for one in first.json()["people"]] == [AGENT.staff_no, OTHER.staff_no]
    body = {"people": [{"staff_no": OTHER.staff_no, "full_time": False}], "hours": HOURS, "phone": "02512345678"}
    path = "/v1/desks/320102"
    assert (await world.service.call(HEAD, "PUT", path, body)).json()["code"] == "if_match_missing"
    assert (await world.service.call(HEAD, "PUT", path, body, version=7)).json()["code"] == "version_stale"
    again = await world.service.call(HEAD, "PUT", path, body, version=1)
    assert (again.status_code, again.json()["version"], len(again.json()["people"])) == (200, 2, 1)
    assert len(await world.rows("desk_people")) == 1
    listed = (await world.service.get(AGENT, "/v1/desks")).json()["items"]
    assert [(one["unit_code"], one["people"][0]["full_time"]) for one in listed] == [("320102", False)]


async def test_a_unit_without_anybody_has_no_desk(world: EnquiryWorld) -> None:
    await world.appoint(AGENT, SIBLING)
    nobody = await world.service.call(HEAD, "PUT", "/v1/desks/320102", {"people": [], "hours": HOURS})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "desk_without_people")
    twice = await world.staff(AGENT, AGENT)
    assert twice.json()["code"] == "person_listed_twice"
    wrong = await world.staff(AGENT, hours=[["12:00", "08:00"]])
    assert wrong.json()["code"] == "hours_invalid"
    elsewhere = {"people": [{"staff_no": SIBLING.staff_no, "full_time": True}], "hours": HOURS}
    answer = await world.service.call(HEAD, "PUT", "/v1/desks/320102", elsewhere)
    assert answer.json()["code"] == "not_in_position"
    unknown = {"people": [{"staff_no": "T-0", "full_time": True}], "hours": HOURS}
    answer = await world.service.call(HEAD, "PUT", "/v1/desks/320102", unknown)
    assert answer.json()["code"] == "reference_not_found"
    assert await world.rows("desks") == []


async def test_a_head_staffs_only_what_is_below_him_and_an_agent_nothing(world: EnquiryWorld) -> None:
    await world.appoint(AGENT, BRANCH_AGENT)
    foreign = actor("department_head", "00.32.3202")
    assert (await world.staff(AGENT, head=foreign)).status_code == 404
    assert (await world.staff(BRANCH_AGENT)).status_code == 404
    assert (await world.staff(AGENT, head=AGENT)).json()["code"] == "action_not_permitted"
