"""What is wanted of a claim, what has come in, what is outstanding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.claims.claim.queries import injured_of
from services.claims.claim.tables import Claim
from services.claims.documents import rules
from services.claims.documents.tables import Consent, Delivery, SupplementNotice
from services.claims.guide import rules as guides
from shared.clock import legal_day
from shared.database import Transaction
from shared.rule_sets import in_force


@dataclass(frozen=True)
class Papers:
    """The papers of one claim, read once."""

    guide: guides.Guide
    deliveries: tuple[Delivery, ...]
    notice: SupplementNotice | None
    consents: tuple[Consent, ...]

    @property
    def received(self) -> frozenset[str]:
        """Codes of the checklist that have come in."""
        return frozenset(one.code for one in self.deliveries if one.code)

    @property
    def missing(self) -> list[str]:
        """Codes of the required papers that have not come in."""
        return rules.missing(self.guide.documents, self.received)

    def answers(self, number: int) -> bool:
        """Whether the notice's item with this number (from 1) has been answered."""
        if self.notice is None:
            return False
        code = self.notice.items[number - 1].get("code")
        since = [one for one in self.deliveries if one.received_at >= self.notice.served_at]
        return any(one.supplement_item == number or (code and one.code == code) for one in since)

    @property
    def awaited(self) -> list[str]:
        """The notice's items (their numbers) that have not been answered."""
        wanted = [str(n) for n in range(1, len(self.notice.items) + 1)] if self.notice else []
        return rules.outstanding_supplements(wanted, [n for n in wanted if self.answers(int(n))])


async def checklist_of(tx: Transaction, claim: Claim) -> guides.Guide:
    """The list of papers for this claim's line and losses, by the rule set of the day of its report."""
    found = await in_force(tx, "document_checklists", legal_day(claim.reported_at))
    lists = guides.read_checklists(found.version, found.content)
    return guides.guide(lists, claim.line, guides.kinds_told(claim), claim.product)


async def papers_of(tx: Transaction, claim: Claim) -> Papers:
    """The papers of a claim as they stand in this transaction."""
    deliveries = await tx.scalars(
        select(Delivery).where(Delivery.claim_id == claim.id).order_by(Delivery.received_at, Delivery.id)
    )
    notice = await tx.scalar(select(SupplementNotice).where(SupplementNotice.claim_id == claim.id))
    consents = await tx.scalars(select(Consent).where(Consent.claim_id == claim.id).order_by(Consent.created_at))
    return Papers(await checklist_of(tx, claim), tuple(deliveries), notice, tuple(consents))


async def consents_missing(tx: Transaction, claim: Claim, papers: Papers) -> list[str]:
    """Injured persons of whom medical papers or words are here without a recorded basis."""
    people = await injured_of(tx, claim.id)
    told = {one.insured_ref or f"injured.{one.position}": bool(one.injury) for one in people}
    consented = {one.claimant_ref for one in papers.consents}
    return rules.consents_missing(papers.guide.documents, papers.received, told, consented)


async def age_of(tx: Transaction, claim: Claim, claimant_ref: str, on: date) -> int | None:
    """The age of an injured person on a day, as far as the report tells it."""
    for one in await injured_of(tx, claim.id):
        if claimant_ref in (one.insured_ref, f"injured.{one.position}"):
            return rules.age_of(one.id_no, on)
    return None


async def notices_of(tx: Transaction, claim_id: UUID) -> Sequence[SupplementNotice]:
    """The notice of a claim, if it has had it."""
    return await tx.scalars(select(SupplementNotice).where(SupplementNotice.claim_id == claim_id))
