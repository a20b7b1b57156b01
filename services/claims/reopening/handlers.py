"""Ask to reopen a claim; with the consent of its chain it is under assessment again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import update

from services.claims import events
from services.claims.adjustment.tables import LimitEntry
from services.claims.claim import queries as spine
from services.claims.claim.rules import ClaimStatus
from services.claims.claim.tables import Claim
from services.claims.reopening import queries, rules
from services.claims.reopening.schemas import RequestReopening
from services.claims.side import handlers as side
from services.claims.side import shapes
from services.claims.side.rules import SideKind, SideStatus
from services.claims.side.tables import SideDecision
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.money import ZERO
from shared.notices import send_notice
from shared.work_items import close_items, open_item

OVER = ("archive", "close", "order_payment", "notice", "liability_fixed")
"""Work that a reopened claim no longer asks for."""


def check_request(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may ask to reopen this claim now."""
    claim = facts.claim
    told = facts.reopening or rules.Reopenable()
    rules.may_request(claim.state, claim.reopened_count, told, facts.sides, facts.duties, actor)


ACTIONS = (
    Action("request_reopening", "POST", "/v1/claims/{id}/reopenings", "claims.reopening.request", check_request),
)  # fmt: skip


async def request_reopening(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: RequestReopening,
    state: Any,
) -> Answer:  # fmt: skip
    """Put the reopening before the first of its chain; the claim stays as it is until the last one consents."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_request(actor, await spine.facts_of(tx, claim, state))
        rules.check_reopening(command.reason_code, command.reason)
        told = {"from_status": claim.status, "sheet_version": claim.sheet_version, "outcome": claim.outcome}
        row = side.begin(
            tx, claim, SideKind.REOPENING, SideStatus.REQUESTED, claim.gross_amount or ZERO, command.reason, told,
            command.reason_code,
        )  # fmt: skip
        await side.ask(tx, claim, row, state)
        tx.note("request_reopening", claim, after={"side_id": row.id}, reason=command.reason)
        out = shapes.side(row, claim, {actor.person_id: actor.staff_no})
        return tx.answer(out, location=side.href(claim, row), version=claim.version)


async def reopened(tx: Transaction, claim: Claim, row: SideDecision, _state: Any) -> None:
    """The claim is open again. What was paid stays paid and is deducted from the next sheet; what it took of the
    policy's limits stays reserved until the next decision enters it anew; the periods begin again."""
    was_closed = claim.state in rules.CLOSED
    rules.may_reopen(claim.state, claim.reopened_count, await queries.reopenable(tx, claim))
    claim.advance(ClaimStatus.REOPENED)
    claim.outcome = claim.determined_at = claim.agreed_at = claim.settled_at = None
    claim.closed_at = claim.shelved_at = None
    if was_closed:
        claim.reopened_count += 1
        claim.documents_received_at = tx.now
        claim.supplement_served_at = claim.supplements_received_at = None
    used = update(LimitEntry).where(LimitEntry.claim_id == claim.id, LimitEntry.state == "settled")
    await tx.execute(used.values(state="reserved", updated_at=tx.now))
    await close_items(tx, claim.id, *OVER)
    await open_item(
        tx, "assess", claim, Text("重开赔案，重新核定", "Reopened: assess it again"), number=claim.claim_no,
        unit_code=claim.unit_code, position="adjuster", href=f"/v1/claims/{claim.id}/losses", method="PUT",
        priority="high",
    )  # fmt: skip
    await send_notice(
        tx, events.NoticeSent, claim, "reopened", channel="sms", address=claim.reporter.get("phone"),
        facts={"claim_no": claim.claim_no},
    )  # fmt: skip
    tx.publish(events.ClaimReopened(claim_id=claim.id, reason_code=row.reason_code or ""), claim)
