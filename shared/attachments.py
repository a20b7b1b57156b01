"""Files of records: `POST {path}/{record_id}/attachments`, their list, one's facts, and its content by a signed link.

A deployable calls `record_files` once for each record type, and `uploads_room` where a file may come before its record.
Whoever sees a record sees its files, wherever the record has moved since; there is no other way to them.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel
from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, Table, Text, Uuid, select, update
from sqlalchemy import text as sql
from starlette.responses import Response

from shared.attachment_links import LINK_LIVES, check_link, link_token
from shared.audit import Entry
from shared.clock import Instant
from shared.database import Record, Transaction
from shared.downloads import download, refuse_unscanned
from shared.errors import Conflict, Fault, NotFound, ReferenceNotFound
from shared.errors import Text as Words
from shared.file_store import Draft, draft, in_worker, path_of
from shared.file_types import shown_name
from shared.idempotency import RequestKey
from shared.ids import Id, uuid7
from shared.kernel import kernel
from shared.receiving import MAX_REQUEST_BYTES, sent_file, told_at_start
from shared.routing import Call, Creates, Reads, Room, sent, shown

UPLOAD_LIVES = timedelta(hours=24)
UPLOAD = "upload"
"""The record type of a file whose record does not exist yet."""

attachments = Table(
    "attachments",
    kernel,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("org_path", Text, nullable=False),
    Column("record_type", Text, nullable=False),
    Column("record_id", Uuid, nullable=True),
    Column("kind", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("scan_state", Text, nullable=False),
    Column("uploaded_by", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)
_SCOPE = sql("select current_setting('anlan.scope')")


class AttachmentLimitReached(Conflict):
    """Member: `limit`, the number of files that one record may have."""

    code = "attachment_limit_reached"
    title = Words("附件数量已满", "No more files on this record")
    detail = Words("每条记录最多 {limit} 个附件。", "A record has at most {limit} files.")


class AttachmentOut(BaseModel):
    """`content_url` is a link for the caller alone, good until `content_url_expires_at`."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    kind: str
    file_name: str
    media_type: str
    size: int
    scan_state: str
    content_url: str | None = None
    content_url_expires_at: Instant | None = None
    available_actions: list[Any] | None = None


class AttachmentsOut(BaseModel):
    items: list[AttachmentOut]


class UploadOut(BaseModel):
    """A file that waits for its record until `expires_at`."""

    id: Id
    created_at: Instant
    kind: str
    file_name: str
    media_type: str
    size: int
    scan_state: str
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that has arrived, was found acceptable, and is not visible yet."""

    draft: Draft
    file_name: str
    kind: str
    scan_state: str
    key: RequestKey
    """The request's key with this file's hash in place of the body's."""

    async def insert(self, tx: Transaction, *, record_type: str, record_id: UUID | None, org_path: str) -> Any:
        """Insert the row, then move the file into place: the row is seen only by who finds the file."""
        stored = self.draft
        row = {
            "id": stored.id, "version": 1, "org_path": org_path, "record_type": record_type, "record_id": record_id,
            "kind": self.kind, "file_name": self.file_name, "media_type": stored.kind.media_type, "size": stored.size,
            "sha256": stored.sha256, "scan_state": self.scan_state, "uploaded_by": tx.actor.person_id,
            "created_at": tx.now, "updated_at": tx.now,
        }  # fmt: skip
        await tx.execute(attachments.insert().values(**row))
        if not tx.dry_run:
            await in_worker(stored.reveal)
        return row

    async def attach(self, tx: Transaction, record: Record) -> Any:
        """Insert the row of a file of `record`, with its line in the record's history (without the file's name)."""
        row = await self.insert(tx, record_type=record.record_type, record_id=record.id, org_path=record.org_path)
        facts = {"attachment_id": row["id"], "kind": row["kind"], "sha256": row["sha256"].hex()}
        tx.note("attach", record, after=facts)
        return row


