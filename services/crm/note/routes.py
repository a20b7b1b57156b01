"""Notes over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.customer.tables import Customer
from services.crm.note import handlers
from services.crm.note.schemas import NoteOut, NotesOut, WriteNote
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["customers"])


@room.posts("/v1/customers/{customer_id}/notes", NoteOut, may="crm.note.write")
async def write_customer_note(customer_id: UUID, command: WriteNote, call: Creates) -> Response:
    """Write a note for those who serve the customer; it is never sent to anybody outside."""
    return sent(await handlers.write_note(call.db, call.actor, call.key, customer_id, command))


@room.reads("/v1/customers/{customer_id}/notes", NotesOut, may="crm.customer.read")
async def list_customer_notes(customer_id: UUID, call: Reads) -> Response:
    """The notes on a customer in the order in which they were written."""
    async with call.db.transaction(call.actor) as tx:
        customer = await tx.find(Customer, customer_id)
        return shown(NotesOut(items=await handlers.notes_of(tx, customer.id)))
