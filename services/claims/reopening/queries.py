"""What a reopening is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.claims.adjustment import queries as sheets
from services.claims.claim.tables import Claim
from services.claims.payment import queries as payments
from services.claims.payment.rules import PaymentStatus
from services.claims.reopening import rules
from services.claims.side import queries as side
from shared.database import Transaction
from shared.rule_sets import NoRuleSet

UNDER_WAY = (PaymentStatus.ORDERED, PaymentStatus.ACCEPTED)


async def reopenable(tx: Transaction, claim: Claim) -> rules.Reopenable:
    """What has changed since the approval, and what is being paid."""
    try:
        maximum = int((await side.figures(tx)).content["reopenings_at_most"])
    except NoRuleSet:
        maximum = 0
    if claim.state not in rules.CLOSED | rules.PART_PAID:
        return rules.Reopenable(maximum=maximum)
    changed: list[str] = []
    sheet = await sheets.current_sheet(tx, claim)
    if claim.state in rules.PART_PAID and sheet is not None and claim.policy_id is not None:
        changed = await payments.changed_since_approval(tx, claim, sheet)
    rows = await payments.payments_of(tx, claim.id)
    return rules.Reopenable(changed, [str(one.id) for one in rows if one.state in UNDER_WAY], maximum)


async def known(tx: Transaction, claim: Claim, _state: Any) -> Mapping[str, Any]:
    """What this room adds to the facts that actions are judged by."""
    return {"reopening": await reopenable(tx, claim)}
