"""Publishing a version of a checklist; what was published is never changed."""

from __future__ import annotations

from sqlalchemy import text

from services.risk.checklist import queries, rules
from services.risk.checklist.schemas import ChecklistOut, PublishChecklist
from services.risk.checklist.tables import Checklist
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7

_ONE_LIST = text("select pg_advisory_xact_lock(hashtextextended('risk.checklist.' || cast(:name as text), 0))")


async def publish(db: Database, actor: Actor, key: RequestKey, command: PublishChecklist) -> Answer:
    """Publish a version for the caller's unit and all below it, from a day on that is later than that of the last."""
    async with db.transaction(actor, key) as tx:
        items = [one.model_dump(mode="json") for one in command.items]
        rules.check_items(rules.read_items(items))
        await tx.execute(_ONE_LIST, {"name": f"{actor.scope}/{command.industry}"})
        if await queries.of_version(tx, actor.scope, command.industry, command.list_version) is not None:
            raise rules.ChecklistVersionExists(list_version=command.list_version)
        newest = await queries.newest(tx, actor.scope, command.industry)
        held_from = None if newest is None else newest.effective_from
        rules.refuse_not_later(command.effective_from, held_from, legal_day(tx.now))
        row = Checklist(
            id=uuid7(), version=1, org_path=actor.scope, industry=command.industry, list_version=command.list_version,
            effective_from=command.effective_from, items=items, published_by=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        after = {"industry": row.industry, "list_version": row.list_version, "items": len(items)}
        tx.note("publish", row, after=after)
        out = ChecklistOut.model_validate(row, from_attributes=True)
        return tx.answer(out, location=f"/v1/checklists/{row.id}", version=1)
