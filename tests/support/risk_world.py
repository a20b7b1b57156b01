"""Policies and claims as their services announce them, taken in by the risk service in whatever order a test wants."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.risk.consumers import CONSUMERS
from shared.actor import Actor, machine
from shared.clock import SHANGHAI, process_now, rfc3339
from shared.directory import directory_appointments, directory_persons
from shared.events import type_of
from shared.inbox import Arrival, Inbox
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

PATH = "00.32.3201.320102"
ENGINEER = actor("risk_engineer", "00.32.3201", name="engineer")
ELSEWHERE = actor("risk_engineer", "00.32.3202", name="engineer-3202")
ISSUED, ENDORSED = "policy.policy.issued.v1", "policy.policy.endorsed.v1"
SECTIONS = {
    name: {"text": "已检查，情况良好。"}
    for name in (
        "management_attitude", "safety_rules", "address", "safety_facilities", "products", "process_flow", "hazards",
        "accident_history",
    )
}  # fmt: skip
HAZARD = {
    "description": "反应釜安全阀失效", "likelihood": "3", "exposure": "6", "consequence": "15",
    "probable_maximum_loss": "2400000.00", "reasoning": "一次爆炸波及一个车间",
}  # fmt: skip

INSPECTOR_SIGNS = {"side": "inspector", "method": "electronic"}
CUSTOMER_SIGNS = {
    "side": "customer", "method": "handwritten", "signer_name": "欧阳岚", "signer_role": "安全负责人",
}  # fmt: skip


def event(subject: str, record_id: UUID, data: dict[str, Any], version: int = 1, **changes: Any) -> Arrival:
    """One event as it arrives."""
    document = {
        "specversion": "1.0", "id": str(uuid4()), "source": subject.split(".")[0], "type": type_of(subject),
        "subject": str(record_id), "time": rfc3339(process_now()), "datacontenttype": "application/json",
        "dataschema": subject, "orgpath": PATH, "recordversion": version,
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "data": data,
    }  # fmt: skip
    return Arrival.of(subject, json.dumps(document | changes).encode())


async def hear(service: ServiceUnderTest, *arrivals: Arrival) -> None:
    """Take these events in; each must have its effect."""
    inbox = Inbox(service.db, CONSUMERS)
    for one in arrivals:
        taken = await inbox.take(one)
        assert str(taken.outcome) in ("applied", "seen"), taken


def policy(starts: date, *, number: int = 1, **changes: Any) -> dict[str, Any]:
    """A version of a policy of one year from `starts`."""
    begins = datetime(starts.year, starts.month, starts.day, tzinfo=SHANGHAI)
    told = {
        "policy_id": str(changes.pop("policy_id", uuid4())), "policy_no": "PLL-1", "policy_version": number,
        "customer_id": str(changes.pop("customer_id", uuid4())), "product": "public_liability", "line": "liability",
        "compulsory": False, "risk_level": "medium", "insured_count": 1, "unit_code": "320102",
        "period": {"starts_at": rfc3339(begins), "ends_at": rfc3339(begins.replace(year=begins.year + 1))},
        "cover": {"limit_per_accident": "2000000.00", "aggregate_limit": "4000000.00"},
    }  # fmt: skip
    return told | changes


def claim(customer_id: str, policy_id: str | None = None, **changes: Any) -> dict[str, Any]:
    """A report of a loss of two hours ago."""
    told = {
        "claim_id": str(uuid4()), "customer_id": customer_id, "policy_id": policy_id,
        "loss_at": rfc3339(process_now() - timedelta(hours=2)), "injured_count": 0, "death_count": 0,
    }  # fmt: skip
    return told | changes


async def appoint(service: ServiceUnderTest, *people: Actor) -> None:
    """Put these people into the service's directory as they are."""
    async with service.db.transaction(machine(service.service)) as tx:
        for one in people:
            told = {"person_id": one.person_id, "staff_no": one.staff_no, "record_version": 1}
            await tx.execute(directory_persons.insert().values(**told, active=True, digests=[]))
            row = told | {
                "appointment_id": one.appointment_id, "position": one.position, "unit_code": one.unit_code,
                "path": one.scope, "from_on": date(2020, 1, 1), "to_on": None,
            }  # fmt: skip
            await tx.execute(directory_appointments.insert().values(**row))
