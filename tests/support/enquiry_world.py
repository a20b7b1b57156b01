"""Desks and enquiries as the tests make them: people appointed, a policy known, acts at the present version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert

from shared.actor import Actor, machine
from shared.directory import directory_appointments, directory_persons
from shared.ticks import run_once
from tests.support.crm_world import BRANCH, C1, CENTRAL, SIBLING_SUB, SUB, CrmWorld
from tests.support.tokens import actor

AGENT, OTHER = actor("service_agent", SUB), actor("service_agent", SUB, name="second agent")
SIBLING = actor("service_agent", SIBLING_SUB)
CENTRAL_AGENT, BRANCH_AGENT = actor("service_agent", CENTRAL), actor("service_agent", BRANCH)
HEAD = actor("department_head", CENTRAL)
FOREIGN = actor("service_agent", "00.33.3301")
HOURS = [["00:00", "12:00"], ["12:00", "23:59"]]
"""Nearly the whole day, so that a test that runs at night finds working time."""
PAPERS = {"name": "欧阳岚", "phone": "13800001234", "relation": "insured"}


@dataclass
class EnquiryWorld(CrmWorld):
    """The crm service with desks."""

    async def appoint(self, *people: Actor) -> None:
        """Make the directory know these people in their positions."""
        rows = [
            {
                "appointment_id": uuid4(), "person_id": one.person_id, "staff_no": one.staff_no,
                "position": one.position, "unit_code": one.unit_code, "path": one.scope, "from_on": date(2020, 1, 1),
                "to_on": None, "record_version": 1,
            }
            for one in people
        ]  # fmt: skip
        persons = [
            {"person_id": one.person_id, "staff_no": one.staff_no, "active": True, "digests": [], "record_version": 1}
            for one in {one.person_id: one for one in people}.values()
        ]
        async with self.service.db.transaction(machine("crm")) as tx:
            await tx.execute(insert(directory_appointments), rows)
            await tx.execute(insert(directory_persons), persons)

    async def staff(self, *people: Actor, hours: Any = HOURS, head: Actor = HEAD) -> httpx.Response:
        """The desk of the people's unit."""
        body = {"people": [{"staff_no": one.staff_no, "full_time": True} for one in people], "hours": hours}
        return await self.service.call(head, "PUT", f"/v1/desks/{people[0].unit_code}", body)

    async def desks(self) -> None:
        """The people of two units under one central branch, each with its desk."""
        await self.appoint(AGENT, OTHER, SIBLING)
        for people in ((AGENT, OTHER), (SIBLING,)):
            answer = await self.staff(*people)
            assert answer.status_code == 200, answer.text

    async def insured(self, number: str = "PPA-1") -> UUID:
        """A customer of the core system with a policy."""
        policy = uuid4()
        assert (await self.put()).status_code == 200
        await self.take(self.issued(policy, policy_no=number))
        return policy

    async def ask(self, who: Actor = AGENT, **changes: Any) -> httpx.Response:
        body = {"kind": "consult", "channel": "phone", "question": "雇主责任险怎么理赔？", "asker": PAPERS} | changes
        return await self.service.post(who, "/v1/enquiries", body)

    async def asked(self, who: Actor = AGENT, **changes: Any) -> str:
        answer = await self.ask(who, **changes)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def act(
        self, enquiry_id: str, below: str, body: Mapping[str, Any], who: Actor = AGENT, version: int | None = None
    ) -> httpx.Response:
        """A fact below the enquiry at its present version."""
        at = version or (await self.enquiry(enquiry_id))["version"]
        return await self.service.post(who, f"/v1/enquiries/{enquiry_id}/{below}", body, version=at)

    async def enquiry(self, enquiry_id: str) -> Mapping[str, Any]:
        [row] = await self.rows("enquiries", id=UUID(enquiry_id))
        return row

    async def read(self, enquiry_id: str, who: Actor = AGENT) -> dict[str, Any]:
        answer = await self.service.get(who, f"/v1/enquiries/{enquiry_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def items(self, enquiry_id: str) -> dict[str, Mapping[str, Any]]:
        """Open work about it, by kind."""
        rows = await self.rows("work_items", record_id=UUID(enquiry_id))
        return {one["kind"]: one for one in rows if one["closed_at"] is None}

    async def tick(self, *ticks: Any) -> int:
        return sum([await run_once(self.service.db, one) for one in ticks])

    async def origin_event(self, subject: str, enquiry_id: str, **data: Any) -> UUID:
        """The first event of a record that grew out of an enquiry."""
        record = uuid4()
        named = {"claims.claim.reported.v1": "claim_id", "complaints.complaint.registered.v1": "complaint_id"}
        told = {named.get(subject, "application_id"): str(record), "origin": {"kind": "enquiry", "id": enquiry_id}}
        await self.hear(subject, record, {**told, "customer_id": str(C1), **data})
        return record
