"""Events: CloudEvents 1.0, structured JSON, on subjects `<service>.<noun>.<past participle>.v<n>`.

The publisher declares a `Payload` per event; its JSON Schema in `docs/events/` is the written promise. A consumer
declares its own view with only the fields that it reads, and `@consumes(subject)` on the function that applies it.
Payloads carry ids, codes, dates, amounts and keyed digests; never names, identity numbers, phones, accounts or medical
text.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema

from shared.clock import Instant, rfc3339

if TYPE_CHECKING:
    from shared.database import Transaction

MEDIA_TYPE = "application/cloudevents+json"
MAX_EVENT_BYTES = 240_000
"""The server refuses messages above 262,144 bytes, headers included; a larger event must be cut into parts."""

_SUBJECT = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9_]*){2}\.v[1-9][0-9]*")


class EventTooLarge(ValueError):
    """The event would never pass the server; the use case that made it must send it in parts."""


class Unreadable(ValueError):
    """A message that is no event this consumer can read. `reason` is a short code for the dead letter."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        super().__init__(f"{reason}: {detail}" if detail else reason)


class Part(BaseModel):
    """A structure inside a payload."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class Payload(Part):
    """What an event says beyond its envelope. Optional members that are None are left out."""

    SUBJECT: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        subject = cls.__dict__.get("SUBJECT")
        if subject is not None and not _SUBJECT.fullmatch(subject):
            raise TypeError(f"{cls.__name__}.SUBJECT is no <service>.<noun>.<past participle>.v<n>: {subject}")


def type_of(subject: str) -> str:
    """`claims.claim.reported` for `claims.claim.reported.v1`."""
    return subject.rpartition(".")[0]


def family_of(subject: str) -> str:
    """Every version of the same event: `claims.claim.reported.*`."""
    return f"{type_of(subject)}.*"


def schema_of(subject: str) -> str:
    """The `dataschema` of events on `subject`; its version is the subject's."""
    return f"/asyncapi.json#/components/schemas/{subject}"


class CloudEvent(BaseModel):
    """The envelope. Unknown attributes are ignored: a publisher may add some."""

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    subject: UUID
    """The record's id."""
    time: Instant
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    orgpath: str = Field(pattern=r"^[0-9]{2}(\.[0-9]+)*$")
    recordversion: int = Field(ge=1)
    """1…n per record without gap; counts the record's events and is not its ETag version."""
    traceparent: str
    data: dict[str, Any]


_ORDER = tuple(CloudEvent.model_fields)


def event_document(
    payload: Payload, *, event_id: UUID, record_id: UUID, org_path: str, record_version: int, source: str,
    now: datetime, traceparent: str,
) -> dict[str, Any]:  # fmt: skip
    """The complete event as it is stored and sent. Raises `EventTooLarge`."""
    subject = payload.SUBJECT
    document = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": source,
        "type": type_of(subject),
        "subject": str(record_id),
        "time": rfc3339(now),
        "datacontenttype": "application/json",
        "dataschema": schema_of(subject),
        "orgpath": org_path,
        "recordversion": record_version,
        "traceparent": traceparent,
        "data": payload.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
    if (size := len(encode(document))) > MAX_EVENT_BYTES:
        raise EventTooLarge(f"{subject}: {size} bytes")
    return document


def encode(document: Mapping[str, Any]) -> bytes:
    """The bytes of an event, its attributes in the order of the envelope, whatever order the database kept them in."""
    ordered = {name: document[name] for name in _ORDER if name in document}
    ordered |= {name: value for name, value in document.items() if name not in ordered}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()


def decode(body: bytes | Mapping[str, Any], subject: str) -> CloudEvent:
    """The event in a message on `subject`. Raises `Unreadable` for anything else."""
    try:
        event = (
            CloudEvent.model_validate_json(body) if isinstance(body, bytes) else CloudEvent.model_validate(dict(body))
        )
    except ValueError as fault:
        raise Unreadable("invalid_event", faults_of(fault)) from None
    if event.type != type_of(subject):
        raise Unreadable("invalid_event", "type and subject differ")
    return event


def faults_of(fault: ValueError) -> str:
    """Where and how a document failed, without the values in it."""
    errors = getattr(fault, "errors", None)
    if errors is None:
        return type(fault).__name__
    found = errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(str(step) for step in one['loc'])} {one['type']}" for one in found[:5])


