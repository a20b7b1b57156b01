"""What the policy service hears from others, by publisher."""

from __future__ import annotations

from services.policy.consumers import claims, complaints, crm, risk
from shared.directory import DIRECTORY_CONSUMERS
from shared.events import Consumer
from shared.rule_sets import RULE_SET_CONSUMERS

CONSUMERS: tuple[Consumer, ...] = (
    *DIRECTORY_CONSUMERS,
    *RULE_SET_CONSUMERS,
    *claims.CONSUMERS,
    *complaints.CONSUMERS,
    *crm.CONSUMERS,
    *risk.CONSUMERS,
)
