"""The written promise of every event equals the payloads of the code, and the AsyncAPI document holds them all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts.deployables import ROOT, deployables
from scripts.event_documents import asyncapi, schemas
from shared.events import schema_of

FILES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "docs/events").glob("*.json")}
PERSONAL = {"name", "id_no", "mobile", "phone", "account", "account_no", "address", "diagnosis", "email"}


def test_every_payload_has_its_file_and_every_file_its_payload():
    assert schemas(deployables()) == FILES
    assert len(FILES) >= 15


@pytest.mark.parametrize("subject", sorted(FILES))
def test_a_schema_names_itself_and_allows_what_is_added_later(subject: str):
    schema = FILES[subject]
    assert schema["$id"] == schema_of(subject)
    assert schema["title"] == subject
    assert '"additionalProperties": false' not in json.dumps(schema)


@pytest.mark.parametrize("subject", sorted(FILES))
def test_no_event_carries_what_identifies_a_person(subject: str):
    named = set(_members(FILES[subject]))
    # the name of a unit is no personal data, and services tell with it who could decide
    allowed = {"name"} if subject in ("organisation.unit.changed.v1", "organisation.rule_set.published.v1") else set()
    assert named & PERSONAL <= allowed


def _members(schema: Any) -> list[str]:
    found: list[str] = []
    if isinstance(schema, dict):
        found += list(schema.get("properties", {}))
        for value in schema.values():
            found += _members(value)
    elif isinstance(schema, list):
        for one in schema:
            found += _members(one)
    return found


def test_the_asyncapi_document_is_complete_and_its_references_lead_somewhere():
    document = json.loads((ROOT / "gateway/catalogue/asyncapi.json").read_text(encoding="utf-8"))
    assert document == json.loads(json.dumps(asyncapi(FILES)))
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == set(FILES)
    assert set(document["components"]["schemas"]) == {"CloudEvent", *FILES}
    for target in _targets(document):
        found: Any = document
        for step in target.removeprefix("#/").split("/"):
            found = found[step]


def _targets(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [one for part in value.values() for one in _targets(part)]
    return [one for part in value for one in _targets(part)] if isinstance(value, list) else []
