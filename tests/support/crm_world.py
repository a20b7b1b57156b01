"""Customers and events as crm meets them: bodies of the core system, events of the other services, visits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

import httpx

from embedded.demonstration.customers import customers
from services.crm.consumers import CONSUMERS
from services.crm.reference.tables import Base
from shared.actor import Actor
from shared.clock import SHANGHAI, process_now, rfc3339
from shared.events import encode
from shared.ids import customer_id
from shared.inbox import Arrival, Inbox, Outcome
from shared.kernel import kernel
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, person

SUB, SIBLING_SUB, CENTRAL, BRANCH = "00.32.3201.320102", "00.32.3201.320104", "00.32.3201", "00.32"
CORE = actor("core_system", "00")
AGENT = actor("service_agent", SUB)
SIBLING = actor("service_agent", SIBLING_SUB)
HEAD = actor("department_head", CENTRAL)
C1 = customer_id("C0001")
CANARIES = ("岚海商贸", "91320100MA", "02500000001", "canary@example.com", "隐秘路77号", "诸葛隐秘", "13800009999")
"""Personal values of `body`, which stand in no event, no log and no history."""

GOOD = {
    "claim_settlement": {
        "attitude": "5", "survey_prompt": "yes", "paid_on_time_and_full": "yes", "decision_explained": "yes",
        "favours_demanded": "no",
    },
    "underwriting": {
        "insuring_convenient": "yes", "cover_fits": "yes", "exclusions_clear": "yes", "signed_in_person": "yes",
        "policy_received": "yes", "attitude": "5",
    },
    "complaint": {"told_of_outcome": "yes", "outcome_accepted": "yes", "promises_kept": "yes", "attitude": "5"},
}  # fmt: skip


def body(version: int = 1, **changes: Any) -> dict[str, Any]:
    """The body of `PUT /v1/core/customers/C0001`."""
    stated = {
        "core_version": version, "kind": "organisation", "name": "岚海商贸有限公司", "id_type": "uscc",
        "id_no": "91320100MA00000000", "phone": "02500000001", "email": "canary@example.com",
        "address": "隐秘路77号", "area_code": "320102", "unit_code": "320102", "team_code": None,
        "manager_staff_no": None, "preferred_channel": "phone",
        "contacts": [{"name": "诸葛隐秘", "role": "safety_head", "phone": "13800009999"}], "merged_into_core_no": None,
    }  # fmt: skip
    return stated | changes


def demonstrated(n: int) -> list[dict[str, Any]]:
    """The first customers of the demonstration, each with its `core_no`."""
    return customers(n)


@dataclass
class CrmWorld:
    """Sends what others send, and looks at what became of it."""

    service: ServiceUnderTest
    path: str = SUB
    versions: Counter[UUID] = field(default_factory=Counter)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self.service.db, CONSUMERS)

    async def put(self, number: str = "C0001", who: Actor = CORE, **stated: Any) -> httpx.Response:
        return await self.service.call(who, "PUT", f"/v1/core/customers/{number}", stated or body())

    def event(
        self, subject: str, record_id: UUID, data: Mapping[str, Any], *, version: int | None = None,
        path: str | None = None, at: datetime | None = None, event_id: UUID | None = None,
    ) -> Arrival:  # fmt: skip
        """One event as it comes; without `version` the next of its record."""
        self.versions[record_id] += 1
        document = {
            "specversion": "1.0", "id": str(event_id or uuid4()), "source": subject.split(".")[0],
            "type": subject.rpartition(".")[0], "subject": str(record_id), "time": rfc3339(at or process_now()),
            "datacontenttype": "application/json", "dataschema": f"/asyncapi.json#/components/schemas/{subject}",
            "orgpath": path or self.path, "recordversion": version or self.versions[record_id], "traceparent": "",
            "data": {name: value for name, value in data.items() if value is not None},
        }  # fmt: skip
        return Arrival.of(subject, encode(document))

    async def take(self, *arrivals: Arrival) -> None:
        """Apply these events in this order; a failure of a handler is raised."""
        for arrival in arrivals:
            taken = await self.inbox.take(arrival)
            if taken.failure is not None:
                raise taken.failure
            assert taken.outcome in (Outcome.APPLIED, Outcome.SEEN)

    async def hear(self, subject: str, record_id: UUID, data: Mapping[str, Any], **options: Any) -> None:
        await self.take(self.event(subject, record_id, data, **options))

    def issued(self, policy_id: UUID, customer: UUID = C1, **changes: Any) -> Arrival:
        """A personal accident policy sold to an individual, issued today: always visited."""
        today = process_now().date().isoformat()
        data = {
            "policy_id": str(policy_id), "policy_no": "PPA-1", "policy_version": 1, "made_at": rfc3339(process_now()),
            "effective_at": rfc3339(process_now()), "status": "in_force", "customer_id": str(customer),
            "product": "personal_accident", "line": "accident", "business": "individual", "compulsory": False,
            "period": {"starts_at": rfc3339(process_now()), "ends_at": rfc3339(process_now() + timedelta(days=365))},
            "cover": {}, "exclusions": [], "premium": "365.00", "premium_delta": "365.00", "change_kind": "issue",
            "insured_count": 1, "seller_id": str(person("seller")), "risk_level": "low", "reinsured": False,
            "unit_code": "320102", "issued_on": today, "imported": False,
        }  # fmt: skip
        return self.event("policy.policy.issued.v1", policy_id, data | changes)

    def reported(self, claim_id: UUID, *, version: int = 1, **changes: Any) -> Arrival:
        data = {
            "claim_id": str(claim_id), "claim_no": "C2026-32-000001", "customer_id": str(C1), "line": "accident",
            "loss_at": "2026-04-18T01:30:00+08:00", "reported_at": "2026-04-18T02:40:00+08:00", "injured_count": 1,
            "death_count": 0, "estimated_amount": "5000.00",
        }  # fmt: skip
        return self.event("claims.claim.reported.v1", claim_id, data | changes, version=version)

    def settled(self, claim_id: UUID, *, version: int = 9, **changes: Any) -> Arrival:
        data = {
            "claim_id": str(claim_id), "customer_id": str(C1), "outcome": "paid", "gross_amount": "3268.00",
            "paid_amount": "3268.00", "by_limit": [], "settled_at": "2026-04-23T15:00:00+08:00",
        }  # fmt: skip
        return self.event("claims.claim.settled.v1", claim_id, data | changes, version=version)

    def of_claim(self, verb: str, claim_id: UUID, *, version: int, **data: Any) -> Arrival:
        return self.event(f"claims.claim.{verb}.v1", claim_id, {"claim_id": str(claim_id)} | data, version=version)

    async def visit(self, claim_id: UUID | None = None, **settled: Any) -> dict[str, Any]:
        """The visit after a settlement that happened today, as an agent of the customer's unit reads it."""
        claim = claim_id or uuid4()
        moment = rfc3339(process_now().astimezone(SHANGHAI) - timedelta(minutes=1))
        await self.take(self.settled(claim, **{"settled_at": moment, **settled}))
        [row] = await self.rows("return_visits", about_id=claim)
        return (await self.service.get(AGENT, f"/v1/return-visits/{row['id']}")).json()

    async def attempt(
        self, visit_id: Any, who: Actor = AGENT, version: int | None = None, **stated: Any
    ) -> httpx.Response:
        path = f"/v1/return-visits/{visit_id}/attempts"
        return await self._fact(path, {"mode": "phone"} | stated, who, "return_visits", visit_id, version)

    async def complete(
        self, visit_id: Any, who: Actor = AGENT, version: int | None = None, **stated: Any
    ) -> httpx.Response:
        said = {"mode": "phone", "recording_ref": "REC-1", "answers": GOOD["claim_settlement"]}
        path = f"/v1/return-visits/{visit_id}/completions"
        return await self._fact(path, said | stated, who, "return_visits", visit_id, version)

    async def follow_up(self, finding_id: Any, who: Actor = HEAD, **stated: Any) -> httpx.Response:
        done = {"action": "explained", "text": "已向客户说明", "fixed": True}
        return await self._fact(
            f"/v1/findings/{finding_id}/follow-ups", done | stated, who, "findings", finding_id, None
        )

    async def _fact(
        self, path: str, said: Any, who: Actor, table: str, record_id: Any, version: int | None
    ) -> httpx.Response:
        if version is None:
            [row] = await self.rows(table, id=UUID(str(record_id)))
            version = row["version"]
        return await self.service.post(who, path, said, version=version)

    async def rows(self, table: str, **where: Any) -> list[Mapping[str, Any]]:
        tables = Base.metadata.tables
        return await self.service.rows(tables[table] if table in tables else kernel.tables[table], **where)

    async def subjects(self) -> list[str]:
        """What was published, in order."""
        return [one["subject"] for one in await self.rows("outbox")]

    async def timeline(self, customer: UUID = C1, who: Actor = AGENT) -> list[dict[str, Any]]:
        answer = await self.service.get(who, f"/v1/customers/{customer}/timeline?limit=200")
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]
