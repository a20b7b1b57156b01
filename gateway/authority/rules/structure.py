"""The structure of a content, stated as JSON Schema and checked here: where each fault is, and what is wrong there.

The part of JSON Schema 2020-12 that our documents use, and nothing else: `type`, `properties`, `required`,
`additionalProperties`, `propertyNames`, `minProperties`, `items`, `minItems`, `uniqueItems`, `enum`, `pattern`,
`minimum`, `maximum`, `minLength`, `format: date` and `$ref` into `$defs`. A document with any other word is refused
when it is read, so that no rule is written that nobody checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.errors import Text

Schema = Mapping[str, Any]

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool,
}  # fmt: skip
_WORDS = frozenset((
    "type", "properties", "required", "additionalProperties", "propertyNames", "minProperties", "items", "minItems",
    "uniqueItems", "enum", "pattern", "minimum", "maximum", "minLength", "format", "$ref", "$defs", "title",
    "description",
))  # fmt: skip
_MESSAGES: Mapping[str, Text] = {
    "missing": Text("缺少该项。", "This member is missing."),
    "unknown_property": Text("不认识该项。", "There is no such member."),
    "wrong_type": Text("类型不符。", "The value has another type."),
    "not_in_list": Text("不是允许的取值。", "The value is none of those allowed."),
    "wrong_form": Text("格式不符。", "The value has another form."),
    "out_of_range": Text("超出允许范围。", "The value is out of range."),
    "too_few": Text("项数过少。", "There are too few."),
    "not_unique": Text("有重复项。", "One stands twice."),
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """One place of a content that does not have the structure; `pointer` counts from the content itself."""

    pointer: str
    code: str

    @property
    def text(self) -> Text:
        return _MESSAGES[self.code]


def refuse_unknown_words(schema: Any) -> None:
    """Raises `ValueError` for a schema with a word that `misfits` does not check."""
    if not isinstance(schema, Mapping):
        return
    unknown = set(schema) - _WORDS
    if unknown:
        raise ValueError(f"not checked here: {sorted(unknown)}")
    for name in ("properties", "$defs"):
        for one in schema.get(name, {}).values():
            refuse_unknown_words(one)
    for name in ("items", "additionalProperties", "propertyNames"):
        refuse_unknown_words(schema.get(name))


def misfits(schema: Schema, value: Any, root: Schema | None = None, pointer: str = "") -> Iterator[Misfit]:
    """Every place where `value` does not have the structure that `schema` states."""
    root = schema if root is None else root
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if "type" in schema and not _is(value, schema["type"]):
        yield Misfit(pointer, "wrong_type")
        return
    if "enum" in schema and value not in schema["enum"]:
        yield Misfit(pointer, "not_in_list")
    if isinstance(value, dict):
        yield from _of_object(schema, value, root, pointer)
    elif isinstance(value, list):
        yield from _of_array(schema, value, root, pointer)
    elif isinstance(value, str):
        yield from _of_string(schema, value, pointer)
    elif isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield Misfit(pointer, "out_of_range")


def _is(value: Any, wanted: str) -> bool:
    # a truth value is an int in Python and none in JSON
    return isinstance(value, _TYPES[wanted]) and (wanted == "boolean") == isinstance(value, bool)


def _of_object(schema: Schema, value: dict[str, Any], root: Schema, pointer: str) -> Iterator[Misfit]:
    known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        if name not in value:
            yield Misfit(f"{pointer}/{_escaped(name)}", "missing")
    if len(value) < schema.get("minProperties", 0):
        yield Misfit(pointer, "too_few")
    for name, one in value.items():
        below = f"{pointer}/{_escaped(name)}"
        if "propertyNames" in schema and any(misfits(schema["propertyNames"], name, root)):
            yield Misfit(below, "unknown_property")
        elif name in known:
            yield from misfits(known[name], one, root, below)
        elif more is False:
            yield Misfit(below, "unknown_property")
        elif isinstance(more, Mapping):
            yield from misfits(more, one, root, below)


def _of_array(schema: Schema, value: list[Any], root: Schema, pointer: str) -> Iterator[Misfit]:
    if len(value) < schema.get("minItems", 0):
        yield Misfit(pointer, "too_few")
    if schema.get("uniqueItems") and any(one in value[:n] for n, one in enumerate(value)):
        yield Misfit(pointer, "not_unique")
    for n, one in enumerate(value):
        yield from misfits(schema.get("items", {}), one, root, f"{pointer}/{n}")


def _of_string(schema: Schema, value: str, pointer: str) -> Iterator[Misfit]:
    wrong = len(value.strip()) < schema.get("minLength", 0)
    wrong = wrong or ("pattern" in schema and re.fullmatch(schema["pattern"], value) is None)
    if wrong or (schema.get("format") == "date" and not _is_day(value)):
        yield Misfit(pointer, "wrong_form")


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _escaped(name: str) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")