View = TypeVar("View", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Received(Generic[View]):
    """An event as a consumer sees it."""

    id: UUID
    type: str
    record_id: UUID
    time: datetime
    org_path: str
    record_version: int
    data: View
    traceparent: str = ""
    source: str = ""


Handler = Callable[["Transaction", Received[Any]], Awaitable[None]]
Together = Callable[["Transaction", Sequence[tuple["Consumer", Received[Any]]]], Awaitable[None]]


@dataclass(frozen=True)
class Consumer:
    """One subject, the view of it, and the effect. Called like the function it was made from."""

    subject: str
    view: type[BaseModel]
    handler: Handler
    together: Together | None = None
    """The effect of several events in one transaction, where this consumer can (`shared.together`)."""

    @property
    def __name__(self) -> str:
        return getattr(self.handler, "__name__", "handler")

    async def __call__(self, tx: Transaction, event: Received[Any]) -> None:
        await self.handler(tx, event)

    def read(self, event: CloudEvent) -> Received[Any]:
        """This consumer's view of `event`. Raises `Unreadable` where a field it needs is missing or malformed."""
        try:
            data = self.view.model_validate(event.data)
        except ValueError as fault:
            raise Unreadable("invalid_data", faults_of(fault)) from None
        return Received(
            id=event.id,
            type=event.type,
            record_id=event.subject,
            time=event.time,
            org_path=event.orgpath,
            record_version=event.recordversion,
            data=data,
            traceparent=event.traceparent,
            source=event.source,
        )


def consumes(
    subject: str, *, view: type[BaseModel] | None = None, together: Together | None = None
) -> Callable[[Handler], Consumer]:
    """Make `async def handler(tx, event: Received[View])` the effect of events on `subject`.

    The view is read from the annotation; give it as `view` where that cannot be seen from the module (a local class).
    Raises `TypeError` for a malformed subject, a missing annotation, or a view that refuses unknown fields: a
    publisher may add fields at any time.
    """
    if not _SUBJECT.fullmatch(subject):
        raise TypeError(f"no event subject: {subject}")

    def declare(handler: Handler) -> Consumer:
        seen = view or _annotated_view(handler)
        if seen.model_config.get("extra") == "forbid":
            raise TypeError(f"{seen.__name__} must ignore fields it does not know")
        return Consumer(subject, seen, handler, together)

    return declare


def _annotated_view(handler: Handler) -> type[BaseModel]:
    parameters = list(inspect.signature(handler).parameters.values())
    annotation = parameters[1].annotation if len(parameters) == 2 else None
    if isinstance(annotation, str):
        # Only the event's annotation is resolved: the transaction's may exist for type checkers alone.
        annotation = eval(annotation, getattr(handler, "__globals__", {}))  # noqa: S307 - source text of this project
    if get_origin(annotation) is not Received or not (
        isinstance(found := get_args(annotation)[0], type) and issubclass(found, BaseModel)
    ):
        raise TypeError("write the handler as: async def handler(tx: Transaction, event: Received[View]) -> None")
    return found


class _AbsentNotNull(GenerateJsonSchema):
    """An optional member is left out, never sent as null."""

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> dict[str, Any]:
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def json_schemas(payloads: Iterable[type[Payload]]) -> dict[str, dict[str, Any]]:
    """JSON Schema (2020-12) of each payload by subject, sorted: the written promise in `docs/events/`.

    Readers must allow unknown members, so the schemas do not forbid them, although the publisher may not send any.
    """
    found: dict[str, dict[str, Any]] = {}
    for payload in payloads:
        if payload.SUBJECT in found:
            raise ValueError(f"two payloads for {payload.SUBJECT}")
        schema = payload.model_json_schema(by_alias=True, mode="validation", schema_generator=_AbsentNotNull)
        head = {"$schema": GenerateJsonSchema.schema_dialect, "$id": schema_of(payload.SUBJECT)}
        found[payload.SUBJECT] = head | _open(schema) | {"title": payload.SUBJECT}
    return dict(sorted(found.items()))


def _open(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            name: _open(value) for name, value in schema.items() if name != "additionalProperties" or value is not False
        }
    return [_open(one) for one in schema] if isinstance(schema, list) else schema
