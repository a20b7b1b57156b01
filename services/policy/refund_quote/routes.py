"""Quotes over HTTP."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from starlette.responses import Response

from services.policy.policy.tables import Policy
from services.policy.refund import rules
from services.policy.refund_quote import queries
from services.policy.refund_quote.schemas import AskQuote, QuoteOut
from shared.clock import at_midnight
from shared.database import Transaction
from shared.errors import ReferenceNotFound
from shared.routing import Reads, Room, shown

room = Room(tags=["refund quotes"])


def _moment(asked: AskQuote, now: datetime) -> datetime:
    if asked.effective_at is not None:
        return asked.effective_at
    return now if asked.effective_on is None else at_midnight(asked.effective_on)


async def _quote(tx: Transaction, policy: Policy, asked: AskQuote, at: datetime) -> QuoteOut:
    told = {"policy_id": policy.id, "policy_version": policy.policy_version, "kind": asked.kind, "effective_at": at}
    if asked.kind == "cancellation":
        found = await queries.settlement(tx, policy, at, by_insurer=asked.by_insurer)
        computed = queries.shown(found)
        return QuoteOut(**told, amount=found.amount, outstanding=found.outstanding, computation=computed)
    if asked.kind == "heads":
        heads = rules.HeadChange.at(queries.per_head(policy), asked.added, asked.removed)
        change = await queries.heads(tx, policy, heads, at)
    else:
        before, after = await queries.term_premium(tx, policy), asked.premium_after or Decimal(0)
        change = rules.premium_change(before, after, rules.Term(policy.starts_at, policy.ends_at), at)
    owed = await queries.outstanding_of(tx, policy)
    return QuoteOut(**told, amount=change.amount, outstanding=owed, computation=change.shown())


@room.posts("/v1/refund-quotes", QuoteOut, may="policy.refund.quote", status=200)
async def quote_refund(asked: AskQuote, call: Reads) -> Response:
    """What a cancellation or a change would give back or cost at that moment, explained line by line."""
    async with call.db.transaction(call.actor) as tx:
        policy = await tx.scalar(queries.by_id(asked.policy_id))
        if policy is None:
            raise ReferenceNotFound.at("#/policy_id")
        return shown(await _quote(tx, policy, asked, _moment(asked, tx.now)))
