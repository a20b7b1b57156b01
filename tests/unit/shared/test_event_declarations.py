"""How events, views and consumers are declared, and what is refused at the declaration."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.clock import SHANGHAI, Instant
from shared.events import (
    CloudEvent,
    EventTooLarge,
    Part,
    Payload,
    Received,
    Unreadable,
    consumes,
    decode,
    encode,
    event_document,
    json_schemas,
)
from shared.money import Money

CLAIM = UUID("01a1f683-27e8-7164-bf7f-537f439f24b8")
EVENT = UUID("01a1f6f6-8cca-731a-ab76-b828e3c6509f")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Period(Part):
    from_on: str = Field(alias="from")


class ClaimReported(Payload):
    """First notice."""

    SUBJECT = "claims.claim.reported.v1"
    claim_id: UUID
    loss_at: Instant
    estimated_amount: Money | None = None
    periods: list[Period] = []


class Seen(BaseModel):
    claim_id: UUID


@consumes("claims.claim.reported.v1")
async def on_reported(tx: Transaction, event: Received[Seen]) -> None:  # noqa: F821 - known to type checkers only
    tx.append(event)


def document(payload: Payload) -> dict:
    return event_document(
        payload,
        event_id=EVENT,
        record_id=CLAIM,
        org_path="00.32.3201.320102",
        record_version=1,
        source="claims",
        now=datetime(2026, 11, 20, 9, 12, 33, tzinfo=SHANGHAI),
        traceparent=TRACE,
    )


def reported(**more: object) -> ClaimReported:
    return ClaimReported.model_validate({"claim_id": CLAIM, "loss_at": "2026-11-19T23:40:00Z", **more})


def test_the_envelope_is_what_integrators_were_promised() -> None:
    amount = reported(estimated_amount=Decimal("50000.00"), periods=[{"from": "2026-01-01"}])
    assert json.loads(encode(document(amount))) == {
        "specversion": "1.0",
        "id": str(EVENT),
        "source": "claims",
        "type": "claims.claim.reported",
        "subject": str(CLAIM),
        "time": "2026-11-20T09:12:33+08:00",
        "datacontenttype": "application/json",
        "dataschema": "/asyncapi.json#/components/schemas/claims.claim.reported.v1",
        "orgpath": "00.32.3201.320102",
        "recordversion": 1,
        "traceparent": TRACE,
        "data": {
            "claim_id": str(CLAIM),
            "loss_at": "2026-11-20T07:40:00+08:00",
            "estimated_amount": "50000.00",
            "periods": [{"from": "2026-01-01"}],
        },
    }


def test_the_bytes_are_the_same_in_whatever_order_the_database_kept_the_attributes() -> None:
    made = document(reported())
    assert encode(dict(reversed(made.items()))) == encode(made)


def test_an_optional_member_that_is_not_known_is_left_out() -> None:
    assert "estimated_amount" not in document(reported())["data"]


def test_a_payload_refuses_members_that_were_not_promised() -> None:
    with pytest.raises(ValidationError, match="insured_name"):
        reported(insured_name="x")


def test_an_event_above_the_limit_is_refused() -> None:
    with pytest.raises(EventTooLarge):
        document(reported(periods=[{"from": "x" * 100}] * 3_000))


@pytest.mark.parametrize(
    "subject", ["claims.claim.reported", "claims.reported.v1", "Claims.claim.reported.v1", "a.b.c.v0"]
)
def test_a_malformed_subject_is_refused_at_its_declaration(subject: str) -> None:
    with pytest.raises(TypeError):
        type("Wrong", (Payload,), {"SUBJECT": subject, "__module__": __name__})
    with pytest.raises(TypeError):
        consumes(subject)


async def test_a_consumer_reads_only_its_view_and_is_called_like_its_function() -> None:
    event = CloudEvent.model_validate(document(reported()))
    seen: list[Received[Seen]] = []
    await on_reported(seen, on_reported.read(event))  # pyright: ignore[reportArgumentType]
    assert seen[0].data == Seen(claim_id=CLAIM)
    assert (seen[0].record_id, seen[0].record_version, seen[0].org_path) == (CLAIM, 1, "00.32.3201.320102")
    assert seen[0].time == datetime(2026, 11, 20, 9, 12, 33, tzinfo=SHANGHAI)
    assert on_reported.__name__ == "on_reported"


def test_a_view_that_refuses_unknown_members_is_refused_itself() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")

    with pytest.raises(TypeError, match="Strict"):
        consumes("claims.claim.reported.v1", view=Strict)(on_reported.handler)


def test_a_handler_without_the_events_annotation_is_refused() -> None:
    async def handler(tx: object, event: Seen) -> None:
        return None

    with pytest.raises(TypeError, match="Received"):
        consumes("claims.claim.reported.v1")(handler)


@pytest.mark.parametrize(
    "change",
    [{"id": "x"}, {"specversion": "0.3"}, {"recordversion": 0}, {"orgpath": "a'b"}, {"data": []}, {"type": "a.b.c"}],
)
def test_what_is_no_event_of_its_subject_is_unreadable_and_no_value_is_quoted(change: dict) -> None:
    body = json.dumps(document(reported()) | change).encode()
    with pytest.raises(Unreadable) as refused:
        decode(body, ClaimReported.SUBJECT)
    assert refused.value.reason == "invalid_event"
    assert "a'b" not in str(refused.value)


def test_the_written_promise_allows_more_members_and_never_null() -> None:
    schema = json_schemas([ClaimReported])["claims.claim.reported.v1"]
    assert schema["title"] == "claims.claim.reported.v1"
    assert schema["required"] == ["claim_id", "loss_at"]
    assert schema["properties"]["estimated_amount"]["type"] == "string"
    assert "additionalProperties" not in json.dumps(schema)
    assert "null" not in json.dumps(schema)
    assert "from" in schema["$defs"]["Period"]["properties"]
    with pytest.raises(ValueError, match="two payloads"):
        json_schemas([ClaimReported, ClaimReported])
