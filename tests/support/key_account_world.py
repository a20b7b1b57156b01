"""Key accounts as the tests make them: a customer with large policies, the people around him, every act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.clock import process_now, rfc3339
from tests.support.crm_world import BRANCH, C1, CENTRAL, SIBLING_SUB, SUB
from tests.support.enquiry_world import EnquiryWorld
from tests.support.tokens import actor

MANAGER = actor("account_manager", CENTRAL)
SECOND_MANAGER = actor("account_manager", CENTRAL, name="second manager")
ADJUSTER, ENGINEER = actor("adjuster", CENTRAL), actor("risk_engineer", CENTRAL)
HEAD, BRANCH_HEAD = actor("department_head", CENTRAL), actor("department_head", BRANCH)
OFFICER = actor("complaint_officer", BRANCH)
AGENT, SIBLING = actor("service_agent", SUB), actor("service_agent", SIBLING_SUB)
THREE: dict[str, Any] = {
    "manager_staff_no": MANAGER.staff_no, "claims_contact_staff_no": ADJUSTER.staff_no,
    "loss_prevention_engineer_staff_no": ENGINEER.staff_no,
}  # fmt: skip


@dataclass
class KeyAccountWorld(EnquiryWorld):
    """The crm service with people around a large customer."""

    async def people(self) -> None:
        await self.appoint(MANAGER, SECOND_MANAGER, ADJUSTER, ENGINEER, HEAD, BRANCH_HEAD, OFFICER, AGENT)

    async def large(self, **policy: Any) -> UUID:
        """The customer of the core system with a group policy: 500 heads, 91,250.00 a year."""
        assert (await self.put()).status_code == 200
        return await self.policy(
            **{"premium": "91250.00", "insured_count": 500, "policy_no": "PPA-500", "business": "group"} | policy
        )

    async def policy(self, customer: UUID = C1, **stated: Any) -> UUID:
        policy = uuid4()
        await self.take(self.issued(policy, customer, **stated))
        return policy

    async def nominate(self, who: Any = MANAGER, *, dry_run: bool = False, **changes: Any) -> httpx.Response:
        body = {"customer_id": str(C1), "reason": "年保费和人数达到标准"} | changes
        path = "/v1/key-accounts/nominations" + ("?dry_run=true" if dry_run else "")
        return await self.service.post(who, path, body)

    async def nominated(self, **changes: Any) -> str:
        answer = await self.nominate(**{**THREE, **changes})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def account(self, account_id: str) -> Mapping[str, Any]:
        [row] = await self.rows("key_accounts", id=UUID(account_id))
        return row

    async def step(
        self, account_id: str, below: str, body: Mapping[str, Any], who: Any = HEAD, version: int | None = None
    ) -> httpx.Response:
        at = version or (await self.account(account_id))["version"]
        return await self.service.post(who, f"/v1/key-accounts/{account_id}/{below}", body, version=at)

    async def decide(self, account_id: str, who: Any = BRANCH_HEAD, **changes: Any) -> httpx.Response:
        proposed = (await self.account(account_id))["proposed_tier"]
        body = {"decision": "approve"} | ({} if proposed is None else {"tier": proposed}) | changes
        return await self.step(account_id, "approvals", body, who)

    async def active(self, **changes: Any) -> str:
        account = await self.nominated(**changes)
        answer = await self.decide(account)
        assert (answer.status_code, answer.json()["key_account"]["status"]) == (201, "active"), answer.text
        return account

    async def visited(self, account_id: str, who: Any = HEAD, **changes: Any) -> httpx.Response:
        body = {"visited_at": rfc3339(process_now() - timedelta(seconds=1)), "summary": "走访座谈"} | changes
        return await self.step(account_id, "visits", body, who)

    async def shown(self, account_id: str, who: Any = MANAGER) -> dict[str, Any]:
        answer = await self.service.get(who, f"/v1/key-accounts/{account_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def marks(self) -> list[dict[str, Any]]:
        """What the others were told of key accounts, in order."""
        rows = await self.rows("outbox", subject="crm.key_account.changed.v1")
        return [one["event"]["data"] for one in rows]
