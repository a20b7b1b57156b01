"""What the gateway ships for its catalogue: problem codes, rule sets of all services, labels, divisions."""

from __future__ import annotations

import csv
import hashlib
import importlib
import io
import json
import tomllib
from typing import Any

from gateway.authority.rules import Matrix
from scripts.deployables import ROOT, deployables, package_of
from shared.errors import Problem, all_problems
from shared.rule_sets import RuleSet, read_files

LABELS = ROOT / "gateway/catalogue/data/labels.toml"
PERMISSIONS = ROOT / "gateway/authority/permissions.toml"
DIVISIONS = ROOT / "embedded/demonstration/data/divisions"


class Unlabelled(ValueError):
    """A value of an enumeration has no label, or a label no value."""


class SeedsDiffer(ValueError):
    """Two services state the same version of a rule set with contents that cannot stand side by side."""


def problems() -> list[dict[str, Any]]:
    """Every code with its texts and who answers with it, by code."""
    found: dict[str, dict[str, Any]] = {}
    known = {package_of(name): name for name in deployables()} | {"shared": "all"}
    for kind in sorted(all_problems(), key=lambda one: (one.__module__, one.__qualname__)):
        home = next((name for package, name in known.items() if kind.__module__.startswith(f"{package}.")), None)
        if home is None:
            continue
        row = found.setdefault(kind.code, _problem(kind))
        row["services"] = sorted({*row["services"], home})
    return [found[code] for code in sorted(found)]


def _problem(kind: type[Problem]) -> dict[str, Any]:
    title, detail = kind.title._asdict(), kind.detail._asdict()
    return {"code": kind.code, "status": kind.status, "title": title, "detail": detail, "services": []}


def rule_sets() -> list[dict[str, Any]]:
    """The seeds of all deployables; what several services share (deadlines) is put together row by row.

    Raises `SeedsDiffer`.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    folders = [ROOT / "gateway/authority/rule_sets", *sorted(ROOT.glob("services/*/rule_sets"))]
    for folder in folders:
        for one in read_files(folder):
            row = _seed(one)
            held = found.get((one.name, one.version))
            found[one.name, one.version] = row if held is None else _together(held, row)
    return [found[key] for key in sorted(found)]


def _seed(one: RuleSet) -> dict[str, Any]:
    return {
        "name": one.name, "version": one.version, "effective_from": one.effective_from.isoformat(),
        "source": one.source, "tag": one.tag, "content": one.content,
    }  # fmt: skip


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    content = dict(one["content"])
    for name, value in other["content"].items():
        held = content.get(name)
        if held is None or held == value:
            content[name] = value
        elif isinstance(held, list) and isinstance(value, list):
            content[name] = held + [row for row in value if row not in held]
        else:
            raise SeedsDiffer(f"{one['name']} {one['version']}: {name}")
    ids = [(row["id"], row.get("effective_from")) for row in content.get("rows", []) if "id" in row]
    if len(set(ids)) != len(ids):
        raise SeedsDiffer(f"{one['name']} {one['version']}: a row stands twice with different content")
    return {
        **one, "content": content, "effective_from": min(one["effective_from"], other["effective_from"]),
        "source": "；".join(dict.fromkeys((one["source"], other["source"]))), "tag": max(one["tag"], other["tag"]),
    }  # fmt: skip


def lists() -> dict[str, dict[str, Any]]:
    """The reference lists, and one of the positions. Raises `Unlabelled` where a list and its enumeration differ."""
    found = {}
    for name, row in tomllib.loads(LABELS.read_text(encoding="utf-8")).items():
        values = row["values"]
        if "enum" in row and (differing := set(values) ^ _values_of(row["enum"])):
            raise Unlabelled(f"{name}: {', '.join(sorted(differing))}")
        found[name] = _list([{"value": value, "zh": zh, "en": en} for value, (zh, en) in values.items()])
    matrix = Matrix.load(PERMISSIONS.read_text(encoding="utf-8"))
    found["positions"] = _list([{"value": name, "zh": one.zh} for name, one in matrix.positions.items()])
    return found


def _values_of(place: str) -> set[str]:
    """The values of an enumeration or tuple named as `module:NAME`."""
    module, _, name = place.partition(":")
    return {str(one) for one in getattr(importlib.import_module(module), name)}


def _list(items: list[dict[str, str]]) -> dict[str, Any]:
    version = hashlib.sha256(json.dumps(items, ensure_ascii=False).encode()).hexdigest()[:12]
    return {"version": version, "items": items}


def divisions() -> bytes:
    """Code, name and code above, of all three levels, sorted by code."""
    rows = []
    for name, parent in (("provinces", None), ("cities", "provinceCode"), ("areas", "cityCode")):
        with (DIVISIONS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows += [(row["code"], row["name"], row[parent] if parent else "") for row in csv.DictReader(file)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("code", "name", "parent"))
    writer.writerows(sorted(rows))
    return text.getvalue().encode()
