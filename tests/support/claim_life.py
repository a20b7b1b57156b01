"""The life of a claim through HTTP up to complete papers, a clock that tests move, and events as they arrive."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert, select

from services.claims.claim.tables import Claim
from services.claims.consumers import CONSUMERS
from services.claims.deadlines.handlers import TICKS
from shared.actor import Actor, machine
from shared.attachments import attachments
from shared.clock import SHANGHAI, process_now, rfc3339
from shared.directory import directory_appointments
from shared.inbox import Arrival, Inbox, Outcome
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, person

SUB, SIBLING, CENTRAL, BRANCH = "00.32.3201.320102", "00.32.3201.320104", "00.32.3201", "00.32"
FAR = "00.32.3202.320205"
AGENT, ADJUSTER, SURVEYOR = (actor(position, SUB) for position in ("service_agent", "adjuster", "surveyor"))
BRANCH_APPROVER = actor("claims_approver", BRANCH)
POLICY_NO = "PPA2026-32-000001"


class MovedClock:
    """The clock file: every process of the test sees the instant that is set, and time goes on from there."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_text("0", encoding="ascii")

    def set(self, at: str) -> None:
        """`2026-04-18T02:40`, Asia/Shanghai."""
        wanted = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
        self.file.write_text(str((wanted - datetime.now(UTC)).total_seconds()), encoding="ascii")


def report(**changes: Any) -> dict[str, Any]:
    """A first notice of two hours ago about one injured person."""
    body = {
        "channel": "phone",
        "reporter": {"name": "欧阳岚", "phone": "13800001234", "relation": "insured"},
        "policy_no": POLICY_NO,
        "unit_code": "320102",
        "loss_at": rfc3339(process_now() - timedelta(hours=2)),
        "place": "演示路1号",
        "injured": [{"name": "司徒海", "id_no": "11010519491231002X"}],
        "injured_count": 1,
        "death_count": 0,
        "estimated_amount": "5000.00",
    }
    return body | changes


def policy_version(**changes: Any) -> dict[str, Any]:
    """The event's data of one version of a policy that began on 1 February 2026."""
    body = {
        "policy_id": str(person("policy")), "policy_no": POLICY_NO, "policy_version": 1,
        "made_at": "2026-01-20T10:00:00+08:00", "effective_at": "2026-02-01T00:00:00+08:00", "status": "in_force",
        "customer_id": str(person("customer")), "product": "group_accident", "line": "accident", "business": "group",
        "period": {"starts_at": "2026-02-01T00:00:00+08:00", "ends_at": "2027-02-01T00:00:00+08:00"},
        "cover": {"basis": "group"}, "exclusions": [], "insured_count": 500, "reinsured": False, "unit_code": "320102",
    }  # fmt: skip
    return body | changes


def told(
    subject: str, data: Mapping[str, Any], *, record: UUID | None = None, version: int = 1, at: str = ""
) -> Arrival:
    """An event of another service as it arrives."""
    event = {
        "specversion": "1.0", "id": str(uuid4()), "source": subject.split(".")[0], "type": subject.rpartition(".")[0],
        "subject": str(record or uuid4()), "time": at or rfc3339(process_now()), "datacontenttype": "application/json",
        "dataschema": "/asyncapi.json#", "orgpath": "00.32", "recordversion": version, "traceparent": "00-0-0-00",
        "data": dict(data),
    }  # fmt: skip
    return Arrival.of(subject, json.dumps(event).encode())


