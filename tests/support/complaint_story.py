"""One complaint through the gateway, step by step, each step taken by whom `who` names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from shared.kernel import kernel
from shared.notices import notices
from tests.support.complaint_world import REPLY, complaint
from tests.support.gateway import SignedIn
from tests.support.journeys import ago
from tests.support.sample_files import pdf
from tests.support.system import System


async def officers(system: System) -> list[SignedIn]:
    """The two officers of the branch."""
    return [await system.enter("complaint_officer", "32", number) for number in (0, 1)]


def staff_no(person: SignedIn) -> str:
    """The demonstration's people sign in by their staff numbers."""
    return person.login.upper()


async def upload(system: System, who: SignedIn) -> str:
    """A scan that belongs to no record yet; its id."""
    answer = await system.gateway.post(
        who, "/v1/complaints/uploads", files={"file": ("a.pdf", pdf())}, data={"kind": "scan"}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@dataclass
class ComplaintStory:
    """A complaint, read by the auditor of head office, whom nothing concerns. `who`: position@unit, or a person."""

    system: System
    told: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/v1/complaints/{self.told['id']}"

    async def person(self, who: str | SignedIn) -> SignedIn:
        if isinstance(who, SignedIn):
            return who
        position, _, unit = who.partition("@")
        return await self.system.enter(position, unit)

    async def seen_by(self, who: str | SignedIn, below: str = "") -> httpx.Response:
        return await self.system.gateway.get(await self.person(who), self.path + below)

    async def read(self, who: str | SignedIn = "auditor@00", below: str = "") -> dict[str, Any]:
        answer = await self.seen_by(who, below)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def step(self, who: str | SignedIn, below: str, body: Mapping[str, Any], **options: Any) -> httpx.Response:
        """A fact below the complaint at its present version."""
        version = (await self.read())["version"]
        path = f"{self.path}/{below}"
        return await self.system.gateway.post(await self.person(who), path, dict(body), version=version, **options)

    async def done(self, who: str | SignedIn, below: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.step(who, below, body)
        assert answer.status_code == 201, f"{below}: {answer.text}"
        return answer.json()

    async def refused(
        self, status: int, code: str, who: str | SignedIn, below: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The step is refused so, by the problem or one of its parts, and the complaint stays as it was."""
        before = (await self.read())["version"]
        answer = await self.step(who, below, body)
        codes = {answer.json()["code"], *(one["code"] for one in answer.json().get("errors", ()))}
        assert (answer.status_code, code in codes) == (status, True), answer.text
        assert (await self.read())["version"] == before
        return answer.json()

    async def officer(self) -> SignedIn:
        """Whoever of the branch handles it now."""
        handles = (await self.read())["officer"]["person_id"]
        return next(one for one in await officers(self.system) if one.id == handles)

    async def in_work(self) -> SignedIn:
        """Identity checked, given to an officer, looked into; the officer."""
        await self.done("service_agent@3201", "identity-checks", {"result": "confirmed"})
        await self.done("department_head@32", "assignments", {})
        officer = await self.officer()
        await self.done(officer, "investigations", {"kind": "contact", "step": "与投诉人通话", "party": "complainant"})
        return officer

    async def answered(self, officer: SignedIn) -> None:
        """Decided, and the complainant told by phone."""
        await self.done(officer, "decisions", REPLY)
        told = {"method": "phone", "notified_at": ago(), "proof_reference": "REC-1"}
        await self.done(officer, "notifications", told)

    async def messages(self, kind: str) -> list[str]:
        """The short messages of this kind to the complainant, in order."""
        mine = notices.select().where(notices.c.record_id == self.told["id"], notices.c.kind == kind)
        return [row["body"] for row in await self.system.rows("complaints", mine.order_by(notices.c.id))]

    async def items(self) -> set[str]:
        """The kinds of work that are open on it."""
        items = kernel.tables["work_items"]
        mine = items.select().where(items.c.record_id == self.told["id"], items.c.closed_at.is_(None))
        return {row["kind"] for row in await self.system.rows("complaints", mine)}

    async def events(self) -> list[str]:
        """What was told of it, in order: the last step of each subject."""
        return [row["subject"].split(".")[2] for row in await self.system.told("complaints", self.told["id"])]


async def taken_in(system: System, who: str = "service_agent@3201", **changes: Any) -> ComplaintStory:
    """A complaint of just now."""
    position, _, unit = who.partition("@")
    agent = await system.enter(position, unit)
    answer = await system.gateway.post(agent, "/v1/complaints", complaint(**changes))
    assert answer.status_code == 201, answer.text
    return ComplaintStory(system, answer.json())
