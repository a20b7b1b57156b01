"""Writing down a talk: it counts for the customer's risk control file."""

from __future__ import annotations

from sqlalchemy import select

from services.risk.contact import queries
from services.risk.contact.schemas import ContactOut, LogContact
from services.risk.exposure.queries import kept_customer
from services.risk.key_risk.queries import contact_gap
from services.risk.key_risk.tables import ContactLog, KeyRiskFile
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture, ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items


async def log_contact(db: Database, actor: Actor, key: RequestKey, command: LogContact) -> Answer:
    """Write down a talk with a customer that is insured in the caller's scope."""
    async with db.transaction(actor, key) as tx:
        if command.contacted_at > tx.now:
            raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/contacted_at"))
        customer = await kept_customer(tx, command.customer_id)
        place = await queries.place_of(tx, customer)
        if place is None:
            raise ReferenceNotFound.at("#/customer_id")
        told = command.model_dump() | {"customer_id": customer}
        row = ContactLog(
            id=uuid7(), version=1, org_path=place[0], unit_code=place[1], person_id=actor.person_id, **told
        )
        tx.add(row)
        await tx.flush()
        await _count(tx, row)
        tx.note("log_contact", row, after={"contact_role": row.contact_role, "channel": row.channel})
        out = ContactOut.model_validate(row)
        return tx.answer(out, location=f"/v1/contact-logs/{row.id}", version=row.version)


async def _count(tx: Transaction, row: ContactLog) -> None:
    """The customer's file, wherever it lies, knows of the talk; that is no new version of it."""
    scope = tx.scope
    await tx.use_scope("00")
    mine = select(KeyRiskFile).where(KeyRiskFile.customer_id == row.customer_id, KeyRiskFile.status != "closed")
    file = await tx.scalar(mine.with_for_update())
    if file is not None and (file.last_contact_at is None or file.last_contact_at < row.contacted_at):
        due = legal_day(row.contacted_at) + await contact_gap(tx)
        file.last_contact_at, file.contact_due_on = row.contacted_at, max(due, file.contact_due_on or due)
        if due >= legal_day(tx.now):
            await close_items(tx, file.id, "contact_customer")
    await tx.use_scope(scope)
