"""Every operation, problem and event shows an example, and each is what its schema and the code allow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter

from gateway.catalogue.routes import POLICY
from scripts import json_schema
from scripts.deployables import ROOT, application, deployables
from scripts.examples import NoExample, example_of
from scripts.operation_examples import operations

STREAMS = frozenset(("text/event-stream",))
"""Answers that never end; what they carry is told in words."""


@cache
def document(name: str = "openapi") -> dict[str, Any]:
    return json.loads((ROOT / f"gateway/catalogue/{name}.json").read_text(encoding="utf-8"))


def resolve(reference: str, name: str = "openapi") -> Mapping[str, Any]:
    found: Any = document(name)
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def bodies() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every media type of every request and answer, with the place where it stands."""
    for path, method, operation in operations(document()):
        place = f"{method.upper()} {path}"
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{place} {kind}", media
        for status, answer in operation["responses"].items():
            if status == "default":
                continue
            assert answer.get("content") or status in ("204", "304"), f"{place} {status} has no content"
            for kind, media in answer.get("content", {}).items():
                if kind not in STREAMS:
                    yield f"{place} {status} {kind}", media


def test_every_request_and_every_answer_shows_an_example_that_its_schema_allows():
    wrong, count = [], 0
    for place, media in bodies():
        count += 1
        if "example" not in media:
            wrong.append(f"{place}: no example")
            continue
        wrong += [
            f"{place} {fault}" for fault in json_schema.faults(media["example"], media.get("schema", {}), resolve)
        ]
    assert not wrong, "\n".join(wrong)
    assert count >= 200


def test_every_required_parameter_shows_one_too():
    count = 0
    for path, method, operation in operations(document()):
        for parameter in operation.get("parameters", ()):
            if parameter.get("required"):
                count += 1
                faults = list(json_schema.faults(parameter["example"], parameter["schema"], resolve))
                assert not faults, f"{method} {path}: {faults}"
    assert count >= 80


@pytest.mark.parametrize("name", deployables())
def test_the_code_itself_reads_the_example_of_every_request_and_writes_that_of_every_answer(name: str):
    """The schema cannot tell every rule: two members that exclude each other, a day after another."""
    shown = json.loads((ROOT / f"docs/openapi/{name}.json").read_text(encoding="utf-8"))["paths"]
    wrong, count = [], 0
    for context in iter_route_contexts(application(name).routes):
        route = getattr(context, "route", context)
        for method in context.methods or ():
            operation = shown.get(context.path, {}).get(method.lower())
            if operation is None:
                continue
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            pairs = [(getattr(context, "body_field", None) or getattr(route, "body_field", None), body)]
            for status, answer in operation["responses"].items():
                if status != "default" and (media := answer.get("content", {}).get("application/json")):
                    pairs.append(
                        (getattr(context, "response_field", None) or getattr(route, "response_field", None), media)
                    )
            for field, media in pairs:
                if field is None or media is None:
                    continue
                count += 1
                try:
                    TypeAdapter(field.field_info.annotation).validate_json(json.dumps(media["example"]))
                except ValueError as fault:
                    wrong.append(f"{method} {context.path}: {fault}")
    assert not wrong, "\n".join(wrong)
    assert count >= 5


def test_every_problem_has_its_example_and_each_service_names_its_own():
    problems = json.loads((ROOT / "gateway/catalogue/data/problems.json").read_text(encoding="utf-8"))
    shown = document()["components"]["examples"]
    assert set(shown) == {one["code"] for one in problems}
    for one in problems:
        value = shown[one["code"]]["value"]
        assert not list(json_schema.faults(value, resolve("#/components/schemas/Problem"), resolve)), one["code"]
        assert (value["code"], value["status"]) == (one["code"], one["status"])
        assert "{" not in value["detail"] + value["title"], value["detail"]
    for name in deployables():
        refusal = document()["components"]["responses"][f"{name.capitalize()}Refusal"]
        named = set(refusal["content"]["application/problem+json"]["examples"])
        assert named == {one["code"] for one in problems if {name, "all"} & set(one["services"])}
    for path, method, operation in operations(document()):
        reference = operation["responses"]["default"]["$ref"]
        assert resolve(reference), f"{method} {path}"


def test_every_event_shows_one_whole_message():
    messages = document("asyncapi")["components"]["messages"]
    schemas = {path.stem for path in (ROOT / "docs/events").glob("*.json")}
    assert set(messages) == schemas
    for subject, message in messages.items():
        payload = message["examples"][0]["payload"]
        data = resolve(f"#/components/schemas/{subject}", "asyncapi")
        faults = list(json_schema.faults(payload["data"], data, lambda one: resolve(one, "asyncapi")))
        assert not faults, f"{subject}: {faults}"
        envelope = document("asyncapi")["components"]["schemas"]["CloudEvent"]
        assert set(envelope["required"]) <= set(payload), subject
        assert payload["type"] == message["name"]


def test_an_example_that_is_not_allowed_is_found():
    amount = {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2}$"}
    count = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}
    schema = {"type": "object", "required": ["amount"], "properties": {"amount": amount, "count": count}}
    schema["additionalProperties"] = False
    assert not list(json_schema.faults({"amount": "1.00", "count": None}, schema, resolve))
    for wrong in (
        {},
        {"amount": 1},
        {"amount": "1.0"},
        {"amount": "1.00", "more": 1},
        {"amount": "1.00", "count": 0},
        [],
    ):
        assert list(json_schema.faults(wrong, schema, resolve)), wrong
    for value, kind in (("2026-13-01", "date"), ("x", "uuid"), ("yesterday", "date-time")):
        assert list(json_schema.faults(value, {"type": "string", "format": kind}, resolve))
    with pytest.raises(json_schema.UnknownWord):
        list(json_schema.faults(1, {"multipleOf": 2}, resolve))


def test_a_schema_without_any_value_stops_the_writing():
    with pytest.raises(NoExample):
        example_of({"type": "string", "pattern": "^[#]{7}$"}, resolve, "never_named")
    assert example_of({"type": "string"}, resolve, "claim_no") == "C2026-32-000418"


def test_the_reading_page_can_ask_nobody_else_for_anything():
    """The browser holds the page to the policy it came with: no source but this server and what lies in the page."""
    sources = {source for directive in POLICY.split(";") for source in directive.split()[1:]}
    assert sources <= {"'none'", "'self'", "'unsafe-inline'", "data:"}
    assert POLICY.startswith("default-src 'none'")
    page = (ROOT / "gateway/catalogue/static/docs.html").read_text(encoding="utf-8")
    script = (ROOT / "gateway/catalogue/static/docs.js").read_text(encoding="utf-8")
    for part in (page, script):
        assert "//" not in "\n".join(line for line in part.splitlines() if not line.startswith("//"))
    assert "withDefaultFonts: false" in script
    assert 'url: "/openapi.json"' in script
    assert "telemetry: false" in script
