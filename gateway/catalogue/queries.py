"""What the catalogue serves, read once from the files that `python -m scripts.contracts` writes."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from gateway.authority.queries import versions_of
from gateway.catalogue.schemas import ReferenceItem, ReferenceOut, RuleReferenceOut
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import NotFound

FOLDER = Path(__file__).parent
STATIC = {"scalar.js": "text/javascript; charset=utf-8", "docs.js": "text/javascript; charset=utf-8"}
RULE_LISTS = ("calendars", "deadlines")
DIVISIONS = "divisions"


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes that are served as they are."""

    body: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, body: bytes, media_type: str) -> Document:
        return cls(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:16]}"')


@cache
def document(name: str) -> Document:
    """`openapi.json` or `asyncapi.json`."""
    return Document.of((FOLDER / name).read_bytes(), "application/json")


@cache
def static(name: str) -> Document:
    """A file of the reading page. Raises `NotFound`."""
    if name not in STATIC:
        raise NotFound()
    return Document.of((FOLDER / "static" / name).read_bytes(), STATIC[name])


@cache
def page(name: str) -> Document:
    """A page of `static/`: `docs.html`."""
    return Document.of((FOLDER / "static" / name).read_bytes(), "text/html; charset=utf-8")


@cache
def problems() -> list[dict[str, Any]]:
    """Every problem code with status, titles, details and who answers with it."""
    return json.loads((FOLDER / "data" / "problems.json").read_text(encoding="utf-8"))


@cache
def _lists() -> Mapping[str, Mapping[str, Any]]:
    return json.loads((FOLDER / "data" / "reference.json").read_text(encoding="utf-8"))


@cache
def _divisions() -> Mapping[str, list[ReferenceItem]]:
    """Children by parent code; the provinces under the empty one."""
    found: dict[str, list[ReferenceItem]] = {}
    with (FOLDER / "data" / "divisions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["parent"], []).append(ReferenceItem(value=row["code"], zh=row["name"]))
    return found


@cache
def reference(name: str, parent: str = "") -> ReferenceOut:
    """A list of labels, or the divisions below `parent` (empty: the provinces). Raises `NotFound`."""
    if name == DIVISIONS:
        items = _divisions().get(parent, [])
        return ReferenceOut(list=name, version="2023", items=items)
    found = _lists().get(name)
    if found is None:
        raise NotFound()
    return ReferenceOut(list=name, **found)


async def rule_reference(tx: Transaction, name: str) -> RuleReferenceOut:
    """The rows of the rule set in force today; of the seeds, where none was published yet. Wants scope `00`."""
    today = legal_day(tx.now)
    known = [(row.effective_from, row.rule_version, row.content) for row in await versions_of(tx, name)]
    begun = [one for one in known or _seeds(name) if one[0] <= today]
    if not begun:
        raise NotFound()
    _, version, content = max(begun, key=lambda one: one[:2])
    rows = content.get("rows")
    return RuleReferenceOut(list=name, version=version, items=rows if isinstance(rows, list) else [content])


@cache
def _seeds(name: str) -> list[tuple[date, str, dict[str, Any]]]:
    seeds = json.loads((FOLDER / "data" / "rule_sets.json").read_text(encoding="utf-8"))
    return [
        (date.fromisoformat(one["effective_from"]), one["version"], one["content"])
        for one in seeds
        if one["name"] == name
    ]
