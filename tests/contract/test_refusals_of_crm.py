"""Every refusal of the crm service is answered in some test; what must be refused is listed with its test.

What must be refused stands in `refusals_of_crm.toml`, so that none can be dropped unnoticed.
"""

from __future__ import annotations

import tomllib

import pytest

import services.crm.app  # noqa: F401 - defines every refusal of the service
from shared.errors import all_problems
from tests.contract.test_refusals_of_claims import ROOT, found_in, sources

LISTED = tomllib.loads((ROOT / "tests/contract/refusals_of_crm.toml").read_text("utf-8"))


def test_every_code_of_customer_relations_is_named_by_a_test() -> None:
    everything = "\n".join(sources().values())
    ours = [one for one in all_problems() if one.__module__.startswith("services.crm.")]
    assert len(ours) > 60
    silent = [one.code for one in ours if f'"{one.code}"' not in everything and one.__name__ not in everything]
    assert silent == []


@pytest.mark.parametrize("listed", LISTED["refused"], ids=lambda one: one["what"])
def test_what_customer_relations_must_refuse_has_a_test_with_its_code(listed: dict[str, str]) -> None:
    path, _, name = listed["test"].partition("::")
    found = found_in(path)
    assert name in found, f"{listed['test']} is gone"
    assert f'"{listed["code"]}"' in found[name], f"{listed['test']} does not expect {listed['code']}"


@pytest.mark.parametrize("listed", LISTED["easily_wrong"], ids=lambda one: one["what"])
def test_what_customer_relations_easily_gets_wrong_has_a_test(listed: dict[str, str]) -> None:
    path, _, name = listed["test"].partition("::")
    assert name in found_in(path), f"{listed['test']} is gone"
