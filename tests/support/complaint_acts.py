"""Acts on a complaint that several tests need: a file beforehand, a decision told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import update

from services.complaints.complaint.tables import Complaint
from services.complaints.consumers import CONSUMERS
from shared.actor import Actor, machine
from shared.clock import legal_day, process_now, rfc3339
from shared.events import type_of
from shared.inbox import Arrival, Inbox
from tests.support.complaint_world import OFFICER, REPLY, TOLD, act, assigned
from tests.support.services import ServiceUnderTest
from tests.support.tokens import token


def now() -> str:
    return rfc3339(process_now())


def today(days: int = 0) -> str:
    return (legal_day(process_now()) + timedelta(days=days)).isoformat()


async def uploaded(complaints: ServiceUnderTest, who: Actor) -> str:
    """A scan, not yet bound to a record; its id."""
    files = {"file": ("scan.pdf", b"%PDF-1.4\n%%EOF\n", "application/pdf")}
    headers = {"Authorization": f"Bearer {token(who, 'complaints')}", "Idempotency-Key": f'"{uuid4()}"'}
    answer = await complaints.client.post("/v1/complaints/uploads", files=files, data={"kind": "x"}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def set_back(complaints: ServiceUnderTest, told: dict[str, Any], **columns: Any) -> None:
    """As if days had passed."""
    async with complaints.db.transaction(machine("complaints")) as tx:
        await tx.execute(update(Complaint).where(Complaint.id == UUID(told["id"])).values(**columns))


async def working(complaints: ServiceUnderTest, **changes: Any) -> dict[str, Any]:
    """A complaint that an officer is looking into."""
    told = await assigned(complaints, **changes)
    return await act(complaints, OFFICER, told, "investigations", {"step": "核查"})


async def told_of(complaints: ServiceUnderTest, **changes: Any) -> dict[str, Any]:
    """A complaint that was decided and whose complainant knows."""
    told = await working(complaints, **changes)
    told = await act(complaints, OFFICER, told, "decisions", REPLY)
    return await act(complaints, OFFICER, told, "notifications", TOLD | {"notified_at": now()})


async def heard(complaints: ServiceUnderTest, subject: str, record_id: UUID, data: dict[str, Any]) -> None:
    """An event of another service, taken in with its effect."""
    document = {
        "specversion": "1.0", "id": str(uuid4()), "source": subject.split(".")[0], "type": type_of(subject),
        "subject": str(record_id), "time": now(), "datacontenttype": "application/json", "dataschema": subject,
        "orgpath": "00.32.3201.320102", "recordversion": 1,
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "data": data,
    }  # fmt: skip
    taken = await Inbox(complaints.db, CONSUMERS).take(Arrival.of(subject, json.dumps(document).encode()))
    assert str(taken.outcome) in ("applied", "seen"), taken
