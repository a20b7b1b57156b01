"""What time and other services ask of a policy, one record of each kind at the own unit: for walking the routes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.policy.core_message.tables import CoreMessage
from services.policy.policy.tables import Policy
from services.policy.renewal.tables import Renewal
from services.policy.safety_demand.tables import SafetyDemand
from shared.actor import machine
from shared.clock import legal_day, process_now
from tests.support.services import ServiceUnderTest


async def due(service: ServiceUnderTest, policy_id: str) -> dict[str, str]:
    """A renewal, a hazard that nobody put right, a message that the core has not answered; by path."""
    async with service.db.transaction(machine("policy")) as tx:
        policy = await tx.session.get_one(Policy, UUID(policy_id))
        same: dict[str, Any] = {
            "org_path": policy.org_path, "unit_code": policy.unit_code, "policy_id": policy.id,
            "policy_no": policy.policy_no, "customer_id": policy.customer_id, "version": 1,
        }  # fmt: skip
        renewal = Renewal(id=uuid4(), **same, ends_at=policy.ends_at, days=60, status="open", reasons=[])
        demand = SafetyDemand(
            id=uuid4(), **same, hazard_id=uuid4(), hazard_class="major", status="proposed",
            due_on=legal_day(process_now()) - timedelta(days=1),
        )  # fmt: skip
        message = CoreMessage(
            id=uuid4(), version=1, org_path=policy.org_path, subject="policy.payment_order.created.v1",
            record_id=policy.id, policy_no=policy.policy_no, status="sent",
        )  # fmt: skip
        for one in (renewal, demand, message):
            tx.add(one)
    return {"/v1/renewals/{}": str(renewal.id), "/v1/safety-demands/{}": str(demand.id)}
