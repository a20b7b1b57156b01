"""Writing a note, and asking those whom it mentions to read it."""

from __future__ import annotations

from uuid import UUID

from services.complaints.complaint.handlers import record
from services.complaints.complaint.queries import grounds_of
from services.complaints.complaint.rules import refuse_recused
from services.complaints.complaint.tables import Complaint
from services.complaints.note.rules import check_mentions
from services.complaints.note.schemas import WriteNote
from shared import directory
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.work_items import close_items, open_item

_ITEM = "read_note"


async def write_note(db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, command: WriteNote) -> Answer:
    """Keep a note with the complaint, as no new version of it; whoever answers a mention has read it."""
    async with db.transaction(actor, key) as tx:
        complaint = await tx.find(Complaint, complaint_id)
        grounds = await grounds_of(tx, complaint)
        refuse_recused(actor.person_id, grounds, actor.on_behalf_of)
        mentioned = await _mentioned(tx, command.mentions)
        held = {one: [row["path"] for row in await directory.appointments(tx, person_id=one)] for one in mentioned}
        check_mentions(mentioned, held, complaint.org_path, grounds)
        await close_items(tx, complaint.id, _ITEM, person_id=actor.person_id)
        for one in mentioned:
            await open_item(
                tx, _ITEM, complaint, Text("阅读投诉备注", "Read a note on the complaint"),
                number=complaint.complaint_no, unit_code=complaint.unit_code, person_id=one, method="GET",
                href=f"/v1/complaints/{complaint.id}",
            )  # fmt: skip
        told = {"text": command.text, "mentions": command.mentions}
        return await record(tx, complaint, "note", told, before=complaint.status)


async def _mentioned(tx: Transaction, staff_numbers: list[str]) -> list[UUID]:
    found = []
    for n, staff_no in enumerate(staff_numbers):
        person = await directory.person_of_staff_no(tx, staff_no)
        if person is None:
            raise ReferenceNotFound.at(f"#/mentions/{n}")
        found.append(person)
    return found
