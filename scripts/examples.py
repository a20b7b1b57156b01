"""Examples for the interface documents: made from the schemas, with the worked values of `examples.toml`.

A member shows the first of its values that its schema allows; where there is none, one by its format, pattern or type.
So each example is allowed by its schema, and one that is not stops the writing.
"""

from __future__ import annotations

import hashlib
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts import json_schema
from scripts.json_schema import Resolve

FILE = Path(__file__).parent / "examples.toml"
WORKED: Mapping[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
DEEPEST = 8
"""Schemas may hold themselves; so deep an example goes."""
NULL = frozenset(("next_cursor",))
"""Members that are shown as null: there is no next page of an example."""

_IDS = {
    "claim_id": "01a1f683-27e8-7164-bf7f-537f439f24b8", "policy_id": "01a1f689-9111-7432-b1bc-47dd6398dfef",
    "customer_id": "01a1f68f-fa3a-7b33-af06-6708ff6abf4a", "person_id": "01a1f696-6363-7db1-902f-d86e2f0b770f",
    "appointment_id": "01a1f69c-cc8c-7897-8eca-08f8ed1a3ddf", "request_id": "01a1f6c9-acab-7d7e-bb0d-00c585fd547c",
}  # fmt: skip
_LATER = ("to", "until", "end", "expire", "due", "keep")
_EARLIER = ("from", "start", "loss", "born", "effective")


class NoExample(ValueError):
    """A schema that no value could be made for."""


def example_of(schema: Mapping[str, Any], resolve: Resolve, name: str = "", depth: int = 0) -> Any:
    """A value that `schema` allows. `name`: of the member or parameter. Raises `NoExample`."""
    for value in (*WORKED["values"].get(name, ()), *schema.get("examples", ())):
        if "$ref" not in schema and json_schema.allowed(value, schema, resolve):
            return value
    value = _made(schema, resolve, name, depth)
    if (fault := next(json_schema.faults(value, schema, resolve), None)) is not None:
        raise NoExample(f"{name}: {fault}")
    return value


def _made(schema: Mapping[str, Any], resolve: Resolve, name: str, depth: int) -> Any:
    if "$ref" in schema:
        return _of_reference(schema["$ref"], resolve, name, depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            choices = [one for one in schema[word] if one.get("type") != "null"]
            nothing = name in NULL or depth > DEEPEST or not choices
            return (
                None if nothing and len(choices) < len(schema[word]) else example_of(choices[0], resolve, name, depth)
            )
    if "allOf" in schema:
        parts = [example_of(one, resolve, name, depth) for one in schema["allOf"]]
        return {key: one for part in parts for key, one in part.items()} if len(parts) > 1 else parts[0]
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return _object(schema, resolve, depth)
    if kind == "array":
        few = 0 if depth > DEEPEST or not schema.get("items") else 1
        return [
            example_of(schema["items"], resolve, name, depth + 1) for _ in range(max(few, schema.get("minItems", 0)))
        ]
    return {"integer": _number, "number": _number, "boolean": lambda *_: True, "null": lambda *_: None}.get(
        str(kind), _text
    )(schema, name)


def _of_reference(reference: str, resolve: Resolve, name: str, depth: int) -> Any:
    schema = resolve(reference)
    told = dict(WORKED.get("schemas", {}).get(reference.rpartition("/")[2], {}))
    left_out = set(told.pop("leave_out", ()))
    if "properties" not in schema:
        return example_of(schema, resolve, name, depth)
    shown = {key: one for key, one in schema["properties"].items() if key not in left_out | set(told)}
    made = _object({**schema, "properties": shown}, resolve, depth)
    return {key: told.get(key, made.get(key)) for key in schema["properties"] if key in told or key in made}


def _object(schema: Mapping[str, Any], resolve: Resolve, depth: int) -> Any:
    required = set(schema.get("required", ()))
    made = {}
    for name, one in schema.get("properties", {}).items():
        if name in required or depth <= DEEPEST:
            made[name] = example_of(one, resolve, name, depth + 1)
    more = schema.get("additionalProperties")
    if not made and isinstance(more, Mapping) and (more or schema.get("minProperties")):
        made["name"] = example_of(more, resolve, "name", depth + 1)
    return made


def _number(schema: Mapping[str, Any], _name: str) -> int:
    lowest = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return int(min(max(lowest, 2), schema.get("maximum", 2)))


def _text(schema: Mapping[str, Any], name: str) -> str:
    kind = schema.get("format")
    if kind == "uuid":
        return id_of(name)
    if kind in ("date-time", "date"):
        return _moment(name)[: 10 if kind == "date" else None]
    longest = schema.get("maxLength", 200)
    words = name.replace("_", " ") or "text"
    for tried in (
        words,
        words.replace(" ", "_"),
        "320102",
        "2026-1",
        "S320102-0001",
        "other",
        "a@example.com",
        "46800.00",
    ):
        if json_schema.allowed(tried[:longest], schema, _nowhere):
            return tried[:longest]
    pattern = schema.get("pattern", "")
    choices = pattern.strip("^$()").split("|")
    return choices[0] if "|" in pattern else words.ljust(schema.get("minLength", 0), "x")[:longest]


def _nowhere(reference: str) -> Mapping[str, Any]:
    raise LookupError(reference)


def id_of(name: str) -> str:
    """The same id for the same name, in the form of all ids."""
    if name in _IDS:
        return _IDS[name]
    digits = hashlib.sha256(name.encode()).hexdigest()
    return f"01a1f6{digits[:2]}-{digits[2:6]}-7{digits[6:9]}-b{digits[9:12]}-{digits[12:24]}"


def _moment(name: str) -> str:
    parts = name.split("_")
    if any(one.startswith(_LATER) for one in parts):
        return "2027-03-20T00:00:00+08:00"
    if any(one.startswith(_EARLIER) for one in parts):
        return "2026-03-20T00:00:00+08:00"
    return "2026-11-20T09:12:33+08:00"


def problem_example(row: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of one problem code (a row of `problems.json`), in Chinese, with the members that its text names."""
    members = dict(WORKED.get("problems", {}).get(row["code"], {}))
    for text in (row["title"]["zh"], row["detail"]["zh"]):
        for _, name, _, _ in string.Formatter().parse(text):
            if name and name not in members:
                members[name] = next(iter(WORKED["values"].get(name, ())), name)
    spoken = {key: "、".join(map(str, one)) if isinstance(one, list) else one for key, one in members.items()}
    return {
        "type": f"/docs/problems#{row['code']}",
        "title": row["title"]["zh"].format_map(spoken),
        "status": row["status"],
        "detail": row["detail"]["zh"].format_map(spoken),
        "instance": "/v1/claims/01a1f683-27e8-7164-bf7f-537f439f24b8",
        "code": row["code"],
        "errors": [],
        "request_id": id_of("request_id"),
        **{name: value for name, value in members.items() if name not in ("type", "title", "status", "detail", "code")},
    }
