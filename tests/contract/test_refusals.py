"""Every refusal of every service is answered in some test, and each rule that is easily got wrong has its test.

A code counts as tested where a test names it, or the class that carries it. What must be refused, and where others have
gone wrong, is listed for each service in `refusals_of_<service>.toml` by the test that proves it, so that none can be
dropped unnoticed.
"""

from __future__ import annotations

import ast
import importlib
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from shared.errors import all_problems

ROOT = Path(__file__).parents[2]
HERE = Path(__file__)


@cache
def sources() -> dict[str, str]:
    """Path below the root → text of every test file but this one."""
    files = (path for path in (ROOT / "tests").rglob("*.py") if path != HERE)
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files}


@cache
def found_in(path: str) -> dict[str, str]:
    """Name → text of every test in the file, its parameters included, with what it calls in the same file."""
    text = (ROOT / path).read_text("utf-8")
    lines = text.splitlines()
    found = {
        node.name: "\n".join(lines[min(one.lineno for one in (node, *node.decorator_list)) - 1 : node.end_lineno])
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return {name: "\n".join(_with_called(name, found, set())) for name in found if name.startswith("test_")}


def _with_called(name: str, found: dict[str, str], seen: set[str]) -> Iterator[str]:
    seen.add(name)
    yield found[name]
    for other in found:
        if other not in seen and f"{other}(" in found[name]:
            yield from _with_called(other, found, seen)


@pytest.mark.parametrize("service", ["policy", "claims", "risk", "complaints", "crm"])
def test_every_code_of_the_service_is_named_by_a_test(service: str) -> None:
    importlib.import_module(f"services.{service}.app")  # defines every refusal of the service
    everything = "\n".join(sources().values())
    ours = [one for one in all_problems() if one.__module__.startswith(f"services.{service}.")]
    assert len(ours) > 40
    silent = [one.code for one in ours if f'"{one.code}"' not in everything and one.__name__ not in everything]
    assert silent == []


TABLES = [
    tomllib.loads(path.read_text("utf-8")) for path in sorted((ROOT / "tests/contract").glob("refusals_of_*.toml"))
]
LISTED = {name: [one for table in TABLES for one in table.get(name, ())] for name in ("refused", "easily_wrong")}


@pytest.mark.parametrize("listed", LISTED["refused"], ids=lambda one: one["what"])
def test_what_must_be_refused_has_a_test_with_its_code(listed: dict[str, str]) -> None:
    path, _, name = listed["test"].partition("::")
    found = found_in(path)
    assert name in found, f"{listed['test']} is gone"
    assert f'"{listed["code"]}"' in found[name], f"{listed['test']} does not expect {listed['code']}"


@pytest.mark.parametrize("listed", LISTED["easily_wrong"], ids=lambda one: one["what"])
def test_what_is_easily_got_wrong_has_a_test(listed: dict[str, str]) -> None:
    path, _, name = listed["test"].partition("::")
    assert name in found_in(path), f"{listed['test']} is gone"
