"""Write a note on a customer, and ask those it mentions to read it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.crm.customer.queries import CustomerFacts
from services.crm.customer.shapes import state_of
from services.crm.customer.tables import Customer
from services.crm.note.schemas import NoteItem, NoteOut, WriteNote
from services.crm.note.tables import CustomerNote
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.authority import covers
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item

READ_ITEM = "read_note"


def check_note(_actor: Actor, _facts: CustomerFacts) -> None:
    """A note can be written in every state, by everybody who may write notes and sees the customer."""


ACTIONS: tuple[Action[CustomerFacts], ...] = (
    Action("write_note", "POST", "/v1/customers/{id}/notes", "crm.note.write", check_note),
)


async def write_note(db: Database, actor: Actor, key: RequestKey, customer_id: UUID, command: WriteNote) -> Answer:
    """Keep the note; the customer stays at his version. Whoever writes has read what mentioned him before.

    Refuses (422 `reference_not_found`) a mention of somebody who does not see the customer.
    """
    async with db.transaction(actor, key) as tx:
        customer = await tx.find(Customer, customer_id)
        units = await _units_of(tx, customer, command.mentions)
        row = CustomerNote(
            id=uuid7(), created_at=tx.now, customer_id=customer.id, org_path=customer.org_path, text=command.text,
            mentions=[str(one) for one in units], person_id=actor.person_id, staff_no=actor.staff_no,
            position=actor.position,
        )  # fmt: skip
        tx.add(row)
        await close_items(tx, customer.id, READ_ITEM, person_id=actor.person_id)
        for person_id, unit_code in units.items():
            await open_item(
                tx, READ_ITEM, customer, Text("查看客户备注", "Read a note on a customer"), number=customer.core_no,
                unit_code=unit_code, person_id=person_id, href=f"/v1/customers/{customer.id}/notes", method="GET",
            )  # fmt: skip
        tx.note("write_note", customer, after={"note_id": row.id})
        out = NoteOut(**item(row).model_dump(), customer=state_of(customer))
        return tx.answer(out, location=f"/v1/customers/{customer.id}/notes")


async def _units_of(tx: Transaction, customer: Customer, mentions: Sequence[UUID]) -> dict[UUID, str]:
    """Person → the unit from which he sees the customer, in the order named."""
    found: dict[UUID, str] = {}
    for at, person_id in enumerate(mentions):
        held = await directory.appointments(tx, person_id=person_id)
        seeing = [one for one in held if covers(customer.org_path, one["path"])]
        if not seeing:
            raise ReferenceNotFound.at(f"#/mentions/{at}")
        found[person_id] = max(seeing, key=lambda one: len(one["path"]))["unit_code"]
    return found


def item(row: CustomerNote) -> NoteItem:
    return NoteItem(
        id=row.id, created_at=row.created_at, text=row.text, mentions=[UUID(one) for one in row.mentions],
        person={"person_id": str(row.person_id), "staff_no": row.staff_no}, position=row.position,
    )  # fmt: skip


async def notes_of(tx: Transaction, customer_id: UUID) -> list[NoteItem]:
    """The notes on a customer in the order in which they were written."""
    statement = select(CustomerNote).where(CustomerNote.customer_id == customer_id)
    return [item(row) for row in await tx.scalars(statement.order_by(CustomerNote.created_at, CustomerNote.id))]
