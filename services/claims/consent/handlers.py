"""Keep the basis on which medical data of an injured person are kept."""

from __future__ import annotations

from uuid import UUID

from services.claims.claim import queries as spine
from services.claims.claim.handlers import require_files
from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim
from services.claims.documents import queries, rules
from services.claims.documents.handlers import consents_wanted
from services.claims.documents.schemas import ConsentOut, RecordConsent
from services.claims.documents.tables import Consent
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database
from shared.errors import Fault, OccurredInFuture
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.rule_sets import in_force


def check_consent(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether a basis may be recorded."""
    rules.may_consent(facts.claim.state)


async def record_consent(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: RecordConsent
) -> Answer:
    """Keep why medical data of an injured person may be kept (个人信息保护法 arts. 28, 29, 31)."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_consent(actor, await spine.facts_of(tx, claim))
        if command.obtained_at > tx.now:
            raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/obtained_at"))
        limit = (await in_force(tx, "consent")).content["guardian_consent_below_age"]
        age = await queries.age_of(tx, claim, command.claimant_ref, legal_day(command.obtained_at))
        rules.check_consent(command.basis, age, age_limit=limit)
        if command.attachment_id is not None:
            await require_files(tx, claim, [("#/attachment_id", command.attachment_id)])
        row = Consent(
            id=uuid7(), claim_id=claim.id, org_path=claim.org_path, claimant_ref=command.claimant_ref,
            basis=str(command.basis), obtained_at=command.obtained_at, attachment_id=command.attachment_id,
            person_id=tx.actor.person_id,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        missing = await consents_wanted(tx, claim, await queries.papers_of(tx, claim))
        tx.note("record_consent", claim, after={"consent_id": row.id, "basis": row.basis})
        out = ConsentOut(
            id=row.id, created_at=tx.now, claim=state_of(claim), claimant_ref=row.claimant_ref, basis=row.basis,
            obtained_at=row.obtained_at, missing=missing,
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/claims/{claim.id}/consents/{row.id}", version=claim.version)


ACTIONS = (Action("record_consent", "POST", "/v1/claims/{id}/consents", "claims.consent.record", check_consent),)
