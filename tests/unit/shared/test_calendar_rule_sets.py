from __future__ import annotations

from datetime import date

import pytest

from shared.deadline_registry import DeadlineRegistry, NoRowInForce
from tests.support.rule_sets import ROOT, read


def on(text: str) -> date:
    return date.fromisoformat(text)


def test_rows_of_one_id_that_overlap_are_refused():
    plain = {
        "id": "DL-X-1", "trigger": "x", "length": 1, "unit": "days", "basis": "b", "basis_zh": "b",
        "effective_from": "2020-01-01",
    }  # fmt: skip
    later = {**plain, "effective_from": "2021-01-01"}
    with pytest.raises(ValueError, match="overlap"):
        DeadlineRegistry.from_content({"rows": [plain, later]})
    with pytest.raises(ValueError, match="overlap"):
        DeadlineRegistry.from_content({"rows": [{**plain, "effective_to": "2021-01-01"}, later]})
    registry = DeadlineRegistry.from_content({"rows": [{**plain, "effective_to": "2020-12-31"}, later]})
    assert registry.row("DL-X-1", on("2020-12-31")).effective_from == on("2020-01-01")
    assert registry.row("DL-X-1", on("2021-01-01")).effective_from == on("2021-01-01")
    with pytest.raises(NoRowInForce):
        registry.row("DL-X-1", on("2019-12-31"))
    with pytest.raises(TypeError):
        DeadlineRegistry.from_content({"rows": [{**plain, "lenght": 3}]})


FILES = sorted(ROOT.glob("services/*/rule_sets/deadlines.*.toml"))


@pytest.mark.parametrize("path", [*FILES, *ROOT.glob("gateway/authority/rule_sets/calendars.*.toml")], ids=str)
def test_a_rule_set_file_names_version_day_source_and_tag(path):
    rule_set = read(path)
    assert set(rule_set) == {"name", "version", "effective_from", "source", "tag", "content"}
    assert path.name == f"{rule_set['name']}.{rule_set['version']}.toml"
    assert isinstance(rule_set["version"], str)
    assert type(rule_set["effective_from"]) is date
    assert rule_set["tag"] in {"V", "S", "M", "P"}


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_row_has_source_and_tag_and_the_file_carries_the_weakest_tag(path):
    rule_set = read(path)
    registry = DeadlineRegistry.from_content(rule_set["content"])
    assert all(one.source and one.tag in {"V", "S", "M", "P"} and one.basis_zh for one in registry.rows)
    assert max((one.tag for one in registry.rows), key="VSMP".index) == rule_set["tag"]
    assert min(one.effective_from for one in registry.rows) == rule_set["effective_from"]


def test_the_registry_of_all_services_is_complete():
    ids = {one.id for path in FILES for one in DeadlineRegistry.from_content(read(path)["content"]).rows}
    assert ids == {
        "DL-CL-1", "DL-CL-1a", "DL-CL-2", "DL-CL-3", "DL-CL-4", "DL-CL-5", "DL-CL-6", "DL-CL-7", "DL-UW-1", "DL-MS-1",
        "DL-SU-1", "DL-CO-1", "DL-CO-2", "DL-CO-3", "DL-CO-4", "DL-CO-5", "DL-RV-1", "DL-LP-1", "DL-LP-2", "DL-AR-1",
    }  # fmt: skip