@dataclass
class ClaimLife:
    """Steps of one claim, each with the version that it is at."""

    service: ServiceUnderTest
    ids: list[str] = field(default_factory=list)

    async def hear(self, *arrivals: Arrival) -> None:
        """Take events in, in this order; each one has its effect."""
        inbox = Inbox(self.service.db, CONSUMERS)
        for one in arrivals:
            taken = await inbox.take(one)
            assert taken.outcome is Outcome.APPLIED, taken

    async def policy(self, **changes: Any) -> None:
        await self.hear(told("policy.policy.issued.v1", policy_version(**changes)))

    async def appoint(self, who: Actor, path: str | None = None) -> None:
        """Make the directory know a surveyor."""
        at = path or who.scope
        row = {
            "appointment_id": uuid4(), "person_id": who.person_id, "staff_no": who.staff_no, "position": who.position,
            "unit_code": at.split(".")[-1], "path": at, "from_on": date(2020, 1, 1), "to_on": None, "record_version": 1,
        }  # fmt: skip
        async with self.service.db.transaction(machine("claims")) as tx:
            await tx.execute(insert(directory_appointments).values(**row))

    async def reported(self, who: Actor = AGENT, **changes: Any) -> str:
        answer = await self.service.post(who, "/v1/claims", report(**changes))
        assert answer.status_code == 201, answer.text
        self.ids.append(answer.json()["id"])
        return answer.json()["id"]

    async def row(self, claim_id: str) -> Claim:
        async with self.service.db.transaction(machine("claims")) as tx:
            return await tx.scalar(select(Claim).where(Claim.id == UUID(claim_id)))

    async def step(
        self, who: Actor, claim_id: str, below: str, body: Mapping[str, Any], *, dry_run: bool = False, **options: Any
    ) -> httpx.Response:
        """A POST below the claim, at its present version."""
        version = options.pop("version", None) or (await self.row(claim_id)).version
        path = f"/v1/claims/{claim_id}/{below}" + ("?dry_run=true" if dry_run else "")
        return await self.service.post(who, path, dict(body), version=version, **options)

    async def done(self, who: Actor, claim_id: str, below: str, body: Mapping[str, Any], **options: Any) -> Any:
        """The same, and it succeeded; its answer."""
        answer = await self.step(who, claim_id, below, body, **options)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def registered(self, **changes: Any) -> str:
        """A claim registered without a survey."""
        claim_id = await self.reported(**changes)
        body = {"reserve_amount": "5000.00", "reason": "first estimate", "no_survey_reason": "small sum, clear facts"}
        await self.done(ADJUSTER, claim_id, "registrations", body)
        return claim_id

    async def collect(self, claim_id: str, *codes: str, who: Actor = ADJUSTER, **more: Any) -> Any:
        return await self.done(who, claim_id, "documents", {"items": [{"code": one} for one in codes], **more})

    async def file(self, claim_id: str) -> str:
        """A file of the claim, as its upload would have left it."""
        row = await self.row(claim_id)
        own = uuid4()
        values = {
            "id": own, "version": 1, "org_path": row.org_path, "record_type": "claim", "record_id": row.id,
            "kind": "document", "file_name": "a.pdf", "media_type": "application/pdf", "size": 1, "sha256": b"0" * 32,
            "scan_state": "not_scanned", "uploaded_by": ADJUSTER.person_id, "created_at": row.created_at,
            "updated_at": row.created_at,
        }  # fmt: skip
        async with self.service.db.transaction(machine("claims")) as tx:
            await tx.execute(insert(attachments).values(**values))
        return str(own)

    async def read(self, claim_id: str, who: Actor = ADJUSTER) -> Any:
        answer = await self.service.get(who, f"/v1/claims/{claim_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def deadlines(self, claim_id: str) -> dict[str, Any]:
        return {one["id"]: one for one in (await self.read(claim_id))["deadlines"]}

    async def watch(self) -> int:
        """One pass of what time brings."""
        return sum([await run_once(self.service.db, tick) for tick in TICKS])

    async def events(self, subject: str) -> list[Any]:
        rows = await self.service.rows(kernel.tables["outbox"], subject=subject)
        return [row["event"]["data"] for row in rows]

    async def items(self, claim_id: str) -> dict[str, Any]:
        """Open work of the claim by kind."""
        rows = await self.service.rows(kernel.tables["work_items"], record_id=UUID(claim_id))
        return {row["kind"]: row for row in rows if row["closed_at"] is None}

    async def traces(self) -> tuple[int, int, list[str]]:
        """How many events and entries there are, and the outcome of every entry."""
        entries = await self.service.rows(kernel.tables["audit_entries"])
        outcomes = [row["outcome"] for row in sorted(entries, key=lambda row: (row["at"], row["chain"], row["n"]))]
        return len(await self.service.rows(kernel.tables["outbox"])), len(entries), outcomes

    async def refused(
        self, answer: httpx.Response, status: int, code: str, before: tuple[int, int, Sequence[str]]
    ) -> None:
        """The refusal, no event, and one entry of a 403, 404 or 409 but none of a 422."""
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        events, entries, outcomes = await self.traces()
        assert events == before[0]
        assert entries == before[1] + (status in (403, 404, 409))
        assert outcomes.count("refused") == list(before[2]).count("refused") + (status in (403, 404, 409))
