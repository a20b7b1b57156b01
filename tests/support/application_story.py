"""One application through the gateway: every step is taken by whom `who` names, position or position@unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

import httpx

from embedded.demonstration.customers import customers
from shared.actor import machine
from shared.clock import process_now, rfc3339
from shared.events import Payload
from tests.support.gateway import SignedIn
from tests.support.system import System

ABOUT = {"application_id": "id", "customer_id": "customer_id"}
SIGNER = {"role": "legal_representative", "name": "陈岚"}


class SurveySigned(Payload):
    """What risk announces of a survey before cover, as its inspector's report says."""

    SUBJECT: ClassVar[str] = "risk.inspection.completed.v1"

    inspection_id: UUID
    application_id: UUID
    customer_id: UUID
    kind: str = "pre_bind"
    risk_level: str = "medium"
    hazards: dict[str, int] = {}
    inspector_id: UUID
    inspected_at: datetime
    signed_at: datetime


class RiskAssessed(Payload):
    """What risk announces of an assessment that was signed and handed over."""

    SUBJECT: ClassVar[str] = "risk.assessment.signed.v1"

    assessment_id: UUID
    application_id: UUID
    customer_id: UUID
    score: int = 78
    level: str = "medium"
    assessor_id: UUID
    signed_at: datetime


@dataclass(frozen=True)
class _About:
    id: UUID
    org_path: str


async def customer(system: System, number: int = 1) -> dict[str, Any]:
    """The demonstration's `number`-th customer, brought in by the core system; with its id."""
    body = customers(number)[number - 1]
    path = f"/v1/core/customers/{body.pop('core_no')}"
    answer = await system.gateway.call(await system.core(), "PUT", path, body)
    assert answer.status_code in (200, 201), answer.text
    await system.drain()
    return body | {"id": answer.json()["id"], "core_no": path.rpartition("/")[2]}


@dataclass
class ApplicationStory:
    """One application and the unit that handles it."""

    system: System
    unit: str
    application: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/v1/applications/{self.application['id']}"

    async def person(self, who: str) -> SignedIn:
        position, _, unit = who.partition("@")
        return await self.system.enter(position, unit or self.unit)

    async def read(self, below: str = "") -> dict[str, Any]:
        answer = await self.system.gateway.get(await self.person("sales_agent"), self.path + below)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def step(self, who: str | SignedIn, below: str, body: Mapping[str, Any], **options: Any) -> httpx.Response:
        """A fact below the application at its present version."""
        person = who if isinstance(who, SignedIn) else await self.person(who)
        version = (await self.read())["version"]
        return await self.system.gateway.post(person, f"{self.path}/{below}", dict(body), version=version, **options)

    async def done(self, who: str | SignedIn, below: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.step(who, below, body)
        assert answer.status_code == 201, f"{below}: {answer.text}"
        return answer.json()

    async def refused(self, status: int, code: str, who: str | SignedIn, below: str, body: Mapping[str, Any]) -> None:
        """The step is refused so, and the application stays as it was."""
        before = (await self.read())["version"]
        answer = await self.step(who, below, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert (await self.read())["version"] == before

    async def clauses(self, *kinds: str) -> list[dict[str, str]]:
        """The clauses of these kinds in the wording in force."""
        seller = await self.person("sales_agent")
        product = self.application["product"]
        found = (await self.system.gateway.get(seller, f"/v1/products?code={product}")).json()["items"][0]
        versions = (await self.system.gateway.get(seller, f"/v1/products/{found['id']}")).json()["versions"]
        return [
            {"clause_id": one["clause_id"], "text_version": one["text_version"]}
            for one in versions[-1]["content"]["clauses"]
            if one["kind"] in kinds
        ]

    async def acknowledgement(self, kind: str, *clause_kinds: str, **changes: Any) -> dict[str, Any]:
        """The body of an acknowledgement of every clause of these kinds, now."""
        body = {
            "kind": kind, "clauses": await self.clauses(*clause_kinds), "method": "seal", "signer": SIGNER,
            "evidence_ref": "确认书扫描件", "acknowledged_at": now(),
        }  # fmt: skip
        return body | changes

    async def answers(self, given: Mapping[str, str]) -> dict[str, Any]:
        body = {
            "question_version": "2026-01", "answered_at": now(), "signer": SIGNER,
            "answers": [{"code": code, "value": value} for code, value in given.items()],
        }  # fmt: skip
        return await self.done("sales_agent", "answers", body)

    async def surveyed(self, inspector_id: str) -> None:
        """Risk announces the survey and the assessment, signed now."""
        ids: dict[str, Any] = {name: UUID(self.application[told]) for name, told in ABOUT.items()}
        at = process_now()
        async with self.system.workers["risk"].database.transaction(machine("risk")) as tx:
            survey = SurveySigned(
                inspection_id=uuid4(), inspector_id=UUID(inspector_id), inspected_at=at, signed_at=at,
                **ids,
            )  # fmt: skip
            assessed = RiskAssessed(
                assessment_id=uuid4(), assessor_id=UUID(inspector_id), signed_at=at,
                **ids,
            )  # fmt: skip
            tx.publish(survey, _About(survey.inspection_id, self.application["org_path"]))
            tx.publish(assessed, _About(assessed.assessment_id, self.application["org_path"]))
        await self.system.drain()


def now() -> str:
    return rfc3339(process_now())


async def opened(system: System, unit: str, body: Mapping[str, Any]) -> ApplicationStory:
    """An application that the unit's own seller opens."""
    seller = await system.enter("sales_agent", unit)
    answer = await system.gateway.post(seller, "/v1/applications", dict(body))
    assert answer.status_code == 201, answer.text
    return ApplicationStory(system, unit, answer.json())


SIGNED: dict[str, Any] = {"method": "seal", "evidence_ref": "投保单盖章页", "signer": SIGNER}
"""The signature under a form, without its time."""
