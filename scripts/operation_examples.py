"""Where the examples stand in a document: at every request, answer and parameter, and one for each problem code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts.examples import WORKED, example_of, problem_example

METHODS = ("get", "put", "post", "delete", "patch")
HEADERS = {"Idempotency-Key": '"01a1f6c3-0f10-7c55-9e2b-6a50b1f2d7aa"', "If-Match": '"7"', "If-None-Match": '"2026-1"'}
FILE_ANSWER = "%PDF-1.7 …"
"""Of an answer that is a file: its first bytes."""


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method (lower case) and operation, in the order of the paths."""
    for path, item in sorted(document["paths"].items()):
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def show_examples(document: dict[str, Any], problems: Sequence[Mapping[str, Any]]) -> None:
    """Put an example at each request, each answer with a body and each required parameter; the refusals get one each.

    Raises `NoExample`.
    """

    def resolve(reference: str) -> Mapping[str, Any]:
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return found

    for _, _, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            _show_parameter(parameter, resolve)
        for media in operation.get("requestBody", {}).get("content", {}).values():
            media["example"] = example_of(media.get("schema", {}), resolve)
        for status, answer in operation["responses"].items():
            if status != "default":
                _show_answer(operation["operationId"], answer, resolve)
    document["components"]["examples"] = {one["code"]: {"value": problem_example(one)} for one in problems}
    refusal = document["components"]["responses"]["Refusal"]["content"]["application/problem+json"]
    refusal["examples"] = {one["code"]: {"$ref": f"#/components/examples/{one['code']}"} for one in problems}


def _show_parameter(parameter: dict[str, Any], resolve: Any) -> None:
    if parameter["in"] == "header" and parameter["name"] in HEADERS:
        parameter["example"] = HEADERS[parameter["name"]]
    elif parameter.get("required"):
        parameter["example"] = example_of(parameter["schema"], resolve, parameter["name"])


def _show_answer(operation: str, answer: dict[str, Any], resolve: Any) -> None:
    for media_type, media in list(answer.get("content", {}).items()):
        if media.get("schema"):
            media["example"] = example_of(media["schema"], resolve)
            continue
        # no schema: a file, or one JSON document a line
        del answer["content"][media_type]
        told = next((one for name, one in WORKED["answers"].items() if f"_{operation}".endswith(f"_{name}")), None)
        kind, value = ("application/octet-stream", FILE_ANSWER) if told is None else (told["media_type"], told["value"])
        answer["content"][kind] = {"schema": {"type": "string"}, "example": value}
