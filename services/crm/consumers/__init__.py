"""What the crm service hears from others: one module per publisher, one small view per event."""

from __future__ import annotations

from services.crm.consumers import claims, complaints, notices, organisation, policy, risk
from shared.directory import DIRECTORY_CONSUMERS
from shared.rule_sets import RULE_SET_CONSUMERS

CONSUMERS = (
    *DIRECTORY_CONSUMERS,
    *RULE_SET_CONSUMERS,
    *organisation.CONSUMERS,
    *policy.CONSUMERS,
    *claims.CONSUMERS,
    *risk.CONSUMERS,
    *complaints.CONSUMERS,
    *notices.CONSUMERS,
)
