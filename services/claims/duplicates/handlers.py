"""One loss is one claim, and one accident one amount: links of duplicates, accidents joined and taken apart."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update

from services.claims import events
from services.claims.claim import queries as spine
from services.claims.claim import rules as lifecycle
from services.claims.claim.handlers import end_report
from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim
from services.claims.duplicates import queries, rules
from services.claims.duplicates.schemas import LinkClaim, LinkOut, SeparateAccident, SeparationOut
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.database_faults import ConcurrentChange
from shared.errors import ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7


async def join_accident(tx: Transaction, claim: Claim, hours: int) -> None:
    """Put the claim into the accident of the policy's other claims near it in time, whichever unit handles them.

    The policy is locked, so two reports of one accident see each other. A loss within reach of two makes them one.
    """
    if claim.policy_id is None or claim.accident_separated:
        return
    await queries.lock_policy(tx, claim.policy_id)
    async with queries.in_every_unit(tx):
        found = rules.accident_of(claim.loss_at, claim.id, await queries.on_policy(tx, claim), hours)
        claim.accident_id = found.accident_id
        for accident_id in sorted({found.accident_id, *found.joined}) if found.joined else ():
            await queries.lock_accident(tx, accident_id)
        if found.joined:
            tied = update(Claim).where(Claim.accident_id.in_(found.joined))
            await tx.execute(tied.values(accident_id=found.accident_id))


def check_link(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this claim may still be found to be a duplicate."""
    lifecycle.may_cancel(facts.claim.state)


async def link_claim(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: LinkClaim
) -> Answer:
    """Join a duplicate to the claim that is kept: the duplicate is cancelled, the kept one goes on."""
    async with db.transaction(actor, key) as tx:
        await queries.lock_in_order(tx, claim_id, command.duplicate_of)
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_link(actor, await spine.facts_of(tx, claim))
        kept = await queries.claim_in_scope(tx, command.duplicate_of)
        if kept is None:
            raise ReferenceNotFound.at("#/duplicate_of")
        rules.check_link(claim.id, kept.id, kept.status)
        before = {"status": claim.status}
        await end_report(tx, claim, "duplicate", command.reason or "duplicate", kept.id)
        tx.publish(events.ClaimLinked(claim_id=kept.id, linked_claim_id=claim.id), kept)
        after = {"status": claim.status, "duplicate_of": kept.id}
        tx.note("link", claim, before=before, after=after, reason=command.reason)
        out = LinkOut(id=uuid7(), created_at=tx.now, claim=state_of(claim), duplicate_of=kept.id)
        return tx.answer(out, location=f"/v1/claims/{claim.id}", version=claim.version)


def check_separate(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether there is anything to take apart."""
    rules.may_separate(facts.companions)


async def separate_accident(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: SeparateAccident
) -> Answer:
    """Take one claim out of the common accident; from then on it stands alone, also for later reports."""
    async with db.transaction(actor, key) as tx:
        claim = await _claim_of_locked_accident(tx, claim_id, version)
        facts = await spine.facts_of(tx, claim)
        check_separate(actor, facts)
        rules.check_separation(command.claim_id, {claim.id, *facts.companions}, command.reason)
        taken = claim if command.claim_id == claim.id else await tx.find_for_change(Claim, command.claim_id, None)
        before = {"accident_id": taken.accident_id}
        taken.accident_id, taken.accident_separated = uuid7(), True
        after = {"accident_id": taken.accident_id, "accident_separated": True}
        tx.note("separate_accident", taken, before=before, after=after, reason=command.reason)
        out = SeparationOut(
            id=uuid7(), created_at=tx.now, claim=state_of(claim), claim_id=taken.id, accident_id=taken.accident_id
        )
        return tx.answer(out, location=f"/v1/claims/{taken.id}", version=claim.version)


async def _claim_of_locked_accident(tx: Transaction, claim_id: UUID, version: int | None) -> Claim:
    """First the accident, then the row, as a decision about the accident's sum locks them."""
    seen = await tx.find(Claim, claim_id)
    accident_id = seen.accident_id
    tx.session.expunge(seen)
    await queries.lock_accident(tx, accident_id)
    claim = await tx.find_for_change(Claim, claim_id, version)
    if claim.accident_id != accident_id:
        raise ConcurrentChange()
    return claim


ACTIONS = (
    Action("link", "POST", "/v1/claims/{id}/links", "claims.claim.link", check_link),
    Action(
        "separate_accident", "POST", "/v1/claims/{id}/accident-separations", "claims.accident.separate", check_separate
    ),
)
