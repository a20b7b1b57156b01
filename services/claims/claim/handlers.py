"""What every room does to the claim alike: take a duty, set the reserve, move to another unit, end the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import update

from services.claims import events
from services.claims.claim import queries, rules
from services.claims.claim.schemas import CancelClaim, FactOut
from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim, ClaimDuty, ReserveChange
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Fault, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import ZERO
from shared.open_tasks import task_grants
from shared.work_items import close_items, open_item, work_items


def take_duty(
    tx: Transaction, claim: Claim, duty: rules.Duty, person_id: UUID | None = None, *, due_at: datetime | None = None
) -> None:
    """Write down that a person (default: the caller) took a duty, and tell the services that recuse by it.

    `due_at`: until when it had to be done, where it had a time.
    """
    person = person_id or tx.actor.person_id
    tx.add(ClaimDuty(claim_id=claim.id, org_path=claim.org_path, duty=str(duty), person_id=person))
    tx.publish(events.DutyTaken(claim_id=claim.id, duty=str(duty), person_id=person, due_at=due_at), claim)


def set_reserve(
    tx: Transaction, claim: Claim, to: Decimal, reason: str, parts: Sequence[Mapping[str, Any]] = ()
) -> ReserveChange:
    """Set the reserve to `to` yuan and keep the step; the rules were asked before."""
    row = ReserveChange(
        id=uuid7(), claim_id=claim.id, org_path=claim.org_path, from_amount=claim.reserve_amount or ZERO, to_amount=to,
        parts=[dict(one) for one in parts], reason=reason, person_id=tx.actor.person_id, created_at=tx.now,
    )  # fmt: skip
    tx.add(row)
    claim.reserve_amount = to
    return row


async def move_to_unit(tx: Transaction, claim: Claim, unit_code: str, org_path: str) -> None:
    """Give the claim to another unit, with its parts, its open work and the access of those who have a task on it.

    The transaction goes on in the service's own scope: the new unit may lie outside the caller's.
    """
    await tx.use_scope("00")
    before = claim.unit_code
    claim.unit_code, claim.org_path = unit_code, org_path
    await tx.flush()
    items = update(work_items).where(work_items.c.record_id == claim.id, work_items.c.closed_at.is_(None))
    await tx.execute(items.where(work_items.c.unit_code == before).values(unit_code=unit_code))
    await tx.execute(items.values(org_path=org_path))
    grants = update(task_grants).where(task_grants.c.record_id == claim.id, task_grants.c.closed_at.is_(None))
    await tx.execute(grants.values(record_path=org_path))


async def end_report(
    tx: Transaction, claim: Claim, reason_code: str, reason: str, duplicate_of: UUID | None = None
) -> None:
    """The claim becomes `cancelled`: no reserve, no open work, and the others undo what its report caused."""
    claim.advance(rules.ClaimStatus.CANCELLED)
    claim.duplicate_of = duplicate_of
    if claim.reserve_amount:
        set_reserve(tx, claim, ZERO, reason)
    await close_items(tx, claim.id)
    tx.publish(events.ClaimCancelled(claim_id=claim.id, duplicate_of=duplicate_of, reason_code=reason_code), claim)


async def ask_for_consent(tx: Transaction, claim: Claim) -> None:
    """Open the work of obtaining the basis; the same work is not opened twice."""
    await open_item(
        tx, "obtain_consent", claim, Text("取得医疗信息处理的同意", "Obtain consent to keep medical data"),
        number=claim.claim_no, unit_code=claim.unit_code, position="service_agent",
        href=f"/v1/claims/{claim.id}/consents",
    )  # fmt: skip


async def require_files(tx: Transaction, claim: Claim, wanted: Sequence[tuple[str, UUID]]) -> None:
    """Refuse (422) every file, given as (pointer, id), that does not lie with this claim."""
    if not wanted:
        return
    known = await queries.files_of(tx, claim.id)
    words = Text("该赔案没有此附件。", "The claim has no such file.")
    faults = [Fault(ReferenceNotFound.code, words, pointer=at) for at, one in wanted if one not in known]
    if faults:
        raise ReferenceNotFound(*faults)


def check_cancel(_actor: Actor, facts: queries.ClaimFacts) -> None:
    """Whether this claim may be withdrawn now."""
    rules.may_cancel(facts.claim.state)


async def cancel_claim(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: CancelClaim
) -> Answer:
    """Withdraw a report, with its reason."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_cancel(actor, await queries.facts_of(tx, claim))
        rules.cancel(claim.state, command.reason_code, command.reason)
        before = {"status": claim.status}
        await end_report(tx, claim, command.reason_code, command.reason)
        tx.note("cancel", claim, before=before, after={"status": claim.status}, reason=command.reason)
        out = FactOut(id=uuid7(), created_at=tx.now, claim=state_of(claim))
        return tx.answer(out, location=f"/v1/claims/{claim.id}", version=claim.version)


ACTIONS = (Action("cancel", "POST", "/v1/claims/{id}/cancellations", "claims.claim.cancel", check_cancel),)
