"""Open a recovery, record what comes in, ask to waive it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.claims.claim import queries as spine
from services.claims.claim.tables import Claim
from services.claims.recovery import rules
from services.claims.recovery.schemas import OpenRecovery, RecordRecovered
from services.claims.side import handlers as side
from services.claims.side import queries, shapes
from services.claims.side.rules import SideKind, SideStatus, check_reason
from services.claims.side.tables import RecoveryReceipt, SideDecision
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import ZERO, yuan
from shared.work_items import close_items, open_item

RECOVER_ITEM = "recover"


def check_open(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may open a recovery on this claim now."""
    rules.may_open(facts.claim.state, facts.claim.line, facts.duties, actor, facts.sides)


ACTIONS = (Action("open_recovery", "POST", "/v1/claims/{id}/recoveries", "claims.recovery.open", check_open),)


async def open_recovery(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: OpenRecovery, state: Any
) -> Answer:
    """Begin a recovery; or put the waiver of one, new or running, before the first of its chain."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_open(actor, facts)
        check_reason(("reason", command.reason))
        row = await _row(tx, claim, command)
        if command.waive:
            rules.may_waive(facts.sides, row.as_side() if command.recovery_id else None)
            row.facts = {**row.facts, "waiver_reason": command.reason}
            await side.ask(tx, claim, row, state)
        else:
            await _tell(tx, claim)
        verb = "request_waiver" if command.waive else "open_recovery"
        tx.note(verb, claim, after={"side_id": row.id, "amount": yuan(row.amount)}, reason=command.reason)
        out = shapes.side(row, claim, {actor.person_id: actor.staff_no})
        return tx.answer(out, location=side.href(claim, row), version=claim.version)


async def _row(tx: Transaction, claim: Claim, command: OpenRecovery) -> SideDecision:
    if command.recovery_id is not None:
        return await queries.side_of(tx, claim, command.recovery_id, SideKind.RECOVERY)
    against = command.against
    check_reason(("basis", command.basis), ("against", against and against.name))
    rules.check_recovery(command.amount or ZERO)
    told = {"against_kind": against and against.kind, "against_name": against and against.name, "basis": command.basis}
    return side.begin(
        tx, claim, SideKind.RECOVERY, SideStatus.OPEN, command.amount or ZERO, command.reason, told
    )  # fmt: skip


async def _tell(tx: Transaction, claim: Claim) -> None:
    await open_item(
        tx, RECOVER_ITEM, claim, Text("办理追偿", "Recover from whoever owes it"), number=claim.claim_no,
        unit_code=claim.unit_code, position="adjuster", href=f"/v1/claims/{claim.id}/recoveries", method="GET",
    )  # fmt: skip


async def record_recovered(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, side_id: UUID, version: int | None,
    command: RecordRecovered,
) -> Answer:  # fmt: skip
    """Money came in; with the last of it the recovery is done."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        row = await queries.side_of(tx, claim, side_id, SideKind.RECOVERY)
        had = await queries.received(tx, row.id)
        status = rules.receive(row.as_side(), command.amount, had, command.received_at, tx.now)
        tx.add(
            RecoveryReceipt(
                id=uuid7(), claim_id=claim.id, org_path=claim.org_path, side_id=row.id, person_id=actor.person_id,
                **command.model_dump(),
            )
        )  # fmt: skip
        before = {"status": row.status}
        row.status = str(status)
        if status is SideStatus.RECOVERED:
            row.decided_at = tx.now
            await _done(tx, claim, row.id)
        after = {"side_id": row.id, "status": row.status, "amount": yuan(command.amount)}
        tx.note("record_recovered", claim, before=before, after=after)
        out = shapes.side(row, claim, {actor.person_id: actor.staff_no})
        return tx.answer(out, location=side.href(claim, row), version=claim.version)


async def _done(tx: Transaction, claim: Claim, side_id: UUID) -> None:
    others = await queries.sides_of(tx, claim.id, SideKind.RECOVERY)
    if not any(one.status == SideStatus.OPEN and one.id != side_id for one in others):
        await close_items(tx, claim.id, RECOVER_ITEM)


async def waived(tx: Transaction, claim: Claim, row: SideDecision, _state: Any) -> None:
    """The recovery is given up."""
    await _done(tx, claim, row.id)
