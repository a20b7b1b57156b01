"""One application through the gateway: every step is taken by whom `who` names, position or position@unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from embedded.demonstration.customers import customers
from shared.clock import process_now, rfc3339
from tests.support.gateway import SignedIn
from tests.support.risk_world import CUSTOMER_SIGNS, INSPECTOR_SIGNS, SECTIONS
from tests.support.system import System

ASSESSED = {
    "score": 78, "factors": [{"factor": "消防设施", "finding": "喷淋覆盖不足", "points": -12}],
    "advice": ["三个月内补装仓库喷淋"], "summary": "总体风险中等。",
}  # fmt: skip
SIGNER = {"role": "legal_representative", "name": "陈岚"}


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

    async def surveyed(self, surveyor: SignedIn, engineer: SignedIn) -> None:
        """The surveyor looks at the place as risk was asked to, both sides sign; the engineer assesses it."""
        await self.system.drain()
        gate, here = self.system.gateway, {"application_id": self.application["id"]}
        visits = (await gate.get(surveyor, "/v1/inspections?kind=pre_bind")).json()["items"]
        [visit] = [one for one in visits if one["application_id"] == self.application["id"]]
        acts = (
            ("schedules", {"scheduled_at": now(), "inspector_person_id": surveyor.id}),
            ("reports", {"inspected_at": now(), "risk_level": "medium", "sections": SECTIONS}),
            ("signatures", INSPECTOR_SIGNS), ("signatures", CUSTOMER_SIGNS),
        )  # fmt: skip
        for act, body in acts:
            signed = {"signed_at": now()} if act == "signatures" else {}
            version = (await gate.get(surveyor, f"/v1/inspections/{visit['id']}")).json()["version"]
            path = f"/v1/inspections/{visit['id']}/{act}"
            answer = await gate.post(surveyor, path, body | signed, version=version)
            assert answer.status_code == 201, f"{act}: {answer.text}"
        drafted = await gate.post(engineer, "/v1/risk-assessments", ASSESSED | here | {
            "customer_id": self.application["customer_id"], "inspection_id": visit["id"],
        })  # fmt: skip
        assert drafted.status_code == 201, drafted.text
        handed = {"handed_over": {"at": now(), "method": "in_person", "received_by": "安全负责人"}}
        path = f"/v1/risk-assessments/{drafted.json()['id']}/signatures"
        answer = await gate.post(engineer, path, handed, version=1)
        assert answer.status_code == 201, answer.text
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
