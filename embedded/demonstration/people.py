"""The staff of the demonstration: who holds which position at which unit.

One person holds one position, so no forbidden pair can occur. The story units have every position their level knows,
the other central branches what a claim, a premium and an inspection need on their way up, every other sub-branch what
intake and the first approval step need. All persons are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from embedded.demonstration.divisions import cities
from embedded.demonstration.names import person_name
from embedded.demonstration.network import DEFAULT_PROVINCE, HEAD_OFFICE, StoryUnits, story_units, sub_branch_codes

APPOINTED_FROM = "2024-01-01"
"""First day of every appointment of the demonstration."""

Person = dict[str, Any]
"""`{staff_no, login, name, kind, duty, appointments: [{position, unit_code, from, to}]}`.

`kind` is `person` or `machine` (a machine signs in by key, not by password). `duty` is `full_time` or `deputy` for the
complaint officers of the branch, otherwise `None`.
"""

# Two persons where one proposes and another publishes, or where the maker may not decide.
_HEAD_OFFICE = (
    "claims_approver",
    "claims_approver",
    "underwriter",
    "department_head",
    "rules_manager",
    "rules_manager",
    "auditor",
    "security_admin",
    "system_admin",
    "complaint_officer",
    "service_agent",
)
_BRANCH = (
    "department_head",
    "claims_approver",
    "claims_approver",
    "underwriter",
    "complaint_officer",
    "complaint_officer",
    "rules_manager",
    "rules_manager",
    "service_agent",
    "surveyor",
    "adjuster",
    "cashier",
    "archivist",
    "document_custodian",
    "risk_engineer",
    "account_manager",
    "auditor",
    "security_admin",
)
_CENTRAL_BRANCH = (
    "department_head",
    "claims_approver",
    "underwriter",
    "adjuster",
    "surveyor",
    "cashier",
    "archivist",
    "risk_engineer",
    "service_agent",
    "sales_agent",
    "account_manager",
    "document_custodian",
)
_SUB_BRANCH = (
    "sales_agent",
    "service_agent",
    "surveyor",
    "adjuster",
    "claims_approver",
    "document_custodian",
    "archivist",
)
_OTHER_CENTRAL_BRANCH = (
    "department_head",
    "claims_approver",
    "underwriter",
    "adjuster",
    "surveyor",
    "cashier",
    "risk_engineer",
    "service_agent",
)
# The sales agent is there because every customer and policy names one of its own unit.
_OTHER_SUB_BRANCH = ("sales_agent", "service_agent", "surveyor", "adjuster", "claims_approver")


def people(province_code: str = DEFAULT_PROVINCE) -> list[Person]:
    """Everyone of the head office and one province: first the story units, then the others in the order of codes.

    Staff numbers count from `S0001` in that order, machines from `M0001`; the login is the staff number in lower case.
    Raises `KeyError` for a province code that does not exist.
    """
    return deepcopy(list(_everyone(province_code)))


def staff_by(position: str, unit_code: str, province_code: str = DEFAULT_PROVINCE) -> list[Person]:
    """Who holds `position` at `unit_code`, in the order of staff numbers; empty where nobody does."""
    return deepcopy(list(_by_post(province_code).get((position, unit_code), ())))


def sales_agent_of(unit_code: str, province_code: str = DEFAULT_PROVINCE) -> str:
    """The staff number of a sub-branch's sales agent. Raises `KeyError` where the unit has none."""
    return _by_post(province_code)["sales_agent", unit_code][0]["staff_no"]


@cache
def _everyone(province_code: str) -> tuple[Person, ...]:
    posts = list(_posts(province_code))
    staff = [_person(number, position, unit) for number, (position, unit) in enumerate(posts, start=1)]
    _mark_complaint_officers(staff, story_units(province_code).branch)
    return (*staff, *_machines(province_code))


@cache
def _by_post(province_code: str) -> dict[tuple[str, str], list[Person]]:
    index: dict[tuple[str, str], list[Person]] = {}
    for person in _everyone(province_code):
        for appointment in person["appointments"]:
            index.setdefault((appointment["position"], appointment["unit_code"]), []).append(person)
    return index


def _posts(province_code: str) -> Iterator[tuple[str, str]]:
    story = story_units(province_code)
    for unit, positions in _stations(story, province_code):
        for position in positions:
            yield position, unit


def _stations(story: StoryUnits, province_code: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield story.head_office, _HEAD_OFFICE
    yield story.branch, _BRANCH
    for unit in (story.branch_local, *story.central_branches):
        yield unit, _CENTRAL_BRANCH
    for unit in story.sub_branches:
        yield unit, _SUB_BRANCH
    for city in cities(province_code):
        if city.code not in story.central_branches:
            yield city.code, _OTHER_CENTRAL_BRANCH
    for unit in sub_branch_codes(province_code):
        if unit not in story.sub_branches:
            yield unit, _OTHER_SUB_BRANCH


def _person(number: int, position: str, unit_code: str) -> Person:
    staff_no = f"S{number:04d}"
    return _record(staff_no, person_name(number), "person", position, unit_code)


def _machines(province_code: str) -> Iterator[Person]:
    named = ((HEAD_OFFICE, "总公司核心业务系统"), (province_code, "分公司核心业务系统"))
    for number, (unit_code, name) in enumerate(named, start=1):
        yield _record(f"M{number:04d}", name, "machine", "core_system", unit_code)


def _record(staff_no: str, name: str, kind: str, position: str, unit_code: str) -> Person:
    appointment = {"position": position, "unit_code": unit_code, "from": APPOINTED_FROM, "to": None}
    return {
        "staff_no": staff_no,
        "login": staff_no.lower(),
        "name": name,
        "kind": kind,
        "duty": None,
        "appointments": [appointment],
    }


def _mark_complaint_officers(staff: list[Person], branch: str) -> None:
    holds = {"position": "complaint_officer", "unit_code": branch}
    officers = [person for person in staff if holds.items() <= person["appointments"][0].items()]
    for person, duty in zip(officers, ("full_time", "deputy"), strict=True):
        person["duty"] = duty
