"""The routes of a record's letters: issue one, list them, print one again, and its receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import select
from starlette.responses import Response

from shared import letters
from shared.attachments import attachments
from shared.clock import Instant
from shared.database import Record, Transaction
from shared.downloads import disposition
from shared.errors import Conflict, Fault, OccurredInFuture, ReferenceNotFound, Text, ValidationFailed
from shared.file_store import path_of
from shared.ids import Id
from shared.routing import Changes, Creates, Reads, Room, sent, shown

Served = Callable[[Transaction, Any, Mapping[str, Any], datetime, str, Any], Awaitable[None]]
"""`served(tx, record, letter, at, method, state)`: what the receipt of a letter means for its record."""


class LetterServedAlready(Conflict):
    """Member: `served_at`."""

    code = "letter_served_already"
    title = Text("函件已送达", "The letter was served already")
    detail = Text("该函件已于 {served_at} 送达。", "This letter was served at {served_at}.")


class IssueLetter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str = Field(min_length=1, max_length=40, pattern="^[a-z][a-z0-9_]*$")


class RecordReceipt(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime
    method: str = Field(min_length=1, max_length=40, pattern="^[a-z][a-z0-9_]*$")
    proof_attachment_id: Id | None = None


class LetterOut(BaseModel):
    """`page`: the PDF in base64, of a dry run only."""

    letter_id: Id | None = None
    attachment_id: Id | None = None
    template_version: str
    kind: str
    created_at: Instant
    sha256: str
    served_at: Instant | None = None
    served_method: str | None = None
    title: str | None = None
    page: str | None = None


class LettersOut(BaseModel):
    items: list[LetterOut]


def _out(row: Mapping[str, Any], **more: Any) -> LetterOut:
    return LetterOut(
        letter_id=row["id"], attachment_id=row["attachment_id"], template_version=row["template_version"],
        kind=row["kind"], created_at=row["created_at"], sha256=bytes(row["sha256"]).hex(),
        served_at=row["served_at"], served_method=row["served_method"], **more,
    )  # fmt: skip


async def _issued(tx: Transaction, record: Record, letter: letters.Letter, folder: Any) -> LetterOut:
    if tx.dry_run:
        digest = hashlib.sha256(letter.page).hexdigest()
        return LetterOut(
            template_version=letter.template_version, kind=letter.kind, created_at=tx.now, sha256=digest,
            title=letter.title, page=letters.as_text(letter.page),
        )  # fmt: skip
    return _out(await letters.issue(tx, folder, record, letter), title=letter.title)


async def _check_receipt(tx: Transaction, record: Record, row: Mapping[str, Any], told: RecordReceipt) -> None:
    if row["served_at"] is not None:
        raise LetterServedAlready(served_at=row["served_at"].isoformat(timespec="seconds"))
    if told.at > tx.now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/at"))
    if told.at < row["created_at"].replace(microsecond=0):
        words = Text("送达时间早于函件出具时间。", "The receipt lies before the letter was issued.")
        raise ValidationFailed(Fault("served_before_issue", words, pointer="#/at"))
    proof = told.proof_attachment_id
    mine = select(attachments.c.id).where(attachments.c.id == proof, attachments.c.record_id == record.id)
    if proof is not None and await tx.scalar(mine) is None:
        words = Text("该记录没有此附件。", "The record has no such file.")
        raise ReferenceNotFound(Fault(ReferenceNotFound.code, words, pointer="#/proof_attachment_id"))


async def _print_again(tx: Transaction, record: Record, letter_id: UUID, folder: Any) -> Response:
    row = await letters.letter_of(tx, record, letter_id)
    page = await letters.reprinted(tx, row)
    if hashlib.sha256(page).digest() != bytes(row["sha256"]):
        # Another release of the typesetter: what was issued is what counts, and it is on file.
        page = path_of(folder / tx.database.service, row["attachment_id"]).read_bytes()
    headers = {
        "Content-Disposition": disposition(f"{row['kind']}.pdf"), "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }  # fmt: skip
    return Response(page, 200, headers, media_type="application/pdf")


def letter_routes(
    kind: type[Record], path: str, *, issue: str, serve: str, read: str, data: letters.LetterData,
    served: Served | None = None,
) -> Room:  # fmt: skip
    """`{path}/{id}/letters`, `…/{letter_id}/page` and `…/{letter_id}/receipts` of one record type."""
    room = Room(tags=["letters"])
    below = f"{path}/{{record_id}}/letters"

    async def issue_letter(record_id: UUID, command: IssueLetter, call: Creates) -> Response:
        async with call.db.transaction(call.actor, call.key) as tx:
            record = await tx.find(kind, record_id, lock=True)
            facts = await data(tx, record, command.kind, call.state)
            letter = await letters.drafted(tx, record, command.kind, facts)
            out = await _issued(tx, record, letter, call.state.settings.attachments_dir)
            return sent(tx.answer(out, location=f"{path}/{record_id}/letters/{out.letter_id}"))

    async def list_letters(record_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            record = await tx.find(kind, record_id)
            return shown(LettersOut(items=[_out(row) for row in await letters.letters_of(tx, record)]))

    async def print_letter(record_id: UUID, letter_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            record = await tx.find(kind, record_id)
            return await _print_again(tx, record, letter_id, call.state.settings.attachments_dir)

    async def serve_letter(record_id: UUID, letter_id: UUID, command: RecordReceipt, call: Changes) -> Response:
        async with call.db.transaction(call.actor, call.key) as tx:
            record = await tx.find_for_change(kind, record_id, call.version)
            return sent(await _serve(tx, record, letter_id, command, call.state, served))

    _name(kind.record_type, issue_letter, list_letters, print_letter, serve_letter)
    room.posts(below, LetterOut, may=issue)(issue_letter)
    room.reads(below, LettersOut, may=read)(list_letters)
    room.reads(f"{below}/{{letter_id}}/page", None, may=read)(print_letter)
    room.posts(f"{below}/{{letter_id}}/receipts", LetterOut, may=serve)(serve_letter)
    return room


async def _serve(
    tx: Transaction, record: Any, letter_id: UUID, command: RecordReceipt, state: Any, served: Served | None
) -> Any:
    row = await letters.letter_of(tx, record, letter_id)
    await _check_receipt(tx, record, row, command)
    before = {"status": getattr(record, "status", None)}
    await letters.mark_served(tx, letter_id, command.at, command.method, command.proof_attachment_id)
    if served is not None:
        await served(tx, record, row, command.at, command.method, state)
    after = {"letter_id": letter_id, "kind": row["kind"], "served_at": command.at, "method": command.method}
    tx.note("serve_letter", record, before=before, after={"status": getattr(record, "status", None), **after})
    told = {**row, "served_at": command.at, "served_method": command.method}
    return tx.answer(_out(told), version=record.version)


def _name(record_type: str, *endpoints: Any) -> None:
    for one in endpoints:
        verb, _, noun = one.__name__.partition("_")
        one.__name__ = f"{verb}_{record_type}_{noun}"
