"""Assess the losses, calculate the sheet, and keep the ledger of the policy's limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import update

from services.claims.adjustment import queries, rules, shapes
from services.claims.adjustment.schemas import AssessLosses, CalculateSheet
from services.claims.adjustment.tables import CalculationSheet, LimitEntry, LossAssessment, PriorPayment
from services.claims.claim import queries as spine
from services.claims.claim.handlers import take_duty
from services.claims.claim.rules import ClaimStatus, Duty, Held
from services.claims.claim.tables import Claim
from services.claims.cover.tables import CoverVersion
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.masking import keyed_digest
from shared.money import ZERO
from shared.work_items import close_items


def persons(actor: Actor) -> frozenset[UUID]:
    """Everybody whose act it is: the caller, and the one on whose behalf."""
    return frozenset({actor.person_id, actor.on_behalf_of or actor.person_id})


def check_assess(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may assess this claim now."""
    rules.may_assess(facts.claim.state, facts.claim.line, facts.duties, persons(actor), facts.interested)


def check_calculate(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may calculate this claim now."""
    rules.may_calculate(facts.claim.state, facts.claim.line, facts.duties, persons(actor), facts.interested)


ACTIONS = (
    Action("assess_losses", "PUT", "/v1/claims/{id}/losses", "claims.adjustment.assess", check_assess),
    Action("calculate", "POST", "/v1/claims/{id}/calculation-sheets", "claims.adjustment.calculate", check_calculate),
)


async def known(tx: Transaction, claim: Claim, state: Any) -> Mapping[str, Any]:
    """What this room adds to the facts that actions are judged by."""
    paid = sum((one.amount for one in await queries.paid_before(tx, claim.id)), ZERO)
    return {"interested": await queries.interested(tx, claim, state.digest_key), "paid": paid}


async def assess_losses(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: AssessLosses, state: Any
) -> Answer:
    """Store the assessed facts as the newest version; assessment begins with them."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_assess(actor, facts)
        body = _stored(command, state.digest_key)
        read = rules.check_facts(shapes.line_of(claim), body)
        threshold = Decimal((await spine.figures(tx, claim)).content["surveyor_assessment_limit"])
        rules.refuse_surveyor(facts.duties, persons(actor), read, threshold)
        earlier = await queries.newest_losses(tx, claim.id)
        row = LossAssessment(
            claim_id=claim.id, org_path=claim.org_path, number=earlier.number + 1 if earlier else 1, facts=body,
            person_id=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        before = {"status": claim.status, "loss_number": earlier and earlier.number}
        for status in rules.after_assessment(claim.state, claim.documents_complete_at is not None):
            claim.advance(status)
        _take_adjuster(tx, claim, facts.duties)
        await close_items(tx, claim.id, "assess")
        tx.note("assess_losses", claim, before=before, after={"status": claim.status, "loss_number": row.number})
        return tx.answer(shapes.losses(row, claim, actor, actor.staff_no), status=200, version=claim.version)


def _stored(command: AssessLosses, digest_key: bytes) -> dict[str, Any]:
    """The facts as they are kept: an identity number only as its keyed digest."""
    body = command.model_dump(mode="json", exclude_none=True)
    for one in body["claimants"]:
        number = one.pop("id_no", None)
        if number is not None:
            one["id_digest"] = keyed_digest(digest_key, number)
    return body


def _take_adjuster(tx: Transaction, claim: Claim, duties: Iterable[Held]) -> None:
    if Held(Duty.ADJUSTER, tx.actor.person_id) not in duties:
        take_duty(tx, claim, Duty.ADJUSTER)


async def prepare_sheet(
    tx: Transaction, claim_id: UUID, version: int | None, command: CalculateSheet, state: Any
) -> tuple[Claim, CalculationSheet]:
    """The next sheet of a claim, stored: an older one is superseded, and with it every step that rests on it."""
    claim = await queries.claim_of_accident(tx, claim_id, version)
    facts = await spine.facts_of(tx, claim, state)
    check_calculate(tx.actor, facts)
    losses = await queries.newest_losses(tx, claim.id)
    if losses is None:
        raise rules.LossesMissing()
    cover, covered = await queries.version_at_loss(tx, claim)
    disregarded = sorted(set(command.disregarded_clause_ids))
    made = rules.calculate(await queries.basis_of(tx, claim, losses, cover, covered, disregarded))
    row = _row(tx, claim, losses, cover, made, covered=covered, disregarded=disregarded)
    tx.add(row)
    _put_on(claim, row)
    _take_adjuster(tx, claim, facts.duties)
    return claim, row


def _row(
    tx: Transaction, claim: Claim, losses: LossAssessment, cover: CoverVersion, made: rules.Calculation, *,
    covered: bool, disregarded: list[str],
) -> CalculationSheet:  # fmt: skip
    number = (claim.sheet_version or 0) + 1
    claimed = rules.claimed_amount(rules.read_facts(cover.line, losses.facts))
    return CalculationSheet(
        id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, sheet_version=number,
        loss_number=losses.number, policy_id=cover.policy_id, policy_version=cover.policy_version, in_force=covered,
        engine_version=rules.ENGINE_VERSION, gross_amount=made.sheet.gross_amount,
        payable_amount=made.sheet.payable_amount, claimed_amount=claimed, content=made.sheet.as_json(),
        disregarded_clause_ids=disregarded, person_id=tx.actor.person_id,
        digest=rules.digest_of(claim.id, number, cover.policy_version, made.sheet),
    )  # fmt: skip


def _put_on(claim: Claim, row: CalculationSheet) -> None:
    claim.sheet_version, claim.policy_version = row.sheet_version, row.policy_version
    claim.gross_amount, claim.payable_amount = row.gross_amount, row.payable_amount
    if claim.state is not ClaimStatus.CALCULATED:
        claim.advance(ClaimStatus.CALCULATED)


async def calculate_again(
    tx: Transaction, claim: Claim, sheet: CalculationSheet
) -> tuple[rules.Calculation, Mapping[str, str]]:
    """The sheet as it would be now, from the same facts, and the keys of its claimants by ref.

    Refuses (409) a decision on a sheet that would be lower. Locks the policy's limits until the end of the
    transaction: of two decisions the second sees what the first took.
    """
    await queries.lock_limits(tx, sheet.policy_id)
    losses = await queries.losses_numbered(tx, claim.id, sheet.loss_number)
    if losses is None:
        raise rules.LossesMissing()
    cover, covered = await queries.version_at_loss(tx, claim)
    basis = await queries.basis_of(tx, claim, losses, cover, covered, sheet.disregarded_clause_ids)
    made = rules.calculate(basis)
    rules.refuse_changed_basis(sheet.sheet_version, sheet.content, made.sheet)
    return made, basis.keys


async def reserve_limits(
    tx: Transaction, claim: Claim, sheet: CalculationSheet, made: rules.Calculation, keys: Mapping[str, str]
) -> None:
    """Enter what the decided sheet takes; what the claim held before (it was reopened) is released."""
    await release_limits(tx, claim.id)
    for one in made.taken:
        ref = one.claimant_ref
        tx.add(
            LimitEntry(
                policy_id=sheet.policy_id,
                policy_version=sheet.policy_version,
                claim_id=claim.id,
                limit_name=one.limit_name,
                claimant_ref=ref,
                claimant_key=None if ref is None else keys.get(ref, ref),
                amount=one.amount,
                state="reserved",
            )
        )


async def settle_limits(tx: Transaction, claim_id: UUID) -> None:
    """The claim is paid: what it had reserved is used for good."""
    await _set_limits(tx, claim_id, "settled", ("reserved",))


async def release_limits(tx: Transaction, claim_id: UUID) -> None:
    """The claim takes nothing any more, or is entered anew."""
    await _set_limits(tx, claim_id, "released", ("reserved", "settled"))


async def _set_limits(tx: Transaction, claim_id: UUID, to: str, states: tuple[str, ...]) -> None:
    held = update(LimitEntry).where(LimitEntry.claim_id == claim_id, LimitEntry.state.in_(states))
    await tx.execute(held.values(state=to, updated_at=tx.now))


def record_prior_payment(tx: Transaction, claim: Claim, kind: str, amount: Decimal, source_id: UUID) -> None:
    """Note that an advance (`advance`) or a payment (`payment`) went out: the next sheet deducts it, in yuan."""
    tx.add(PriorPayment(claim_id=claim.id, org_path=claim.org_path, kind=kind, amount=amount, source_id=source_id))
