"""Writing a note on an enquiry, and asking those whom it mentions to read it."""

from __future__ import annotations

from uuid import UUID

from services.crm.enquiry.handlers import record
from services.crm.enquiry.queries import EnquiryFacts
from services.crm.enquiry.tables import Enquiry
from services.crm.enquiry_note.schemas import WriteEnquiryNote
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.authority import covers
from shared.database import Database, Transaction
from shared.errors import Fault, ReferenceNotFound, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.work_items import close_items, open_item

_ITEM = "read_note"


async def write_note(
    db: Database, actor: Actor, key: RequestKey, enquiry_id: UUID, command: WriteEnquiryNote
) -> Answer:
    """Keep a note with the enquiry, as no new version of it; whoever writes has read what mentioned him."""
    async with db.transaction(actor, key) as tx:
        enquiry = await tx.find(Enquiry, enquiry_id)
        mentioned = [await _mentioned(tx, enquiry, n, one) for n, one in enumerate(command.mentions)]
        await close_items(tx, enquiry.id, _ITEM, person_id=actor.person_id)
        for one in mentioned:
            await open_item(
                tx, _ITEM, enquiry, Text("阅读咨询备注", "Read a note on an enquiry"), number=enquiry.enquiry_no,
                unit_code=enquiry.unit_code, person_id=one, method="GET", href=f"/v1/enquiries/{enquiry.id}",
            )  # fmt: skip
        return await record(tx, enquiry, "note", command.model_dump(), before=enquiry.status)


async def _mentioned(tx: Transaction, enquiry: Enquiry, n: int, staff_no: str) -> UUID:
    """Somebody at a unit that has the enquiry (422 otherwise)."""
    person = await directory.person_of_staff_no(tx, staff_no)
    if person is None:
        raise ReferenceNotFound.at(f"#/mentions/{n}")
    held = await directory.appointments(tx, person_id=person)
    if not any(covers(enquiry.org_path, one["path"]) for one in held):
        text = Text("该人员不能查看此咨询。", "This person may not see the enquiry.")
        raise ValidationFailed(Fault("mention_not_possible", text, pointer=f"#/mentions/{n}"))
    return person


ACTIONS: tuple[Action[EnquiryFacts], ...] = (
    Action("write_note", "POST", "/v1/enquiries/{id}/notes", "crm.note.write"),
)
