"""Decisions beside a claim's own life, taken through HTTP up their chain."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx

from shared.actor import Actor
from tests.support.claims_settled import MIDDLE, NORTH, PROVINCE, SettledWorld
from tests.support.claims_world import adjuster, approver

CHAIN = ((NORTH, "opinion"), (MIDDLE, "opinion"), (PROVINCE, "decision"))


class SideWorld(SettledWorld):
    """Everything of a settled claim, and what is asked for beside it."""

    async def ask(
        self, claim_id: UUID, what: str, body: dict[str, Any], who: Actor | None = None, **options: Any
    ) -> httpx.Response:
        return await self.step(who or adjuster(NORTH), claim_id, what, body, **options)

    async def asked(self, claim_id: UUID, what: str, body: dict[str, Any], who: Actor | None = None) -> str:
        answer = await self.ask(claim_id, what, body, who)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def act_on(
        self, who: Actor, claim_id: UUID, what: str, side_id: str, kind: str, outcome: str = "approve", **more: Any
    ) -> httpx.Response:
        """One step, with the amount that the request is for."""
        told = (await self.service.get(who, f"/v1/claims/{claim_id}/{what}/{side_id}/approval")).json()
        body = {"kind": kind, "outcome": outcome, "amount": told.get("amount", "1.00")}
        if outcome != "approve":
            body |= {"reason_code": "not_convinced", "reason": "理由不足"}
        return await self.step(who, claim_id, f"{what}/{side_id}/approvals", body | more)

    async def granted(self, claim_id: UUID, what: str, side_id: str, outcome: str = "approve") -> dict[str, Any]:
        """All steps up to the branch; the last answer."""
        told: dict[str, Any] = {}
        for path, kind in CHAIN:
            answer = await self.act_on(approver(path), claim_id, what, side_id, kind, outcome)
            assert answer.status_code == 201, answer.text
            told = answer.json()
        return told

    async def before_decision(self, reserve: str = "50000.00", *, path: str = NORTH, **changes: Any) -> UUID:
        """A liability claim with a reserve, its papers complete, nothing calculated."""
        policy = await self.world.policy({"limit_per_accident": "2000000.00"}, unit_code=path.split(".")[-1])
        told: dict[str, Any] = {"path": path, "reserve_amount": reserve} | changes
        return await self.world.claim(policy, **told)
