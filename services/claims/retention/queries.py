"""What of a file is due, by its periods and by what is pending; and the files to look at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, or_, select, tuple_

from services.claims.archive import queries as archive
from services.claims.archive.rules import add_years
from services.claims.archive.tables import ClaimFile
from services.claims.claim.tables import Claim
from services.claims.documents.tables import Delivery
from services.claims.retention import rules
from services.claims.retention.rules import Held, Paper, PaperPeriod
from services.claims.retention.tables import FileDestruction
from shared.attachments import attachments
from shared.clock import at_midnight, legal_day
from shared.database import Transaction, path_range
from shared.errors import NotFound
from shared.rule_sets import in_force


async def held(tx: Transaction, claim: Claim, file: ClaimFile, on: date) -> Held:
    """What of the claim's file would be due on a day."""
    shelved_on = legal_day(file.shelved_at)
    until, closed_on = await archive.keep_until(tx, claim, shelved_on), archive.closing_day(claim, shelved_on)
    ended, _ = await archive.contract(tx, claim)
    periods = PaperPeriod.of((await in_force(tx, "retention")).content)
    days = {"file": until, "contract_ended_on": ended or closed_on, "closed_on": closed_on}
    dated = [(one, rules.keep_paper_until(one, periods, **days)) for one in await papers_of(tx, claim.id)]
    due, kept = rules.divide(dated, on)
    return Held(file.state, until, await archive.frozen_by(tx, claim), due, kept)


async def papers_of(tx: Transaction, claim_id: UUID) -> list[Paper]:
    """Every file of the claim, also of before it moved, with its own kind and the documents it came in as."""
    codes: dict[str, set[str]] = {}
    for one in await tx.scalars(select(Delivery).where(Delivery.claim_id == claim_id)):
        for named in one.attachment_ids if one.code else ():
            codes.setdefault(str(named), set()).add(one.code)
    files, scope = attachments.c, tx.scope
    await tx.use_scope("00")
    statement = select(files.id, files.sha256, files.kind).where(files.record_id == claim_id).order_by(files.id)
    rows = (await tx.execute(statement)).all()
    await tx.use_scope(scope)
    return [Paper(row.id, bytes(row.sha256).hex(), frozenset({row.kind, *codes.get(str(row.id), ())})) for row in rows]


async def forget(tx: Transaction, papers: Sequence[Paper]) -> None:
    """Remove the rows of these files; nobody can read them from the commit on."""
    scope = tx.scope
    await tx.use_scope("00")
    await tx.execute(delete(attachments).where(attachments.c.id.in_([one.id for one in papers])))
    await tx.use_scope(scope)


async def requests_of(tx: Transaction, claim_id: UUID) -> Sequence[FileDestruction]:
    """Every request about the claim's file, in order."""
    statement = select(FileDestruction).where(FileDestruction.claim_id == claim_id)
    return await tx.scalars(statement.order_by(FileDestruction.created_at, FileDestruction.id))


async def request_of(tx: Transaction, claim_id: UUID, destruction_id: UUID) -> FileDestruction:
    """One of them. Raises `NotFound`."""
    for row in await requests_of(tx, claim_id):
        if row.id == destruction_id:
            return row
    raise NotFound()


async def open_request(tx: Transaction, claim_id: UUID) -> FileDestruction | None:
    """The one that waits for its decision."""
    return next((row for row in await requests_of(tx, claim_id) if row.status == "requested"), None)


async def shortest_years(tx: Transaction) -> int:
    """No file is due before so many years after its claim was closed."""
    figures = (await in_force(tx, "intake")).content["retention"]
    return min(int(figures["years_term_up_to_one_year"]), int(figures["years_longer_term"]))


async def old_files(
    tx: Transaction, on: date, after: UUID | None, path: str | None
) -> AsyncIterator[tuple[Claim, ClaimFile]]:
    """Files that may be due on a day, by the closing of their claims, the oldest first, from after that of a claim."""
    closed_before = at_midnight(add_years(on, -await shortest_years(tx)))
    has_papers = select(attachments.c.id).where(attachments.c.record_id == Claim.id).exists()
    wanted = [Claim.closed_at < closed_before, or_(ClaimFile.status != "destroyed", has_papers)]
    if path is not None:
        wanted.append(path_range(Claim.org_path, path))
    at = None if after is None else await tx.find(Claim, after)
    last: Any = None if at is None or at.closed_at is None else (at.closed_at, at.id)
    while True:
        here = wanted if last is None else [*wanted, tuple_(Claim.closed_at, Claim.id) > tuple_(*last)]
        joined = select(Claim, ClaimFile).join(ClaimFile, ClaimFile.claim_id == Claim.id).where(and_(*here))
        rows = (await tx.execute(joined.order_by(Claim.closed_at, Claim.id).limit(100))).all()
        for claim, file in rows:
            yield claim, file
        if len(rows) < 100:
            return
        last = (rows[-1][0].closed_at, rows[-1][0].id)


async def to_clear(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Destructions of which files may still lie on the disk."""
    rows = FileDestruction
    left = select(rows.id).where(rows.status == "confirmed", rows.files_gone_at.is_(None))
    return await tx.scalars(left.order_by(rows.decided_at, rows.id).limit(limit))
