"""Write a note on a claim, and ask those it mentions to read it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim
from services.claims.note.schemas import NoteOut, WriteNote
from services.claims.note.tables import ClaimNote
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item

READ_ITEM = "read_note"


def check_note(_actor: Actor, _facts: object) -> None:
    """A note can be written in every state, by everybody who may write notes and sees the claim."""


ACTIONS = (Action("write_note", "POST", "/v1/claims/{id}/notes", "claims.note.write", check_note),)


async def write_note(db: Database, actor: Actor, key: RequestKey, claim_id: UUID, command: WriteNote) -> Answer:
    """Keep the note; the claim itself stays at its version. Whoever writes has read what mentioned him before.

    Refuses (422 `reference_not_found`) a mention of somebody who does not see the claim.
    """
    async with db.transaction(actor, key) as tx:
        claim = await tx.find(Claim, claim_id)
        units = await _units_of(tx, claim, command.mentions)
        row = ClaimNote(
            id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, text=command.text,
            mentions=[str(one) for one in units], person_id=actor.person_id, staff_no=actor.staff_no,
            position=actor.position,
        )  # fmt: skip
        tx.add(row)
        await close_items(tx, claim.id, READ_ITEM, person_id=actor.person_id)
        for person_id, unit_code in units.items():
            await _ask_to_read(tx, claim, person_id, unit_code)
        tx.note("write_note", claim, after={"note_id": row.id})
        out = NoteOut(
            id=row.id, created_at=tx.now, claim=state_of(claim), text=row.text, mentions=list(units),
            person={"person_id": str(row.person_id), "staff_no": row.staff_no}, position=row.position,
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/claims/{claim.id}/notes")


async def _units_of(tx: Transaction, claim: Claim, mentions: Sequence[UUID]) -> dict[UUID, str]:
    """Person → the unit from which he sees the claim, in the order named."""
    found: dict[UUID, str] = {}
    for at, person_id in enumerate(mentions):
        held = [one for one in await directory.appointments(tx, person_id=person_id) if _sees(one["path"], claim)]
        if not held:
            raise ReferenceNotFound.at(f"#/mentions/{at}")
        found[person_id] = max(held, key=lambda one: len(one["path"]))["unit_code"]
    return found


def _sees(path: str, claim: Claim) -> bool:
    return claim.org_path == path or claim.org_path.startswith(f"{path}.")


async def _ask_to_read(tx: Transaction, claim: Claim, person_id: UUID, unit_code: str) -> None:
    await open_item(
        tx, READ_ITEM, claim, Text("查看案件备注", "Read a note on a claim"), number=claim.claim_no,
        unit_code=unit_code, person_id=person_id, href=f"/v1/claims/{claim.id}/notes", method="GET",
    )  # fmt: skip
