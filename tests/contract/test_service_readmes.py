"""What a service's README says it owns, publishes and consumes is what its code does; and each service starts alone."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("claims", "complaints", "crm", "policy", "risk")
DEPLOYABLES = (*(f"services.{name}" for name in SERVICES), "gateway")


def row(service: str, *names: str) -> set[str]:
    """The names in backticks of the rows of the README's table that begin so (`consumes`, `consumes, policy`)."""
    text = (ROOT / f"services/{service}/README.md").read_text(encoding="utf-8")
    found = re.findall(rf"^\| (?:{'|'.join(names)})(?:, \w+)? \|(.*)\|$", text, re.MULTILINE)
    assert found, f"services/{service}/README.md has no row of {names}"
    return {name for line in found for name in re.findall(r"`([^`]+)`", line)}


def tables(service: str) -> Iterator[str]:
    """Every table that a room of the service maps."""
    package = importlib.import_module(f"services.{service}")
    for module in pkgutil.walk_packages(package.__path__, f"services.{service}."):
        if module.name.endswith(".tables"):
            base = getattr(importlib.import_module(module.name), "Base", None)
            yield from base.metadata.tables if base is not None else ()


@pytest.mark.parametrize("service", SERVICES)
def test_the_readme_lists_what_the_service_publishes(service: str) -> None:
    events = importlib.import_module(f"services.{service}.events").EVENTS
    assert row(service, "publishes") == {one.SUBJECT for one in events}


@pytest.mark.parametrize("service", SERVICES)
def test_the_readme_lists_what_the_service_consumes(service: str) -> None:
    consumers = importlib.import_module(f"services.{service}.consumers").CONSUMERS
    assert row(service, "consumes") == {one.subject for one in consumers}


@pytest.mark.parametrize("service", SERVICES)
def test_the_readme_lists_the_tables_of_the_service(service: str) -> None:
    assert row(service, "tables", "copies of others") == set(tables(service))


@pytest.mark.parametrize("deployable", DEPLOYABLES)
def test_each_deployable_is_loaded_without_any_other(deployable: str) -> None:
    look = (
        f"import sys, {deployable}.app, {deployable}.worker;"
        "own = ('gateway', 'services', 'embedded');"
        "print(*(name for name in sys.modules if name.split('.')[0] in own))"
    )
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    foreign = [
        name for name in done.stdout.split() if name != "services" and not f"{name}.".startswith(f"{deployable}.")
    ]
    assert foreign == []
    assert f"{deployable}.app" in done.stdout
