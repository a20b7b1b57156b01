"""Close a claim, bind its one volume, add later papers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.claims.archive import queries, rules, shapes
from services.claims.archive.queries import ClosingFacts
from services.claims.archive.rules import FileStatus
from services.claims.archive.schemas import (
    AddSupplement,
    BindFile,
    CloseClaim,
    ClosureOut,
    PageIn,
)
from services.claims.archive.tables import ClaimFile, FileSupplement
from services.claims.claim import queries as spine
from services.claims.claim.handlers import state_of, take_duty
from services.claims.claim.rules import Duty, Held, Line, refuse_to_take
from services.claims.claim.tables import Claim
from services.claims.deadlines import queries as deadlines
from shared.actions import Action
from shared.actor import Actor
from shared.audit import canonical
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.numbers import next_number
from shared.work_items import close_items, open_item

ARCHIVE_ITEM = "archive"


def _closing(facts: spine.ClaimFacts) -> ClosingFacts:
    return facts.closing or ClosingFacts()


def check_close(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this claim may be closed now; the refusal lists what is open."""
    rules.close(facts.claim.state, _closing(facts).unfinished)


def check_bind(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may bind the volume of this claim now."""
    refuse_to_take(facts.duties, actor, Duty.ARCHIVIST)
    rules.may_bind(facts.claim.state, _closing(facts).volume_no)


def check_supplement(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may add later papers to the volume now."""
    refuse_to_take(facts.duties, actor, Duty.ARCHIVIST)
    rules.bind_supplement(facts.claim.state, _closing(facts).volume_no, _closing(facts).supplements)
    rules.refuse_destroyed(file_of(facts).state)


def file_of(facts: spine.ClaimFacts) -> ClaimFile:
    """The volume of the claim. Raises `NoVolume` (409)."""
    file = _closing(facts).file
    if file is None:
        raise rules.NoVolume()
    return file


ACTIONS = (
    Action("close", "POST", "/v1/claims/{id}/closures", "claims.closure.close", check_close),
    Action("bind_file", "POST", "/v1/claims/{id}/file", "claims.file.bind", check_bind),
    Action("supplement_file", "POST", "/v1/claims/{id}/file/supplements", "claims.file.supplement", check_supplement),
)


async def close_claim(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: CloseClaim, state: Any
) -> Answer:
    """Close a claim of which nothing is open; the archivist binds its file next."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_close(actor, await spine.facts_of(tx, claim, state))
        before = {"status": claim.status}
        claim.advance(rules.ClaimStatus.CLOSED)
        claim.closed_at = tx.now
        period = next((one for one in await deadlines.deadlines_of(tx, claim) if one.id == "DL-AR-1"), None)
        await close_items(tx, claim.id)
        bound = await queries.file_of(tx, claim.id)
        below = "file" if bound is None else "file/supplements"
        await open_item(
            tx, ARCHIVE_ITEM, claim, Text("装订归档案卷", "Bind and shelve the file"), number=claim.claim_no,
            unit_code=claim.unit_code, position="archivist", href=f"/v1/claims/{claim.id}/{below}",
            due_at=period and period.due_at, basis="DL-AR-1",
        )  # fmt: skip
        tx.note("close", claim, before=before, after={"status": claim.status}, reason=command.remark)
        out = ClosureOut(
            id=uuid7(), created_at=tx.now, claim=state_of(claim), closed_at=tx.now, due_on=period and period.due_on
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/claims/{claim.id}", version=claim.version)


async def _shelve_by(tx: Transaction, claim: Claim) -> datetime | None:
    """Until when the file of this closing had to be shelved."""
    period = next((one for one in await deadlines.deadlines_of(tx, claim) if one.id == "DL-AR-1"), None)
    return period and period.due_at


async def bind_file(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: BindFile, state: Any
) -> Answer:
    """Bind the one volume of a closed claim and shelve it: list of pages, named archivist, number."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_bind(actor, facts)
        await _check_archivist(tx, claim, command.archivist_person_id)
        papers = await queries.papers_of(tx, claim.id)
        pages = _pages(command.pages, papers)
        counted = sum(one.page_count for one in command.pages) if command.page_count is None else command.page_count
        status = rules.bind(
            claim.state, _closing(facts).volume_no, _numbered(pages), counted, command.archivist_person_id, facts.duties
        )
        rules.refuse_missing(papers, queries.listed(pages))
        before = {"status": claim.status}
        claim.advance(status)
        claim.shelved_at = tx.now
        if Held(Duty.ARCHIVIST, command.archivist_person_id) not in facts.duties:
            due_at = await _shelve_by(tx, claim)
            take_duty(tx, claim, Duty.ARCHIVIST, command.archivist_person_id, due_at=due_at)
        await close_items(tx, claim.id, ARCHIVE_ITEM)
        row = await _volume(tx, claim, command, pages, counted)
        tx.note("bind_file", claim, before=before, after={"status": claim.status, "volume_no": row.volume_no})
        keep_until = await queries.keep_until(tx, claim, legal_day(tx.now))
        out = shapes.file(row, claim, keep_until)
        return tx.answer(out, location=f"/v1/claims/{claim.id}/file/manifest", version=claim.version)


async def _check_archivist(tx: Transaction, claim: Claim, person_id: UUID) -> None:
    own = person_id == tx.actor.person_id and tx.actor.position == "archivist"
    if not own and not await queries.is_archivist(tx, claim, person_id):
        words = Text("该人员不是本机构或上级机构的档案人员。", "This is no archivist of the unit or of one above it.")
        raise ReferenceNotFound(Fault(ReferenceNotFound.code, words, pointer="#/archivist_person_id"))


def _pages(given: Sequence[PageIn], papers: dict[str, str]) -> list[dict[str, Any]]:
    """The list as it is kept: running page numbers, and the hash of each file of the claim."""
    words = Text("本案没有该附件，或目录重复列入。", "The claim has no such file, or the list names it twice.")
    first, pages, bad, seen = 1, [], [], set()
    for at, one in enumerate(given):
        named = None if one.attachment_id is None else str(one.attachment_id)
        if named is not None and (named not in papers or named in seen):
            bad.append(Fault(ReferenceNotFound.code, words, pointer=f"#/pages/{at}/attachment_id"))
        seen.add(named)
        told = {
            "title": one.title, "first_page": one.first_page or first, "page_count": one.page_count,
            "attachment_id": named, "sha256": papers.get(named, "") if named else one.sha256,
        }  # fmt: skip
        pages.append({name: value for name, value in told.items() if value is not None})
        first += one.page_count
    if bad:
        raise ReferenceNotFound(*bad)
    return pages


def _numbered(pages: Sequence[dict[str, Any]]) -> list[rules.Page]:
    return [rules.Page(one["first_page"], one["page_count"]) for one in pages]


def _hash_of(number: str, pages: Sequence[dict[str, Any]]) -> str:
    return hashlib.sha256(canonical({"number": number, "pages": list(pages)}).encode()).hexdigest()


async def _volume(
    tx: Transaction, claim: Claim, command: BindFile, pages: list[dict[str, Any]], counted: int
) -> ClaimFile:
    """The volume with its number. The counter row is every archivist's of the unit: it is taken last."""
    line, year = Line(claim.line or ""), tx.now.year
    await tx.flush()
    series = f"volume.{rules.LINE_CODE[line]}"
    number = rules.volume_no(year, claim.unit_code, line, await next_number(tx, series, year, claim.unit_code))
    row = ClaimFile(
        id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, volume_no=number,
        status=str(FileStatus.ARCHIVED), shelf_place=command.shelf_place, pages=pages, page_count=counted,
        manifest_sha256=_hash_of(number, pages), archivist_person_id=command.archivist_person_id, shelved_at=tx.now,
        person_id=tx.actor.person_id,
    )  # fmt: skip
    tx.add(row)
    return row


async def add_supplement(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: AddSupplement, state: Any
) -> Answer:
    """Later papers join the one volume as a numbered supplement; also those of a claim that closed again."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_supplement(actor, facts)
        number, status = rules.bind_supplement(claim.state, file_of(facts).volume_no, _closing(facts).supplements)
        papers = await queries.papers_of(tx, claim.id)
        pages = _pages(command.pages, papers)
        counted = sum(one.page_count for one in command.pages) if command.page_count is None else command.page_count
        rules.check_pages(_numbered(pages), counted)
        kept = [file_of(facts).pages, *(one.pages for one in await queries.supplements_of(tx, claim.id)), pages]
        rules.refuse_missing(papers, {name for part in kept for name in queries.listed(part)})
        row = FileSupplement(
            id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, supplement_no=number,
            pages=pages, page_count=counted, manifest_sha256=_hash_of(number, pages), reason=command.reason,
            person_id=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        before = {"status": claim.status}
        if status is not claim.state:
            claim.advance(status)
            claim.shelved_at = tx.now
            await close_items(tx, claim.id, ARCHIVE_ITEM)
        if Held(Duty.ARCHIVIST, actor.person_id) not in facts.duties:
            take_duty(tx, claim, Duty.ARCHIVIST, due_at=await _shelve_by(tx, claim))
        after = {"status": claim.status, "supplement_no": number}
        tx.note("supplement_file", claim, before=before, after=after, reason=command.reason)
        out = shapes.supplement(row, claim)
        return tx.answer(out, location=f"/v1/claims/{claim.id}/file/manifest", version=claim.version)
