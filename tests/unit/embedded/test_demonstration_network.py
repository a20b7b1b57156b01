"""The shape of the demonstration network: counts, names, paths, areas, teams."""

from __future__ import annotations

from collections import Counter

import pytest

from embedded.demonstration.network import province_codes, story_units, sub_branch_codes, teams, units

PARENT_LEVEL = {
    ("branch", "standard"): "head_office",
    ("central_branch", "standard"): "branch",
    ("central_branch", "branch_local"): "branch",
    ("sub_branch", "standard"): "central_branch",
}
KEYS = {"code", "name", "level", "kind", "parent_code", "path", "area_codes"}


@pytest.fixture(scope="module")
def nation():
    return units(province_codes())


def test_the_nation_has_3383_units(nation):
    assert Counter((unit["level"], unit["kind"]) for unit in nation) == {
        ("head_office", "standard"): 1,
        ("branch", "standard"): 31,
        ("central_branch", "branch_local"): 31,
        ("central_branch", "standard"): 342,
        ("sub_branch", "standard"): 2978,
    }
    assert len(nation) == 3383


def test_codes_names_and_paths_are_unique_in_the_nation(nation):
    for key in ("code", "name", "path"):
        assert len({unit[key] for unit in nation}) == 3383, key


def test_every_unit_stands_under_a_parent_of_the_right_level_that_came_before_it(nation):
    seen: dict[str, dict] = {}
    for unit in nation:
        assert set(unit) == KEYS
        if unit["parent_code"] is None:
            assert (unit["code"], unit["path"], unit["level"]) == ("00", "00", "head_office")
        else:
            parent = seen[unit["parent_code"]]
            assert unit["path"] == f"{parent['path']}.{unit['code']}"
            assert parent["level"] == PARENT_LEVEL[unit["level"], unit["kind"]]
            assert parent["kind"] == "standard"
        seen[unit["code"]] = unit


def test_no_area_belongs_to_two_units_and_every_county_to_its_sub_branch(nation):
    areas = Counter(area for unit in nation for area in unit["area_codes"])
    assert set(areas.values()) == {1}
    counties = {unit["code"] for unit in nation if unit["level"] == "sub_branch"}
    assert all(unit["area_codes"] == [unit["code"]] for unit in nation if unit["level"] == "sub_branch")
    assert {area for area in areas if len(area) == 6} == counties


def test_a_branch_and_its_own_unit_have_no_area(nation):
    for unit in nation:
        if unit["level"] in {"head_office", "branch"} or unit["kind"] == "branch_local":
            assert unit["area_codes"] == []


@pytest.mark.parametrize(
    ("code", "name", "path"),
    [
        ("32", "江苏省分公司", "00.32"),
        ("3200", "江苏省分公司本部", "00.32.3200"),
        ("3201", "江苏省南京市中心支公司", "00.32.3201"),
        ("320102", "江苏省南京市玄武区支公司", "00.32.3201.320102"),
        ("5001", "重庆市5001中心支公司", "00.50.5001"),
        ("5002", "重庆市5002中心支公司", "00.50.5002"),
        ("110101", "北京市东城区支公司", "00.11.1101.110101"),
        ("4290", "湖北省4290中心支公司", "00.42.4290"),
        ("6590", "新疆维吾尔自治区6590中心支公司", "00.65.6590"),
    ],
)
def test_names_are_composed_of_province_city_and_county(nation, code, name, path):
    unit = next(unit for unit in nation if unit["code"] == code)
    assert (unit["name"], unit["path"]) == (name, path)


def test_one_province_is_the_head_office_and_that_branch_alone(nation):
    shown = units()
    assert shown == [unit for unit in nation if unit["path"] == "00" or unit["path"].startswith("00.32")]
    assert len(shown) == 1 + 1 + 1 + 13 + 104


def test_units_are_built_anew_so_that_a_caller_may_change_them():
    units()[5]["area_codes"].append("999999")
    assert "999999" not in {area for unit in units() for area in unit["area_codes"]}


def test_an_unknown_province_is_refused():
    with pytest.raises(KeyError):
        units(["99"])
    with pytest.raises(KeyError):
        story_units("99")
    with pytest.raises(KeyError):
        sub_branch_codes("99")


def test_story_units_exist_in_every_province_and_hang_together(nation):
    by_code = {unit["code"]: unit for unit in nation}
    for province in province_codes():
        story = story_units(province)
        assert by_code[story.branch_local]["kind"] == "branch_local"
        assert 1 <= len(story.central_branches) <= 2
        assert len(set(story.sub_branches)) == 3, province
        assert {by_code[sub]["parent_code"] for sub in story.sub_branches} == set(story.central_branches)


def test_the_story_of_jiangsu_plays_at_the_units_expected():
    assert story_units() == ("00", "32", "3200", ("3201", "3202"), ("320102", "320104", "320205"))


def test_every_operating_unit_has_a_team_and_no_code_is_used_twice(nation):
    found = teams(province_codes())
    operating = {unit["code"] for unit in nation if unit["level"] in {"central_branch", "sub_branch"}}
    assert {team["unit_code"] for team in found} == operating
    assert len({team["code"] for team in found}) == len(found)
    assert all(set(team) == {"unit_code", "code", "name", "from", "to"} for team in found)


def test_story_units_have_two_teams():
    count = Counter(team["unit_code"] for team in teams())
    assert {code for code, number in count.items() if number == 2} == {
        "3200", "3201", "3202", "320102", "320104", "320205",
    }  # fmt: skip
