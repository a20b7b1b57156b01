"""Assess the losses, calculate the sheet, and keep the ledger of the policy's limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import update

from services.claims.adjustment import queries, rules, shapes
from services.claims.adjustment.schemas import AssessLosses, CalculateSheet, NamePayees
from services.claims.adjustment.tables import CalculationSheet, LimitEntry, LossAssessment, PayeePlan, PriorPayment
from services.claims.claim import queries as spine
from services.claims.claim.handlers import take_duty
from services.claims.claim.rules import ClaimStatus, Duty, Flag, Held
from services.claims.claim.tables import Claim
from services.claims.cover.tables import CoverVersion
from services.claims.deadlines.handlers import inform_head_office
from services.claims.intake import rules as intake
from services.claims.intake import shapes as reports
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.masking import keyed_digest
from shared.money import yuan
from shared.work_items import close_items, open_item

CONFLICT_ITEM = "conflict_of_interest"


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
    return {"interested": await queries.interested(tx, claim, state.digest_key)}


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
        queries.losses_changed(tx, claim.id)
        before = {"status": claim.status, "loss_number": earlier and earlier.number}
        for status in rules.after_assessment(claim.state, claim.documents_complete_at is not None):
            claim.advance(status)
        _take_adjuster(tx, claim, facts.duties)
        await tx.flush()
        await _counted_again(tx, claim, read)
        await escalate_conflict(tx, claim, state.digest_key)
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
        for loss in one["losses"]:
            if "repairer" in loss:
                told = loss["repairer"]
                told["digest"] = keyed_digest(digest_key, told.get("registration_no") or told["name"])
    return body


async def _counted_again(tx: Transaction, claim: Claim, facts: rules.AssessedFacts) -> None:
    """More dead or injured than were known: if that makes the accident grave, head office hears of it now."""
    dead, injured = rules.counts_of(facts)
    figures = reports.thresholds((await spine.figures(tx, claim)).content)
    known = set(intake.head_office_reasons(reports.report_of(claim), figures))
    claim.death_count, claim.injured_count = max(claim.death_count, dead), max(claim.injured_count, injured)
    new = [one for one in intake.head_office_reasons(reports.report_of(claim), figures) if one not in known]
    if new:
        claim.flags = _with_flag(claim, Flag.SERIOUS_CASUALTIES)
    await inform_head_office(tx, claim, map(str, new))


def _with_flag(claim: Claim, flag: Flag) -> list[str]:
    return claim.flags if str(flag) in claim.flags else [*claim.flags, str(flag)]


async def escalate_conflict(tx: Transaction, claim: Claim, digest_key: bytes) -> None:
    """Staff or a declared relative stand behind a claimant, the reporter or a payee: the unit above is told, once.

    Told is that it is so, never who: the register holds keyed digests only.
    """
    if str(Flag.STAFF_OR_RELATIVE) in claim.flags or not await queries.interested(tx, claim, digest_key):
        return
    claim.flags = _with_flag(claim, Flag.STAFF_OR_RELATIVE)
    above = (await directory.units_on_path(tx, claim.org_path.rpartition(".")[0] or "00"))[:1]
    await open_item(
        tx, CONFLICT_ITEM, claim, Text("员工或亲属赔案，由他人办理", "Staff or relatives: an outsider handles it"),
        number=claim.claim_no, unit_code=above[0].code if above else claim.unit_code, position="department_head",
        href=f"/v1/claims/{claim.id}", method="GET", priority="high",
    )  # fmt: skip


async def name_payees(tx: Transaction, claim: Claim, command: NamePayees, state: Any) -> tuple[PayeePlan, bool]:
    """Keep who is to be paid as the newest version; whether it takes a decision back."""
    losses = await queries.newest_losses(tx, claim.id)
    refs = {one["ref"] for one in losses.facts.get("claimants", ())} if losses else set()
    payees = [shapes.stored_payee(one, state.digest_key) for one in command.payees]
    rules.check_payees(payees, refs)
    earlier, digest = await queries.payee_plan(tx, claim.id), rules.payees_digest(payees)
    if earlier is not None and earlier.digest == digest:
        raise rules.PayeesUnchanged()
    voids = claim.state in rules.DECIDED_UNPAID
    row = PayeePlan(
        id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path,
        number=earlier.number + 1 if earlier else 1, payees=payees, digest=digest, voids_decision=voids,
        person_id=tx.actor.person_id,
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    await escalate_conflict(tx, claim, state.digest_key)
    return row, voids


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
    stored = [one.model_dump(mode="json") for one in command.overrides]
    overrides = rules.read_overrides(stored)
    rules.check_reasons(overrides)
    made = rules.calculate(await queries.basis_of(tx, claim, losses, cover, covered, disregarded, overrides))
    row = _row(tx, claim, losses, cover, made, covered=covered, disregarded=disregarded, overrides=stored)
    tx.add(row)
    _put_on(claim, row)
    _take_adjuster(tx, claim, facts.duties)
    return claim, row


def _row(
    tx: Transaction, claim: Claim, losses: LossAssessment, cover: CoverVersion, made: rules.Calculation, *,
    covered: bool, disregarded: list[str], overrides: list[dict[str, Any]],
) -> CalculationSheet:  # fmt: skip
    number = (claim.sheet_version or 0) + 1
    claimed = rules.claimed_amount(rules.read_facts(cover.line, losses.facts))
    return CalculationSheet(
        id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, sheet_version=number,
        loss_number=losses.number, policy_id=cover.policy_id, policy_version=cover.policy_version, in_force=covered,
        engine_version=rules.ENGINE_VERSION, gross_amount=made.sheet.gross_amount,
        payable_amount=made.sheet.payable_amount, claimed_amount=claimed, content=made.sheet.as_json(),
        disregarded_clause_ids=disregarded, overrides=overrides, person_id=tx.actor.person_id,
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
    overrides = rules.read_overrides(sheet.overrides)
    basis = await queries.basis_of(tx, claim, losses, cover, covered, sheet.disregarded_clause_ids, overrides)
    try:
        made = rules.calculate(basis)
    except rules.OverrideAboveLimit:
        # Another claim has taken of the limit since: what is left is what the engine finds without the override.
        made = rules.calculate(replace(basis, overrides=()))
        left = yuan(made.sheet.gross_amount)
        raise rules.LimitExhausted(gross_amount=yuan(sheet.gross_amount), available_amount=left) from None
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
                claimant_key=None if ref is None else _key_of(ref, keys),
                amount=one.amount,
                state="reserved",
            )
        )


def _key_of(ref: str, keys: Mapping[str, str]) -> str:
    """The ledger's key of a claimant, of a head of loss of a claimant (`ref/kind`), or the kind of an expense."""
    if ref in keys:
        return keys[ref]
    who, slash, kind = ref.rpartition("/")
    return f"{keys[who]}{slash}{kind}" if who in keys else ref


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
