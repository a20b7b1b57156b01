"""What the risk service hears from others: one module per publisher, one small view per event.

Events come in any order. What is about something not heard of yet is kept until that comes, and of two that say
different things the later version of the record counts.
"""

from __future__ import annotations

from services.risk.consumers import claims, crm, policy
from shared.directory import DIRECTORY_CONSUMERS
from shared.rule_sets import RULE_SET_CONSUMERS

CONSUMERS = (
    *DIRECTORY_CONSUMERS,
    *RULE_SET_CONSUMERS,
    *policy.CONSUMERS,
    *claims.CONSUMERS,
    *crm.CONSUMERS,
)
