"""The smallest body that a schema of an OpenAPI document allows: required members only, the first of every choice.

Rules that a schema cannot tell (one of two members, a day after another) are not known here: whoever needs such a body
gives the members in `more`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.clock import process_now, rfc3339

REFERENCE = "#/components/schemas/"
UNKNOWN = UUID("0193b0c4-ffff-7fff-8fff-000000000404")
"""An id that nothing has, for paths."""
NAMED = UUID("0193b0c4-ffff-7fff-8fff-000000000405")
"""Another one, for members of bodies."""

_BY_PATTERN = {
    r"^[0-9]{1,16}\.[0-9]{2}$": "100.00",
    r"^-?[0-9]{1,16}\.[0-9]{2}$": "100.00",
    r"^[0-9]{1,6}(\.[0-9]{1,6})?$": "0.10",
    r"^[a-z][a-z0-9_]*$": "other",
    r"^[a-z][a-z0-9_]{1,59}$": "other",
    r"^[a-z0-9_]*$": "other",
    r"^[a-z0-9_]+$": "other",
    r"^[0-9]{2,8}$": "320102",
    r"^[0-9]{2,6}$": "320102",
    r"^[0-9]*$": "1234",
    r"^[^@\s]+@[^@\s]+$": "a@example.com",
    r"^[0-9A-Z][0-9A-Z-]{1,19}$": "T-1",
    r"^[A-Z0-9][A-Z0-9-]{1,19}$": "T-1",
    r"^[0-9]{4}-[0-9A-Za-z.]{1,12}$": "2027-1",
    r"^20[0-9]{2}-(0[1-9]|1[0-2])$": "2026-10",
    r"^[0-9a-f]{64}$": "0" * 64,
    r"^[0-9]{6}$": "320102",
    r"^[a-z][a-z_]{1,39}$": "general",
    r"^[A-Za-z0-9_.-]{1,40}$": "F1",
    r"^-?[0-9]{1,3}(\.[0-9]{1,6})?$": "32.060255",
}


class UnknownSchema(LookupError):
    """A schema that the generator has no value for: teach it, or the walk misses a route."""


def body_of(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Any:
    """A smallest value of `schema`. Raises `UnknownSchema` for a pattern or type that is new."""
    schema = _resolved(schema, components)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return body_of(next(one for one in schema[choice] if one.get("type") != "null"), components)
    if "allOf" in schema:
        return body_of(schema["allOf"][0], components)
    return _BY_TYPE.get(schema.get("type", "any"), _text)(schema, components)


def _resolved(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = components[schema["$ref"].removeprefix(REFERENCE)]
    return schema


def _object(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Any:
    members = schema.get("properties", {})
    made = {name: body_of(members[name], components) for name in schema.get("required", ())}
    if not made and schema.get("minProperties", 0):
        raise UnknownSchema(f"an object with some member of {sorted(members)}")
    return made


def _array(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Any:
    return [body_of(schema["items"], components) for _ in range(schema.get("minItems", 0))]


def _number(schema: Mapping[str, Any], _components: Mapping[str, Any]) -> Any:
    return int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))


def _text(schema: Mapping[str, Any], _components: Mapping[str, Any]) -> Any:
    now = process_now() - timedelta(minutes=2)
    by_format = {"date-time": rfc3339(now), "date": now.date().isoformat(), "uuid": str(NAMED)}
    if schema.get("format") in by_format:
        return by_format[schema["format"]]
    if (pattern := schema.get("pattern")) is not None:
        if pattern.startswith("^(") and "|" in pattern:
            return pattern[2:].split("|")[0]
        if pattern not in _BY_PATTERN:
            raise UnknownSchema(f"text of the pattern {pattern}")
        return _BY_PATTERN[pattern]
    return "x" * max(schema.get("minLength", 0), 3)


_BY_TYPE = {
    "object": _object,
    "array": _array,
    "integer": _number,
    "number": _number,
    "boolean": lambda _schema, _components: False,
    "string": _text,
}
