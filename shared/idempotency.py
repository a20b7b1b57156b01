"""Repeats: the first answer again, byte for byte, and the effect once.

Key and answer are stored in the transaction of the effect. A key belongs to one caller, one method and path, and one
body. "Still running" is a try-lock held by the transaction, so that a second request gets its 409 at once instead of
waiting. A refused request leaves no key behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, DateTime, Integer, LargeBinary, Table, Text, Uuid, insert, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import Fault, IdempotencyKeyInProgress, IdempotencyKeyReused
from shared.errors import Text as Words
from shared.kernel import kernel

stored_answers = Table(
    "stored_answers",
    kernel,
    Column("caller", Uuid, primary_key=True),
    Column("route", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """What makes a request the same request: method and path, the client's key, and the body."""

    route: str
    """Method and path as sent, ids included: `POST /v1/claims`."""
    key: str | None = None
    """None where the method needs none (PUT, PATCH, DELETE) or nothing will be stored (`dry_run`)."""
    body_hash: bytes = b""
    dry_run: bool = False
    keep: timedelta = timedelta(hours=24)

    def lock(self, caller: UUID) -> int:
        """The advisory lock of this request: a signed 64-bit number."""
        text = f"{caller}\n{self.route}\n{self.key}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent: stored with the key before it is sent, so that a repeat gets the same bytes."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Replayed(Exception):
    """Not a refusal: the request was carried out before, and this is its answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__("replayed")


async def find(session: AsyncSession, caller: UUID, key: RequestKey, *, locked: bool) -> None:
    """Leave with `Replayed` where the key has its answer already.

    Raises `IdempotencyKeyInProgress` where another transaction holds the key and `IdempotencyKeyReused` for another
    body.
    """
    if not locked:
        raise IdempotencyKeyInProgress()
    where = (stored_answers.c.caller == caller, stored_answers.c.route == key.route, stored_answers.c.key == key.key)
    row = (await session.execute(select(stored_answers).where(*where))).mappings().one_or_none()
    if row is None:
        return
    if row["body_hash"] != key.body_hash:
        words = Words("请更换键值。", "Use another key.")
        raise IdempotencyKeyReused(Fault(IdempotencyKeyReused.code, words, header="Idempotency-Key"))
    raise Replayed(Answer(row["status"], row["body"], {**row["headers"], "Idempotency-Replayed": "true"}))


async def store(session: AsyncSession, caller: UUID, key: RequestKey, answer: Answer, now: datetime) -> None:
    """Keep `answer` with its key in the running transaction."""
    row = {
        "caller": caller,
        "route": key.route,
        "key": key.key,
        "body_hash": key.body_hash,
        "status": answer.status,
        "headers": dict(answer.headers),
        "body": answer.body,
        "created_at": now,
        "expires_at": now + key.keep,
    }
    await session.execute(insert(stored_answers).values(**row))
