"""Take papers in, ask once for what is missing, and keep the basis of medical data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from services.claims.claim import queries as spine
from services.claims.claim.handlers import ask_for_consent, require_files
from services.claims.claim.rules import ClaimStatus
from services.claims.claim.tables import Claim
from services.claims.deadlines.queries import decision_deadline
from services.claims.documents import queries, rules, shapes
from services.claims.documents.schemas import (
    CollectDocuments,
    ReceiveSupplements,
    RequestSupplements,
    WantedPaper,
)
from services.claims.documents.tables import Delivery, SupplementNotice
from shared.actions import Action
from shared.actor import Actor
from shared.attachments import take_uploads
from shared.clock import SHANGHAI, legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item, work_items


def check_collect(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether papers may still come in."""
    rules.may_collect(facts.claim.state)


def check_request(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether the one notice may be sent now."""
    rules.may_request(facts.claim.state, already_requested=facts.claim.supplement_served_at is not None)


def check_receive(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether an answer to the notice is awaited."""
    claim = facts.claim
    rules.may_receive(
        claim.state,
        requested=claim.supplement_served_at is not None,
        complete=claim.supplements_received_at is not None,
    )


async def collect_documents(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: CollectDocuments
) -> Answer:
    """Check papers off as they come in; the first ones start the period for the decision."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_collect(actor, await spine.facts_of(tx, claim))
        at = _moment(tx, claim, command.received_at, "received_at", command.reason)
        rules.check_codes((await queries.checklist_of(tx, claim)).documents, [one.code for one in command.items])
        await _take_files(tx, claim, command.upload_ids, [one.attachment_ids for one in command.items])
        if command.liability_fixed_on is not None:
            rules.check_fixed_on(command.liability_fixed_on, legal_day(claim.loss_at), legal_day(tx.now))
            claim.liability_fixed_on = command.liability_fixed_on
        for one in command.items:
            _deliver(tx, claim, at, one.code, None, one.attachment_ids)
        return await _taken_in(tx, claim, at, "collect_documents", command.reason, [one.code for one in command.items])


async def receive_supplements(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: ReceiveSupplements
) -> Answer:
    """Take in the answer to the notice; once nothing of it is awaited, the period runs on."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_receive(actor, await spine.facts_of(tx, claim))
        at = _moment(tx, claim, command.received_at, "received_at", command.reason)
        papers = await queries.papers_of(tx, claim)
        wanted = papers.notice.items if papers.notice else []
        numbers = rules.numbers_of(wanted, [(one.number, one.code) for one in command.items], final=command.final)
        rules.check_after_service(at, claim.supplement_served_at)
        await _take_files(tx, claim, command.upload_ids, [one.attachment_ids for one in command.items])
        for number, one in zip(numbers, command.items, strict=True):
            _deliver(tx, claim, at, wanted[number - 1].get("code"), number, one.attachment_ids)
        if command.final:
            claim.supplements_received_at = at
        return await _taken_in(tx, claim, at, "receive_supplements", command.reason, numbers, final=command.final)


def _moment(tx: Transaction, claim: Claim, given: datetime | None, name: str, reason: str | None) -> datetime:
    at = tx.now if given is None else given.astimezone(SHANGHAI)
    rules.check_moment(at, name, reason, loss_at=claim.loss_at, now=tx.now)
    return at


async def _take_files(
    tx: Transaction, claim: Claim, upload_ids: Sequence[UUID], attached: Sequence[Sequence[UUID]]
) -> None:
    await take_uploads(tx, upload_ids, claim)
    wanted = [
        (f"#/items/{n}/attachment_ids/{m}", file) for n, files in enumerate(attached) for m, file in enumerate(files)
    ]
    await require_files(tx, claim, wanted)


def _deliver(
    tx: Transaction, claim: Claim, at: datetime, code: str | None, number: int | None, files: Sequence[UUID]
) -> None:
    tx.add(
        Delivery(
            claim_id=claim.id, org_path=claim.org_path, code=code, supplement_item=number,
            attachment_ids=[str(one) for one in files], received_at=at, person_id=tx.actor.person_id,
        )
    )  # fmt: skip


async def _taken_in(
    tx: Transaction, claim: Claim, at: datetime, action: str, reason: str | None, came: Sequence[object], *,
    final: bool = False,
) -> Answer:  # fmt: skip
    """What every delivery leads to: the first day, the end of the wait, the state, the work, the answer."""
    before = {"status": claim.status}
    if claim.documents_received_at is None or at < claim.documents_received_at:
        claim.documents_received_at = at
    await tx.flush()
    papers = await queries.papers_of(tx, claim)
    waiting = claim.supplement_served_at is not None and claim.supplements_received_at is None
    if waiting and not papers.awaited:
        claim.supplements_received_at = at
    outstanding = _outstanding(claim, papers, final=final)
    if rules.begins_assessment(claim.state):
        claim.advance(ClaimStatus.ASSESSING)
    to = rules.after_delivery(claim.state, outstanding)
    if to is not claim.state:
        claim.advance(to)
    claim.documents_complete_at = None if outstanding else claim.documents_complete_at or at
    await _work(tx, claim, outstanding)
    await consents_wanted(tx, claim, papers)
    tx.note(action, claim, before=before, after={"status": claim.status, "came": list(came)}, reason=reason)
    out = await shapes.delivery(tx, claim, uuid7(), papers)
    return tx.answer(out, location=f"/v1/claims/{claim.id}/documents", version=claim.version)


def _outstanding(claim: Claim, papers: queries.Papers, *, final: bool = False) -> list[str]:
    """What the claim still waits for. With the notice answered for good nothing more may be asked, so nothing waits."""
    if claim.supplement_served_at is not None and claim.supplements_received_at is None:
        return [*papers.missing, *papers.awaited]
    return [] if final or claim.supplement_served_at is not None else papers.missing


async def ask_for_documents(tx: Transaction, claim: Claim) -> None:
    """Open the work of collecting papers, unless all are here."""
    await tx.flush()
    await _work(tx, claim, _outstanding(claim, await queries.papers_of(tx, claim)))


async def _work(tx: Transaction, claim: Claim, outstanding: Sequence[str]) -> None:
    """Registered claims have one of two: papers to collect, or a sum to calculate."""
    if claim.state not in rules.WORKING:
        return
    if outstanding:
        await close_items(tx, claim.id, "calculate")
        await _open(tx, claim, "collect_documents", Text("收集索赔资料", "Collect the papers"), "documents")
        return
    await close_items(tx, claim.id, "collect_documents")
    if claim.state is ClaimStatus.DOCUMENTS_COMPLETE:
        await _open(tx, claim, "calculate", Text("定损理算", "Assess and calculate"), "calculation-sheets")


async def _open(tx: Transaction, claim: Claim, kind: str, title: Text, below: str) -> None:
    """Open the item, or bring the one that is open to the present due time."""
    due = await decision_deadline(tx, claim)
    due_at, basis = (due.due_at, due.id) if due else (None, None)
    items = work_items.c
    held = update(work_items).where(items.record_id == claim.id, items.kind == kind, items.closed_at.is_(None))
    await tx.execute(held.values(due_at=due_at, basis=basis))
    await open_item(
        tx, kind, claim, title, number=claim.claim_no, unit_code=claim.unit_code, position="adjuster", due_at=due_at,
        basis=basis, href=f"/v1/claims/{claim.id}/{below}",
    )  # fmt: skip


async def consents_wanted(tx: Transaction, claim: Claim, papers: queries.Papers) -> list[str]:
    """A task while medical papers are here without a basis; it stops nothing."""
    missing = await queries.consents_missing(tx, claim, papers)
    if missing:
        await ask_for_consent(tx, claim)
    else:
        await close_items(tx, claim.id, "obtain_consent")
    return missing


async def request_supplements(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: RequestSupplements
) -> Answer:
    """Ask for what is missing: once in the life of the claim, all at once (保险法 art. 22)."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_request(actor, await spine.facts_of(tx, claim))
        at = _moment(tx, claim, command.served_at, "served_at", command.reason)
        papers = await queries.papers_of(tx, claim)
        items = _wanted(papers, command.items)
        rules.check_codes(papers.guide.documents, [one.code for one in items] or [None])
        status = rules.request_supplements(
            claim.state, items, already_requested=claim.supplement_served_at is not None,
            checklist=papers.guide.documents, received=papers.received,
        )  # fmt: skip
        before = {"status": claim.status}
        if status is not claim.state:
            claim.advance(status)
        claim.supplement_served_at, claim.documents_complete_at = at, None
        row = _notice(tx, claim, items, at, command.method)
        tx.add(row)
        await tx.flush()
        papers = await queries.papers_of(tx, claim)
        await _work(tx, claim, papers.awaited)
        tx.note("request_supplement", claim, before=before, after={"status": claim.status, "items": len(items)})
        out = await shapes.delivery(tx, claim, row.id, papers)
        return tx.answer(out, location=f"/v1/claims/{claim.id}/documents", version=claim.version)


def _wanted(papers: queries.Papers, items: Sequence[WantedPaper]) -> list[rules.SupplementItem]:
    """The items; words that are a code of the list are that code."""
    codes = {item.code for item in papers.guide.documents}
    return [
        rules.SupplementItem(code=one.description)
        if one.code is None and one.description in codes
        else rules.SupplementItem(one.code, one.description)
        for one in items
    ]


def _notice(
    tx: Transaction, claim: Claim, items: Sequence[rules.SupplementItem], at: datetime, method: str | None
) -> SupplementNotice:
    stored = [
        {name: value for name, value in (("code", one.code), ("description", one.description)) if value}
        for one in items
    ]
    return SupplementNotice(
        id=uuid7(), claim_id=claim.id, org_path=claim.org_path, items=stored, served_at=at, method=method,
        person_id=tx.actor.person_id,
    )  # fmt: skip


ACTIONS = (
    Action("collect_documents", "POST", "/v1/claims/{id}/documents", "claims.documents.collect", check_collect),
    Action(
        "request_supplement", "POST", "/v1/claims/{id}/supplement-notices", "claims.documents.request", check_request
    ),
    Action("receive_supplements", "POST", "/v1/claims/{id}/supplements", "claims.documents.collect", check_receive),
)
