"""The customers of the demonstration: binding shape, valid identifiers, the unit of their county."""

from __future__ import annotations

from datetime import date

import pytest

from embedded.demonstration import identifiers
from embedded.demonstration.customers import customers
from embedded.demonstration.names import organisation_name, person_name
from embedded.demonstration.network import sub_branch_codes, teams
from embedded.demonstration.people import staff_by

KEYS = {
    "core_no",
    "core_version",
    "kind",
    "name",
    "id_type",
    "id_no",
    "phone",
    "email",
    "address",
    "area_code",
    "unit_code",
    "team_code",
    "manager_staff_no",
    "preferred_channel",
    "contacts",
    "merged_into_core_no",
}
CHANNELS = {
    "phone",
    "letter",
    "visit",
    "web",
    "email",
    "app",
    "core_system",
    "regulator_transfer",
    "return_visit",
    "social",
}
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.fixture(scope="module")
def found():
    return customers(2000)


def valid_resident_id(id_no: str) -> bool:
    # ISO 7064 MOD 11-2: the sum over all 18 places, weights 2^(17 - place), leaves 1.
    digits = [10 if sign == "X" else int(sign) for sign in id_no]
    date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14]))
    return len(id_no) == 18 and sum(digit << (17 - place) for place, digit in enumerate(digits)) % 11 == 1


def valid_uscc(code: str) -> bool:
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1)
    total = sum(ALPHABET.index(sign) * weight for sign, weight in zip(code, weights, strict=True))
    return total % 31 == 0


def test_check_characters_agree_with_the_samples_of_the_standards():
    assert identifiers.resident_id("110105", date(1949, 12, 31), 2) == "11010519491231002X"
    assert identifiers.uscc_check("91350100M000100Y4") == "3"
    assert identifiers.organisation_code_check("D2143569") == "X"


def test_bodies_have_exactly_the_keys_of_the_core_systems_put(found):
    for customer in found:
        assert set(customer) == KEYS
        assert customer["kind"] in {"person", "organisation"}
        assert customer["preferred_channel"] in CHANNELS
        assert all(set(contact) == {"name", "role", "phone"} for contact in customer["contacts"])


def test_every_identifier_is_valid_and_of_the_customers_county(found):
    for customer in found:
        id_no, area = customer["id_no"], customer["area_code"]
        if customer["kind"] == "person":
            assert customer["id_type"] == "resident_id"
            assert valid_resident_id(id_no)
            assert id_no[:6] == area
        else:
            assert customer["id_type"] == "uscc"
            assert valid_uscc(id_no)
            assert id_no[2:8] == area


def test_identifiers_names_numbers_and_telephones_are_unique(found):
    for key in ("core_no", "id_no", "name", "phone"):
        assert len({customer[key] for customer in found}) == 2000, key


def test_everything_is_visibly_invented(found):
    for customer in found:
        assert customer["phone"].startswith("1380000")
        assert customer["email"].endswith("@example.com")
        if customer["kind"] == "organisation":
            assert customer["name"].endswith("（演示）")
            assert customer["id_no"][8:10] == "XX"
        else:
            assert customer["id_no"][14:16] == "98"


def test_unit_team_and_manager_follow_the_county(found):
    by_code = {team["code"]: team["unit_code"] for team in teams()}
    subs = set(sub_branch_codes())
    for customer in found:
        unit = customer["unit_code"]
        assert unit == customer["area_code"]
        assert unit in subs
        assert by_code[customer["team_code"]] == unit
        assert customer["manager_staff_no"] in {agent["staff_no"] for agent in staff_by("sales_agent", unit)}


def test_every_team_of_a_story_unit_has_customers(found):
    with_customers = {customer["team_code"] for customer in found}
    assert {"320102-T01", "320102-T02", "320205-T01", "320205-T02"} <= with_customers


def test_a_longer_list_begins_with_the_shorter_one(found):
    assert customers(50) == found[:50]
    assert customers(2) == found[:2]
    assert customers(0) == []


def test_another_seed_gives_other_customers_but_the_same_story(found):
    other = customers(200, seed=7)
    assert other[5:] != found[5:200]
    assert [customer["name"] for customer in other[:5]] == [customer["name"] for customer in found[:5]]


def test_another_province_has_its_own_customers():
    subs = set(sub_branch_codes("11"))
    assert {customer["unit_code"] for customer in customers(100, province_code="11")} <= subs


def test_names_do_not_return_before_their_grid_is_exhausted():
    assert len({person_name(number) for number in range(36_000)}) == 36_000
    assert person_name(36_000) == person_name(0)
    assert len({organisation_name(number, "", "") for number in range(9_000)}) == 9_000
