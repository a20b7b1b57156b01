"""Write a note on a policy, and ask those it mentions to read it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.policy.note import rules
from services.policy.note.schemas import NoteOut, WriteNote
from services.policy.note.tables import PolicyNote
from services.policy.policy.tables import Policy
from shared import directory
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item

READ_ITEM = "read_note"


async def write_note(db: Database, actor: Actor, key: RequestKey, policy_id: UUID, command: WriteNote) -> Answer:
    """Keep the note; the policy stays at its version. Whoever writes has read what mentioned him before."""
    async with db.transaction(actor, key) as tx:
        policy = await tx.find(Policy, policy_id)
        places = [
            {row["path"]: row["unit_code"] for row in await directory.appointments(tx, person_id=one)}
            for one in command.mentions
        ]
        rules.check_mentions([list(one) for one in places], policy.org_path)
        row = PolicyNote(
            id=uuid7(), created_at=tx.now, policy_id=policy.id, org_path=policy.org_path, text=command.text,
            mentions=[str(one) for one in command.mentions], person_id=actor.person_id, staff_no=actor.staff_no,
            position=actor.position,
        )  # fmt: skip
        tx.add(row)
        await close_items(tx, policy.id, READ_ITEM, person_id=actor.person_id)
        for person_id, held in zip(command.mentions, places, strict=True):
            await open_item(
                tx, READ_ITEM, policy, Text("阅读保单备注", "Read a note on a policy"), number=policy.policy_no,
                unit_code=held[rules.nearest(held, policy.org_path)], person_id=person_id, method="GET",
                href=f"/v1/policies/{policy.id}/notes",
            )  # fmt: skip
        tx.note("write_note", policy, after={"note_id": row.id})
        return tx.answer(shape(row), location=f"/v1/policies/{policy.id}/notes")


def shape(row: PolicyNote) -> NoteOut:
    """A note as it is shown to colleagues."""
    person = {"person_id": str(row.person_id), "staff_no": row.staff_no}
    return NoteOut(
        id=row.id, created_at=row.created_at, text=row.text, mentions=[UUID(one) for one in row.mentions],
        person=person, position=row.position,
    )  # fmt: skip


async def notes_of(tx: Transaction, policy_id: UUID) -> Sequence[PolicyNote]:
    """The notes of a policy in the order in which they were written."""
    row = PolicyNote
    return await tx.scalars(select(row).where(row.policy_id == policy_id).order_by(row.created_at, row.id))