@asynccontextmanager
async def received(request: Request, call: Call) -> AsyncIterator[Incoming]:
    """The file of an upload. Leaving the block without `insert` leaves nothing behind.

    Raises what `sent_file` and `draft` raise.
    """
    settings = call.state.settings
    async with sent_file(request) as file:
        folder = settings.attachments_dir / call.db.service
        stored = await in_worker(draft, file.content, folder, uuid7())
        name = shown_name(file.file_name, stored.kind)
        told = f"{stored.received_sha256.hex()}\n{file.kind}\n{name}".encode()
        state = "not_scanned" if settings.attachment_scanner == "none" else "pending"
        key = replace(call.key, body_hash=hashlib.sha256(told).digest())
        try:
            yield Incoming(stored, name, file.kind, state, key)
        finally:
            await in_worker(stored.discard)


async def attach_made(
    tx: Transaction, folder: Path, record: Record, *, kind: str, file_name: str, content: bytes
) -> UUID:
    """Attach a PDF that this system has made to `record`; its id. `folder`: the deployable's `attachments_dir`.

    With `dry_run` nothing is kept. Raises `StorageFull`.
    """
    stored = await in_worker(draft, BytesIO(content), folder / tx.database.service, uuid7())
    key = tx.key or RequestKey(route="")
    try:
        row = await Incoming(stored, shown_name(file_name, stored.kind), kind, "clean", key).attach(tx, record)
    finally:
        await in_worker(stored.discard)
    return row["id"]


async def take_uploads(tx: Transaction, ids: Sequence[UUID], record: Record, *, pointer: str = "#/upload_ids") -> None:
    """Bind files that the caller has uploaded before to `record`, which is new in this transaction.

    Each id is good once, for the person who uploaded it, for 24 hours, under whichever of their appointments. Raises
    `ReferenceNotFound`, naming every id that is not.
    """
    if not ids:
        return
    scope = await tx.scalar(_SCOPE)
    await tx.use_scope("00")  # the row lies where the person acted when uploading it, the record perhaps elsewhere
    files = attachments.c
    mine = (files.record_type == UPLOAD, files.record_id.is_(None), files.uploaded_by == tx.actor.person_id)
    bound = update(attachments).where(files.id.in_(ids), *mine, files.created_at > tx.now - UPLOAD_LIVES)
    now_of = {"record_type": record.record_type, "record_id": record.id, "org_path": record.org_path}
    rows = await tx.execute(bound.values(**now_of, version=files.version + 1, updated_at=tx.now).returning(files.id))
    found = {row.id for row in rows}
    await tx.use_scope(scope)
    words = Words("没有该上传文件，或已使用、已过期。", "There is no such upload, or it was used or has expired.")
    bad = [n for n, one in enumerate(ids) if one not in found or one in ids[:n]]
    if bad:
        raise ReferenceNotFound(*(Fault(ReferenceNotFound.code, words, pointer=f"{pointer}/{n}") for n in bad))


