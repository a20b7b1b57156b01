"""Work that customers' words make: a finding of a return visit, until it is put right."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from services.policy.mark import queries, rules
from services.policy.mark.schemas import CorrectFinding, CorrectionOut, PolicyState
from services.policy.mark.tables import PolicyMark
from services.policy.policy import shapes as policy_shapes
from services.policy.policy.tables import Policy
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item

CORRECT_ITEM = "correct_finding"
MIS_SELLING = "mis_selling"


async def find(
    tx: Transaction, finding_id: UUID, policy_id: UUID, area: str, since: datetime, record_version: int
) -> None:
    """A customer's answer wants something put right; a suspicion of mis-selling is a case of its own elsewhere."""
    if area == MIS_SELLING:
        return
    await queries.keep_mark(
        tx, "finding", finding_id, policy_id, is_open=True, since=since, record_version=record_version, area=area
    )  # fmt: skip
    policy = await tx.scalar(select(Policy).where(Policy.id == policy_id))
    if policy is not None:
        await open_item(
            tx, CORRECT_ITEM, policy, Text("更正回访发现的问题", "Put right what the customer said"),
            number=policy.policy_no, unit_code=policy.unit_code, position="service_agent",
            href=f"/v1/policies/{policy.id}/corrections",
        )  # fmt: skip


async def correct(
    db: Database, actor: Actor, key: RequestKey, policy_id: UUID, version: int | None, command: CorrectFinding
) -> Answer:
    """Say what was done about a finding; the mark on the policy ends."""
    async with db.transaction(actor, key) as tx:
        policy = await tx.find_for_change(Policy, policy_id, version)
        found = select(PolicyMark).where(
            PolicyMark.kind == "finding", PolicyMark.subject_id == command.finding_id, PolicyMark.policy_id == policy_id
        )
        row = await tx.scalar(found.with_for_update())
        if row is None:
            raise ReferenceNotFound.at("#/finding_id")
        rules.may_correct(is_open=row.is_open)
        row.is_open = False
        await tx.flush()
        if not (await queries.open_marks(tx, policy_id)).get("finding"):
            await close_items(tx, policy_id, CORRECT_ITEM)
        tx.note("correct_finding", policy, after={"finding_id": command.finding_id}, reason=command.done)
        status = policy_shapes.status_of(policy, tx.now)
        state = PolicyState(id=policy.id, version=policy.version, status=status)
        out = CorrectionOut(id=uuid7(), created_at=tx.now, finding_id=command.finding_id, policy=state)
        return tx.answer(out, location=f"/v1/policies/{policy.id}", version=policy.version)
