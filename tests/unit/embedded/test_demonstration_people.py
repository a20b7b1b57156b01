"""The staff of the demonstration: who is where, and that nobody holds what excludes each other."""

from __future__ import annotations

from itertools import combinations

import pytest

from embedded.demonstration.network import province_codes, story_units, units
from embedded.demonstration.people import people, sales_agent_of, staff_by

SUB = {"sales_agent", "service_agent", "document_custodian", "surveyor", "adjuster", "claims_approver", "archivist"}
CENTRAL = SUB | {"underwriter", "cashier", "risk_engineer", "account_manager", "department_head"}
BRANCH = (CENTRAL - {"sales_agent"}) | {
    "complaint_officer",
    "rules_manager",
    "auditor",
    "security_admin",
    "core_system",
}
HEAD_OFFICE = {
    "service_agent",
    "underwriter",
    "claims_approver",
    "complaint_officer",
    "department_head",
    "rules_manager",
    "auditor",
    "security_admin",
    "system_admin",
    "core_system",
}
KNOWN_AT = {"sub_branch": SUB, "central_branch": CENTRAL, "branch": BRANCH, "head_office": HEAD_OFFICE}

BUSINESS = CENTRAL | {"complaint_officer", "rules_manager"}
FORBIDDEN = (
    {frozenset(("claims_approver", other)) for other in ("surveyor", "adjuster", "cashier", "archivist")}
    | {
        frozenset(pair)
        for pair in (
            ("adjuster", "cashier"),
            ("underwriter", "sales_agent"),
            ("sales_agent", "complaint_officer"),
            ("account_manager", "complaint_officer"),
            ("document_custodian", "cashier"),
            ("document_custodian", "claims_approver"),
            ("security_admin", "auditor"),
            ("system_admin", "auditor"),
            ("system_admin", "security_admin"),
            ("adjuster", "complaint_officer"),
        )
    }
    | {frozenset((admin, position)) for admin in ("security_admin", "system_admin") for position in BUSINESS}
)


def held(unit_code):
    return {
        appointment["position"]
        for person in people()
        for appointment in person["appointments"]
        if appointment["unit_code"] == unit_code
    }


def test_head_office_and_branch_have_every_position_of_their_level():
    assert held("00") == HEAD_OFFICE
    assert held("32") == BRANCH


@pytest.mark.parametrize("unit_code", ["3200", "3201", "3202"])
def test_story_central_branches_and_the_branchs_own_unit_are_fully_staffed(unit_code):
    assert held(unit_code) == CENTRAL


@pytest.mark.parametrize("unit_code", ["320102", "320104", "320205"])
def test_story_sub_branches_are_fully_staffed(unit_code):
    assert held(unit_code) == SUB


def test_every_other_unit_can_take_in_survey_calculate_and_give_its_step():
    story = story_units()
    for unit in units():
        if unit["level"] == "sub_branch" and unit["code"] not in story.sub_branches:
            wanted = {"service_agent", "claims_approver", "surveyor", "adjuster", "sales_agent"}
            assert held(unit["code"]) == wanted
        if unit["level"] == "central_branch":
            assert {"claims_approver", "underwriter", "cashier", "risk_engineer"} <= held(unit["code"])


def test_every_position_is_one_its_level_knows():
    levels = {unit["code"]: unit["level"] for unit in units()}
    for person in people():
        for appointment in person["appointments"]:
            assert appointment["position"] in KNOWN_AT[levels[appointment["unit_code"]]]


def test_nobody_holds_two_positions_that_exclude_each_other():
    for person in people():
        positions = {appointment["position"] for appointment in person["appointments"]}
        assert positions
        assert not {frozenset(pair) for pair in combinations(positions, 2)} & FORBIDDEN


def test_the_branch_has_two_approvers_and_publishing_has_two_persons():
    assert len(staff_by("claims_approver", "32")) == 2
    assert len(staff_by("rules_manager", "00")) == 2


def test_the_branch_has_a_full_time_complaint_officer_and_a_deputy():
    assert [officer["duty"] for officer in staff_by("complaint_officer", "32")] == ["full_time", "deputy"]
    assert {person["duty"] for person in people() if person["kind"] == "machine"} == {None}


def test_staff_numbers_logins_and_names_are_unique():
    staff = people()
    assert [person["staff_no"] for person in staff[:2]] == ["S0001", "S0002"]
    for key in ("staff_no", "login", "name"):
        assert len({person[key] for person in staff}) == len(staff), key
    assert all(person["login"] == person["staff_no"].lower() for person in staff)


def test_the_core_system_is_a_machine_and_nobody_else_is():
    for person in people():
        core = person["appointments"][0]["position"] == "core_system"
        assert (person["kind"] == "machine") == core


def test_look_up_by_post_gives_copies_and_nothing_for_an_empty_post():
    (surveyor,) = staff_by("surveyor", "320102")
    surveyor["appointments"].clear()
    assert staff_by("surveyor", "320102")[0]["appointments"]
    assert staff_by("cashier", "320102") == []
    assert sales_agent_of("320102") == staff_by("sales_agent", "320102")[0]["staff_no"]


def test_the_same_people_come_out_each_time_in_any_province():
    assert people() == people()
    for province in province_codes():
        staff = people(province)
        assert len({person["staff_no"] for person in staff}) == len(staff)
        codes = {unit["code"] for unit in units([province])}
        assert {appointment["unit_code"] for person in staff for appointment in person["appointments"]} == codes