def record_files(kind: type[Record], path: str, *, read: str, write: str, at_most: int = 50) -> Room:
    """The routes of the files of one record type, `{path}/{record_id}/attachments`; at most `at_most` on a record."""
    room = Room(tags=[kind.record_type], lifespan=told_at_start)
    below = f"{path}/{{record_id}}/attachments"

    async def add_file(record_id: UUID, call: Creates, request: Request) -> Response:
        async with received(request, call) as file, call.db.transaction(call.actor, file.key) as tx:
            record = await tx.find(kind, record_id, lock=True)
            await _refuse_too_many(tx, record, at_most)
            out = _out(await file.attach(tx, record), record, path, call, tx)
            answer = tx.answer(out, location=f"{path}/{record_id}/attachments/{out.id}", version=1)
        return sent(answer)

    async def list_files(record_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            record = await tx.find(kind, record_id)
            items = [_out(row, record, path, call, tx) for row in await _rows(tx, record)]
        return shown(AttachmentsOut(items=[one.model_copy(update={"available_actions": None}) for one in items]))

    async def read_file(record_id: UUID, attachment_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            record = await tx.find(kind, record_id)
            out = _out(await _row(tx, record, attachment_id), record, path, call, tx)
        return shown(out, version=out.version)

    async def read_content(record_id: UUID, attachment_id: UUID, token: str, call: Reads, request: Request) -> Response:
        async with call.db.transaction(call.actor) as tx:
            row = await _row(tx, await tx.find(kind, record_id), attachment_id)
            check_link(call.state.secret, call.actor.person_id, attachment_id, token, tx.now)
        return _content(row, call.state.settings.attachments_dir / call.db.service, request)

    _name(kind.record_type, add_file, list_files, read_file, read_content)
    room.posts(below, AttachmentOut, may=write, max_bytes=MAX_REQUEST_BYTES)(add_file)
    room.reads(below, AttachmentsOut, may=read)(list_files)
    room.reads(f"{below}/{{attachment_id}}", AttachmentOut, may=read)(read_file)
    room.reads(f"{below}/{{attachment_id}}/content", None, may=read)(read_content)
    return room


def uploads_room(path: str, *, may: str) -> Room:
    """`POST {path}/uploads`: a file before its record exists; `take_uploads` binds it."""
    room = Room(tags=["upload"], lifespan=told_at_start)

    @room.posts(f"{path}/uploads", UploadOut, may=may, max_bytes=MAX_REQUEST_BYTES)
    async def upload_file(call: Creates, request: Request) -> Response:
        async with received(request, call) as file, call.db.transaction(call.actor, file.key) as tx:
            row = await file.insert(tx, record_type=UPLOAD, record_id=None, org_path=call.actor.scope)
            entry = Entry(
                action="upload", object_type=UPLOAD, object_id=row["id"], org_path=row["org_path"], in_history=False
            )
            tx.note_act(entry)
            shown_of = {name: row[name] for name in UploadOut.model_fields if name in row}
            answer = tx.answer(UploadOut.model_validate({**shown_of, "expires_at": tx.now + UPLOAD_LIVES}))
        return sent(answer)

    return room


def _name(record_type: str, *endpoints: Any) -> None:
    """Operation ids of their own for each record type: `add_claim_file`."""
    for one in endpoints:
        verb, _, noun = one.__name__.partition("_")
        one.__name__ = f"{verb}_{record_type}_{noun}"


async def _refuse_too_many(tx: Transaction, record: Record, limit: int) -> None:
    """The record's row is locked: nobody else counts at the same moment."""
    if len(await _rows(tx, record)) >= limit:
        raise AttachmentLimitReached(limit=limit)


async def _rows(tx: Transaction, record: Record) -> Sequence[Mapping[str, Any]]:
    """All files of a record that was found for the caller, also those of before it moved to another unit."""
    await tx.use_scope("00")
    mine = select(attachments).where(attachments.c.record_id == record.id).order_by(attachments.c.id)
    return (await tx.execute(mine)).mappings().all()


async def _row(tx: Transaction, record: Record, attachment_id: UUID) -> Mapping[str, Any]:
    found = [row for row in await _rows(tx, record) if row["id"] == attachment_id]
    if not found:
        raise NotFound()
    return found[0]


def _out(row: Mapping[str, Any], record: Record, path: str, call: Call, tx: Transaction) -> AttachmentOut:
    kept = {name: row[name] for name in AttachmentOut.model_fields if name in row}
    out = AttachmentOut.model_validate({**kept, "org_path": record.org_path, "available_actions": []})
    if tx.dry_run:
        return out
    until = tx.now + LINK_LIVES
    token = link_token(call.state.secret, call.actor.person_id, out.id, until)
    out.content_url = f"{path}/{record.id}/attachments/{out.id}/content?token={token}"
    out.content_url_expires_at = until
    return out


def _content(row: Mapping[str, Any], folder: Path, request: Request) -> Response:
    refuse_unscanned(row["scan_state"])
    facts = {name: row[name] for name in ("file_name", "media_type", "size", "sha256")}
    return download(path_of(folder, row["id"]), asked=request.headers, **facts)
