"""The JSON Schema of every event, and the AsyncAPI document that names them all."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.deployables import ROOT, package_of
from scripts.examples import example_of, id_of
from shared.events import CloudEvent, json_schemas


def schemas(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Schema by subject, of all deployables that publish. Raises `ValueError` where two publish the same."""
    payloads = []
    for name in names:
        if (ROOT / package_of(name).replace(".", "/") / "events.py").exists():
            payloads += importlib.import_module(f"{package_of(name)}.events").EVENTS
    return json_schemas(payloads)


def asyncapi(events: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """AsyncAPI 3.0: one channel for each subject; the same events reach integrators as feed, stream and webhook."""
    envelope = CloudEvent.model_json_schema(ref_template="#/components/schemas/{model}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Anlan 安澜 events",
            "version": "1",
            "description": "CloudEvents 1.0 in structured JSON. Delivered at least once, in no order between records: "
            "drop what was seen by `id`, and for a copy of state whatever has no higher `recordversion`.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {subject: _channel(subject) for subject in events},
        "operations": {f"receive_{_key(subject)}": _operation(subject) for subject in events},
        "components": {
            "messages": {subject: _message(subject, one) for subject, one in events.items()},
            "schemas": {"CloudEvent": envelope, **{subject: _inside(subject, one) for subject, one in events.items()}},
        },
    }


def _key(subject: str) -> str:
    return subject.replace(".", "_")


def _channel(subject: str) -> dict[str, Any]:
    return {"address": subject, "messages": {"event": {"$ref": f"#/components/messages/{subject}"}}}


def _operation(subject: str) -> dict[str, Any]:
    channel = f"#/channels/{subject}"
    return {"action": "receive", "channel": {"$ref": channel}, "messages": [{"$ref": f"{channel}/messages/event"}]}


def _message(subject: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    data = {"$ref": f"#/components/schemas/{subject}"}
    envelope = {"$ref": "#/components/schemas/CloudEvent"}
    return {
        "name": subject.rpartition(".")[0],
        "contentType": "application/cloudevents+json",
        "payload": {"allOf": [envelope, {"type": "object", "properties": {"data": data}}]},
        "examples": [{"payload": event_example(subject, schema)}],
    }


def event_example(subject: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """One event as it arrives. Raises `NoExample`."""

    def resolve(reference: str) -> Mapping[str, Any]:
        return schema["$defs"][reference.rpartition("/")[2]]

    source, record, *_ = subject.split(".")
    return {
        "specversion": "1.0",
        "id": id_of(subject),
        "source": source,
        "type": subject.rpartition(".")[0],
        "subject": id_of(f"{record}_id"),
        "time": "2026-11-20T09:12:33+08:00",
        "datacontenttype": "application/json",
        "dataschema": f"/asyncapi.json#/components/schemas/{subject}",
        "orgpath": "00.32.3201.320102",
        "recordversion": 1,
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "data": example_of({key: one for key, one in schema.items() if key not in ("$schema", "$id")}, resolve),
    }


def _inside(subject: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with its definitions addressed from the whole document."""
    place = f"#/components/schemas/{subject}"

    def moved(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                name: one.replace("#/$defs/", f"{place}/$defs/", 1)
                if name == "$ref" and isinstance(one, str)
                else moved(one)
                for name, one in value.items()
                if name not in ("$schema", "$id")
            }
        return [moved(one) for one in value] if isinstance(value, list) else value

    return moved(schema)
