"""How the papers of a claim read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim
from services.claims.deadlines.queries import deadlines_of
from services.claims.documents import queries
from services.claims.documents.schemas import DeliveryOut, DocumentsOut, NoticeOut, PaperOut, WantedOut
from services.claims.guide.rules import DocumentItem
from shared.clock import rfc3339
from shared.database import Transaction


def _paper(item: DocumentItem, papers: queries.Papers) -> PaperOut:
    came = [one for one in papers.deliveries if one.code == item.code]
    return PaperOut(
        code=item.code, title=item.title._asdict(), required=item.required, held=item.held, medical=item.medical,
        received=bool(came), received_at=came[0].received_at if came else None,
        attachment_ids=[UUID(file) for one in came for file in one.attachment_ids],
    )  # fmt: skip


def notice(papers: queries.Papers, claim: Claim) -> NoticeOut | None:
    """The one notice, with what of it has been answered."""
    if papers.notice is None:
        return None
    items = [
        WantedOut(
            number=n, code=one.get("code"), description=one.get("description") or None, received=papers.answers(n)
        )
        for n, one in enumerate(papers.notice.items, start=1)
    ]
    return NoticeOut(
        served_at=papers.notice.served_at, method=papers.notice.method, items=items,
        received_at=claim.supplements_received_at,
    )  # fmt: skip


async def documents(tx: Transaction, claim: Claim) -> DocumentsOut:
    """Everything about the papers of a claim."""
    papers = await queries.papers_of(tx, claim)
    consents = [
        {"claimant_ref": one.claimant_ref, "basis": one.basis, "obtained_at": rfc3339(one.obtained_at)}
        for one in papers.consents
    ]
    return DocumentsOut(
        checklist_version=papers.guide.checklist_version,
        items=[_paper(item, papers) for item in papers.guide.documents], missing=papers.missing,
        documents_received_at=claim.documents_received_at, documents_complete_at=claim.documents_complete_at,
        supplement_notice=notice(papers, claim), consents=consents,
        consents_missing=await queries.consents_missing(tx, claim, papers),
    )  # fmt: skip


async def delivery(tx: Transaction, claim: Claim, fact_id: UUID, papers: queries.Papers) -> DeliveryOut:
    """What a delivery or a notice answers."""
    return DeliveryOut(
        id=fact_id, created_at=tx.now, claim=state_of(claim), missing=papers.missing,
        documents_received_at=claim.documents_received_at, documents_complete_at=claim.documents_complete_at,
        supplement_notice=notice(papers, claim), deadlines=[one.shown() for one in await deadlines_of(tx, claim)],
    )  # fmt: skip


async def timeline(tx: Transaction, claim: Claim) -> list[dict[str, Any]]:
    """Papers by the time at which they came, and the notice by its service."""
    papers = await queries.papers_of(tx, claim)
    lines: list[dict[str, Any]] = [
        {
            "at": one.received_at, "kind": "document", "recorded_at": one.created_at,
            "person": {"person_id": str(one.person_id)},
            "facts": {"code": one.code} if one.code else {"supplement_item": one.supplement_item},
        }
        for one in papers.deliveries
    ]  # fmt: skip
    if papers.notice is not None:
        served = papers.notice
        person = {"person_id": str(served.person_id)}
        lines.append(
            {"at": served.served_at, "kind": "supplement_notice", "recorded_at": served.created_at, "person": person}
        )
    return lines
