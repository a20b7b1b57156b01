"""What the stories have in common: policies of the demonstration, and the steps of one claim through the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from embedded.demonstration.customers import customers
from embedded.demonstration.story import story_policies
from shared.clock import legal_day, process_now, rfc3339
from tests.support.claim_life import MovedClock
from tests.support.gateway import SignedIn
from tests.support.system import System

PUBLIC, ONE_PERSON, EMPLOYERS, NIGHT, CHEMICAL = range(5)
"""The policies of the demonstration's stories, in their order."""


def ago(**span: float) -> str:
    """An instant so long before now."""
    return rfc3339(process_now() - timedelta(**span))


def move(system: System, clock: MovedClock, at: str) -> None:
    """It is `at` now (`2026-04-18T02:40`, Asia/Shanghai) for everybody, who signs in anew."""
    clock.set(at)
    system.forget_sign_ins()


async def sold(system: System, story: int, **changes: Any) -> dict[str, Any]:
    """Bring the story's customer and policy in as the core system would, with these `changes` of the policy; what the
    gateway answered to the policy."""
    core = await system.core()
    body = story_policies(legal_day(process_now()))[story] | changes
    customer = next(one for one in customers(story + 1) if one["core_no"] == body["customer_core_no"])
    number = body.pop("policy_no")
    for path, stated in (
        (f"/v1/core/customers/{customer.pop('core_no')}", customer),
        (f"/v1/core/policies/{number}", body),
    ):
        answer = await system.gateway.call(core, "PUT", path, stated)
        assert answer.status_code in (200, 201), answer.text
    await system.drain()
    return answer.json() | {"policy_no": number, "unit_code": body["unit_code"]}


@dataclass
class ClaimStory:
    """One claim and the unit that handles it. Every step is taken by whom `who` names: position, or position@unit."""

    system: System
    unit: str
    claim: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/v1/claims/{self.claim['id']}"

    async def person(self, who: str) -> SignedIn:
        position, _, unit = who.partition("@")
        return await self.system.enter(position, unit or self.unit)

    async def read(self, who: str = "adjuster", below: str = "") -> dict[str, Any]:
        answer = await self.system.gateway.get(await self.person(who), self.path + below)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def step(
        self, who: str, below: str, body: Mapping[str, Any], *, method: str = "POST", **options: Any
    ) -> httpx.Response:
        """A fact below the claim at its present version."""
        version = (await self.read())["version"]
        person = await self.person(who)
        return await self.system.gateway.call(
            person, method, f"{self.path}/{below}", dict(body), version=version, **options
        )

    async def done(self, who: str, below: str, body: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        answer = await self.step(who, below, body, **options)
        assert answer.status_code in (200, 201), f"{below}: {answer.text}"
        return answer.json()

    async def refused(self, status: int, code: str, who: str, below: str, body: Mapping[str, Any]) -> None:
        """The step is refused so, and the claim stays as it was."""
        before = await self.read()
        answer = await self.step(who, below, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert (await self.read())["version"] == before["version"]

    async def papers(self) -> None:
        """Everything that the checklist asks for comes in."""
        wanted = (await self.read(below="/documents"))["items"]
        items = [{"code": one["code"]} for one in wanted if one["required"] and not one["held"]]
        await self.done("adjuster", "documents", {"items": items})

    async def up_to_sheet(self, facts: Mapping[str, Any], reserve: str) -> dict[str, Any]:
        """Survey, registration, assessment, papers and calculation; the sheet."""
        await self.up_to_registration(reserve)
        await self.done("adjuster", "losses", facts, method="PUT")
        await self.papers()
        return await self.done("adjuster", "calculation-sheets", {})

    async def up_to_registration(self, reserve: str) -> None:
        """Survey and registration."""
        surveyor = await self.person("surveyor")
        await self.done("service_agent", "dispatches", {"surveyor_person_id": surveyor.id})
        survey = {"surveyed_at": ago(minutes=1), "participants": ["欧阳岚"], "findings": "地面湿滑，无警示标志。"}
        await self.done("surveyor", "surveys", survey)
        await self.done("adjuster", "registrations", {"reserve_amount": reserve, "reason": "按查勘估损"})

    def step_on(self, sheet: Mapping[str, Any], kind: str, outcome: str = "approve", **more: Any) -> dict[str, Any]:
        """The body of an opinion or decision on the sheet."""
        body = {"kind": kind, "outcome": outcome, "amount": sheet["gross_amount"]}
        return body | {"sheet_version": sheet["sheet_version"], "clause_ids": ["PL-02"]} | more

    async def pay(self, payee: Mapping[str, Any], amount: str, **more: Any) -> dict[str, Any]:
        """Order a payment and let the cashier above confirm it."""
        ordered = await self.done(
            "adjuster", "payments", {"payee": payee, "amount": amount, "relation": "self", **more}
        )
        cashier = await self.system.enter("cashier", self.unit[:4])
        path = f"/v1/payments/{ordered['id']}"
        seen = await self.system.gateway.get(cashier, path)
        assert seen.status_code == 200, seen.text
        body = {"paid_at": ago(), "reference": f"B-{ordered['payable_no']}"}
        answer = await self.system.gateway.post(cashier, f"{path}/confirmations", body, version=seen.json()["version"])
        assert answer.status_code == 201, answer.text
        return answer.json()


async def reported(system: System, unit: str, body: Mapping[str, Any], **options: Any) -> ClaimStory:
    """A first notice taken by the unit's own agent."""
    agent = await system.enter("service_agent", unit)
    answer = await system.gateway.post(agent, "/v1/claims", dict(body), **options)
    assert answer.status_code == 201, answer.text
    return ClaimStory(system, unit, answer.json())
