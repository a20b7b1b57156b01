"""What a deployable shows of its audit trail: to the gateway's token of an auditor, within the auditor's scope.

Entries come newest first in one total order over all chains, so that the gateway can merge those of all deployables.
Every chain belongs to one place of the tree, so whoever may see a part of it sees all of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select, tuple_
from starlette.responses import Response

from shared.audit import GENESIS, audit_entries, audit_heads, first_broken
from shared.database import Transaction, path_range
from shared.routing import Reads, Room, shown

MAY = "organisation.audit.read"
BATCH = 5000


class AuditQuery(BaseModel):
    """Filters of the audit trail; the three `before_` members together say after which entry to go on."""

    model_config = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

    limit: int = Field(default=50, ge=1, le=201)
    org_path: str | None = Field(default=None, pattern=r"^[0-9]{2}(\.[0-9]+){0,3}$")
    """Entries at or below this path."""
    person_id: UUID | None = None
    object_type: str | None = None
    object_id: UUID | None = None
    action: str | None = None
    outcome: Literal["done", "refused"] | None = None
    request_id: UUID | None = None
    since: datetime | None = Field(default=None, alias="at[gte]")
    until: datetime | None = Field(default=None, alias="at[lt]")
    before_at: datetime | None = None
    before_chain: str | None = None
    before_n: int | None = None


class AuditEntryOut(BaseModel):
    """One entry as it was chained; `before` and `after` are hashes."""

    chain: str
    n: int
    at: datetime
    """To the microsecond: it is a part of the order."""
    entry: dict[str, Any]
    hash: str


class AuditEntriesOut(BaseModel):
    items: list[AuditEntryOut]


class ChainVerdict(BaseModel):
    """`first_broken`: number of the first entry whose place, predecessor or hash is wrong; `head`: whether the last
    entry is the one that the chain ended with.
    """

    chain: str
    entries: int
    head: Literal["ok", "differs"]
    first_broken: int | None = None


class VerificationOut(BaseModel):
    items: list[ChainVerdict]


async def entries(tx: Transaction, asked: AuditQuery) -> list[AuditEntryOut]:
    """The newest entries in the caller's scope that match, one page of them."""
    columns = audit_entries.c
    equal = {name: getattr(asked, name) for name in ("person_id", "object_type", "object_id", "action", "outcome")}
    equal["request_id"] = asked.request_id
    conditions = [columns[name] == value for name, value in equal.items() if value is not None]
    if asked.org_path is not None:
        conditions.append(path_range(columns.org_path, asked.org_path))
    if asked.since is not None:
        conditions.append(columns.at >= asked.since)
    if asked.until is not None:
        conditions.append(columns.at < asked.until)
    order = (columns.at, columns.chain.collate("C"), columns.n)
    if asked.before_at is not None:
        conditions.append(tuple_(*order) < tuple_(asked.before_at, asked.before_chain or "", asked.before_n or 0))
    statement = select(audit_entries).where(*conditions).order_by(*(one.desc() for one in order)).limit(asked.limit)
    return [_shape(row) for row in (await tx.execute(statement)).mappings()]


def _shape(row: Mapping[str, Any]) -> AuditEntryOut:
    return AuditEntryOut(
        chain=row["chain"], n=row["n"], at=row["at"], entry=json.loads(row["entry"]), hash=row["h"].hex()
    )


async def verdicts(tx: Transaction) -> list[ChainVerdict]:
    """Every chain in the caller's scope, recomputed from its first entry."""
    columns, scope = audit_entries.c, tx.actor.scope
    heads = {row.chain: row for row in await tx.execute(select(audit_heads)) if _within(row.chain, scope)}
    held = await tx.scalars(select(columns.chain).group_by(columns.chain))
    return [await _verdict(tx, chain, heads.get(chain)) for chain in sorted({*heads, *held})]


def _within(chain: str, scope: str) -> bool:
    path = chain.partition(":")[2]
    return path == scope or path.startswith(scope + ".")


async def _verdict(tx: Transaction, chain: str, head: Any) -> ChainVerdict:
    columns, n, prev, broken = audit_entries.c, 0, GENESIS, None
    while broken is None:
        statement = select(audit_entries).where(columns.chain == chain, columns.n > n).order_by(columns.n).limit(BATCH)
        rows = list((await tx.execute(statement)).mappings())
        if not rows:
            break
        broken = first_broken(rows, n=n, prev=prev)
        n, prev = rows[-1]["n"], rows[-1]["h"]
    count = await tx.scalar(select(func.count()).where(columns.chain == chain))
    # an entry that was broken earlier leaves the end unread: there the head says nothing more
    ends = head is not None and (broken is not None or (head.n, head.h) == (n, prev))
    return ChainVerdict(chain=chain, entries=count or 0, head="ok" if ends else "differs", first_broken=broken)


def audit_routes(service: str) -> Room:
    """`GET /internal/audit-entries` and `/internal/audit-verification` of `service`."""
    room = Room(include_in_schema=False)

    @room.reads("/internal/audit-entries", AuditEntriesOut, may=MAY)
    async def list_audit_entries(call: Reads, asked: Annotated[AuditQuery, Query()]) -> Response:
        async with call.db.transaction(call.actor) as tx:
            return shown(AuditEntriesOut(items=await entries(tx, asked)))

    @room.reads("/internal/audit-verification", VerificationOut, may=MAY)
    async def verify_audit_chains(call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            return shown(VerificationOut(items=await verdicts(tx)))

    return room
