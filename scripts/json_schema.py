"""Whether a value is one that a schema allows: the words of JSON Schema that the documents use, and no others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

Resolve = Callable[[str], Mapping[str, Any]]
"""The schema at a reference (`#/components/schemas/Claim`)."""

_NOTES = frozenset(("title", "description", "examples", "example", "default", "deprecated", "discriminator", "$defs"))
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
_SIZES: Mapping[str, Callable[[Any, Any], bool]] = {
    "minLength": lambda value, size: not isinstance(value, str) or len(value) >= size,
    "maxLength": lambda value, size: not isinstance(value, str) or len(value) <= size,
    "minItems": lambda value, size: not isinstance(value, list) or len(value) >= size,
    "maxItems": lambda value, size: not isinstance(value, list) or len(value) <= size,
    "minProperties": lambda value, size: not isinstance(value, Mapping) or len(value) >= size,
    "maxProperties": lambda value, size: not isinstance(value, Mapping) or len(value) <= size,
    "minimum": lambda value, size: not _TYPES["number"](value) or value >= size,
    "maximum": lambda value, size: not _TYPES["number"](value) or value <= size,
    "exclusiveMinimum": lambda value, size: not _TYPES["number"](value) or value > size,
    "exclusiveMaximum": lambda value, size: not _TYPES["number"](value) or value < size,
    "pattern": lambda value, form: not isinstance(value, str) or re.search(form, value) is not None,
    "uniqueItems": lambda value, wanted: not (wanted and isinstance(value, list)) or _all_differ(value),
    "const": lambda value, only: value == only,
    "enum": lambda value, known: value in known,
    "type": lambda value, kind: any(_TYPES[one](value) for one in ([kind] if isinstance(kind, str) else kind)),
    "format": lambda value, kind: not isinstance(value, str) or _formed(value, kind),
}
_FORMS: Mapping[str, Callable[[str], Any]] = {
    "date-time": datetime.fromisoformat, "date": date.fromisoformat, "uuid": UUID,
}  # fmt: skip
_INNER = frozenset(
    ("$ref", "anyOf", "oneOf", "allOf", "properties", "required", "additionalProperties", "items", "prefixItems",
     "propertyNames")
)  # fmt: skip


class UnknownWord(ValueError):
    """A word of JSON Schema that nobody has taught this module."""


def faults(value: Any, schema: Mapping[str, Any], resolve: Resolve, place: str = "#") -> Iterator[str]:
    """One sentence for each way in which `value` is not allowed. Raises `UnknownWord`."""
    known = {*_SIZES, *_NOTES_AND_INNER}
    unknown = {word for word in schema if word not in known and not word.startswith("x-")}
    if unknown:
        raise UnknownWord(", ".join(sorted(unknown)))
    for word, told in schema.items():
        if word in _SIZES and not _SIZES[word](value, told):
            yield f"{place}: {value!r} breaks {word} {told!r}"
    if "$ref" in schema:
        yield from faults(value, resolve(schema["$ref"]), resolve, place)
    for one in schema.get("allOf", ()):
        yield from faults(value, one, resolve, place)
    for word in ("anyOf", "oneOf"):
        if word in schema and not any(allowed(value, one, resolve) for one in schema[word]):
            yield f"{place}: {value!r} is none of {word}"
    if isinstance(value, Mapping):
        yield from _of_members(value, schema, resolve, place)
    if isinstance(value, list):
        leading = schema.get("prefixItems", ())
        for number, one in enumerate(value):
            inner = leading[number] if number < len(leading) else schema.get("items", {})
            yield from faults(one, inner if isinstance(inner, Mapping) else {}, resolve, f"{place}/{number}")


_NOTES_AND_INNER = dict.fromkeys(_NOTES | _INNER)


def allowed(value: Any, schema: Mapping[str, Any], resolve: Resolve) -> bool:
    """Whether there is no fault."""
    return next(faults(value, schema, resolve), None) is None


def _of_members(value: Mapping[str, Any], schema: Mapping[str, Any], resolve: Resolve, place: str) -> Iterator[str]:
    known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from (f"{place}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    for name, one in value.items():
        if name in known:
            yield from faults(one, known[name], resolve, f"{place}/{name}")
        elif more is False:
            yield f"{place}: {name} is not known"
        elif isinstance(more, Mapping):
            yield from faults(one, more, resolve, f"{place}/{name}")
        if "propertyNames" in schema:
            yield from faults(name, schema["propertyNames"], resolve, f"{place}/{name}")


def _formed(value: str, kind: str) -> bool:
    try:
        _FORMS.get(kind, str)(value)
    except ValueError:
        return False
    return True


def _all_differ(values: list[Any]) -> bool:
    return all(one not in values[:number] for number, one in enumerate(values))
