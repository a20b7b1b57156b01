"""The OpenAPI document of each deployable, and what is made from them: the route table and the one merged document."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.forwarding.table import DEFAULT_MAX_BYTES, DEFAULT_TIMEOUT_S
from scripts import reference_data
from scripts.deployables import application
from scripts.operation_examples import operations, show_examples

_REFERENCE = "#/components/schemas/"
_REFUSAL = "#/components/responses/Refusal"
_FRAMEWORK = frozenset({"HTTPValidationError", "ValidationError"})

PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Branch on `code`; extension members stand beside these.",
    "required": ["type", "title", "status", "detail", "instance", "code", "errors", "request_id"],
    "additionalProperties": True,
    "properties": {
        "type": {"type": "string", "examples": ["/docs/problems#not_found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "Path of the request, without its query."},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        "errors": {
            "type": "array",
            "description": "All refused values; each has one of `pointer`, `parameter` and `header`.",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "additionalProperties": True,
                "properties": {
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "pointer": {"type": "string"},
                    "parameter": {"type": "string"},
                    "header": {"type": "string"},
                },
            },
        },
        "request_id": {"type": "string", "format": "uuid"},
    },
}
REFUSAL = {
    "description": "A refusal; its code says which.",
    "content": {"application/problem+json": {"schema": {"$ref": f"{_REFERENCE}Problem"}}},
}
SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "From `POST /v1/session`."}
}
NOTE = (
    "Customer service of a liability and personal-accident insurer with a branch network. Every route names the "
    "permission that it needs in `x-permission`; `x-amount` says where a body states money that is compared with the "
    "caller's authority, `x-step-up` that the password may be wanted again."
)
GUIDE = Path(__file__).parents[1] / "docs/working-a-claim.md"


class PathClash(ValueError):
    """Two deployables have the same path."""


def document_of(name: str) -> dict[str, Any]:
    """The document of one deployable: its public routes, each with its refusals and its permission."""
    document = copy.deepcopy(application(name).openapi())
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for one in _FRAMEWORK:
        schemas.pop(one, None)
    schemas["Problem"] = PROBLEM
    document["components"]["responses"] = {"Refusal": copy.deepcopy(REFUSAL)}
    document["components"]["securitySchemes"] = SECURITY
    for _, _, operation in operations(document):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = {"$ref": "#/components/responses/Refusal"}
        operation["security"] = [{"bearer": []}] if "x-permission" in operation else []
        if name != "gateway":
            # in front of every id of a service, so that no other service's operations can ever change it
            operation["operationId"] = f"{name}_{operation['operationId']}"
    refusals = [one for one in reference_data.problems() if {name, "all"} & set(one["services"])]
    show_examples(document, refusals)
    return document


def routes(documents: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the route table: what is forwarded, the gateway's own routes left out."""
    _refuse_clashes(documents)
    rows = []
    for service, document in documents.items():
        if service != "gateway":
            rows += [_row(service, path, method, one) for path, method, one in operations(document)]
    return sorted(rows, key=lambda row: (row["path"], row["method"]))


def _row(service: str, path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"path": path, "method": method.upper(), "service": service}
    if "x-permission" in operation:
        row["permission"] = operation["x-permission"]
    else:
        row["public"] = True
    for name in ("amount", "step-up"):
        if (value := operation.get(f"x-{name}")) is not None:
            row[name.replace("-", "_")] = value
    row["timeout_s"] = operation.get("x-timeout-s") or DEFAULT_TIMEOUT_S
    row["max_bytes"] = operation.get("x-max-bytes") or DEFAULT_MAX_BYTES
    if any(one.get("name") == "Idempotency-Key" for one in operation.get("parameters", ())):
        row["idempotency"] = "key"
    return row


def _refuse_clashes(documents: Mapping[str, Mapping[str, Any]]) -> None:
    owners: dict[str, str] = {}
    for service, document in documents.items():
        for path in document["paths"]:
            plain = re.sub(r"\{[^}]*\}", "{}", path)
            if owners.setdefault(plain, service) != service:
                raise PathClash(f"{path}: {owners[plain]} and {service}")


def merged(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One document for all. Components of the same name and another content carry their deployable in front."""
    _refuse_clashes(documents)
    renamed = _collisions(documents)
    refuse_taken_ids(documents)
    paths: dict[str, Any] = {}
    components: dict[str, dict[str, Any]] = {"schemas": {}, "responses": {}, "examples": {}}
    for service, document in documents.items():
        own = _with_names(document, service, renamed)
        paths |= own["paths"]
        for kind, held in components.items():
            held |= own["components"].get(kind, {})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Anlan 安澜",
            "version": "1",
            "description": f"{NOTE}\n\n{GUIDE.read_text(encoding='utf-8')}",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {**components, "securitySchemes": SECURITY},
    }


def _collisions(documents: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Names of components whose content differs, and of those that contain one of them."""
    seen: dict[str, Any] = {}
    differing: set[str] = set()
    for document in documents.values():
        for name, schema in document["components"]["schemas"].items():
            if seen.setdefault(name, schema) != schema:
                differing.add(name)
    while True:
        holders = {
            name
            for document in documents.values()
            for name, schema in document["components"]["schemas"].items()
            if name not in differing and set(_references(schema)) & differing
        }
        shared = {
            name for name in holders if sum(name in one["components"]["schemas"] for one in documents.values()) > 1
        }
        if not shared:
            return differing
        differing |= shared


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for name, value in schema.items():
            if name == "$ref" and isinstance(value, str) and value.startswith(_REFERENCE):
                yield value.removeprefix(_REFERENCE)
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for one in schema:
            yield from _references(one)


def refuse_taken_ids(documents: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises `PathClash` where two operations have one id."""
    places: dict[str, str] = {}
    for document in documents.values():
        for path, method, operation in operations(document):
            place, one = f"{method.upper()} {path}", operation["operationId"]
            if places.setdefault(one, place) != place:
                raise PathClash(f"{one}: {places[one]} and {place}")


def _with_names(document: Mapping[str, Any], service: str, renamed: set[str]) -> dict[str, Any]:
    prefix = service.capitalize()

    def written(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: target(one) if name == "$ref" else written(one) for name, one in value.items()}
        return [written(one) for one in value] if isinstance(value, list) else value

    def target(value: Any) -> Any:
        if value == _REFUSAL:
            return f"#/components/responses/{prefix}Refusal"
        name = value.removeprefix(_REFERENCE) if isinstance(value, str) else ""
        return f"{_REFERENCE}{prefix}{name}" if name in renamed else value

    own = written(document)
    schemas = own["components"]["schemas"]
    own["components"]["schemas"] = {prefix + name if name in renamed else name: one for name, one in schemas.items()}
    if "responses" in own["components"]:
        own["components"]["responses"] = {f"{prefix}Refusal": own["components"]["responses"]["Refusal"]}
    return own
