"""What a calculation needs to know, read once; and the reads that later rooms build on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from services.claims.adjustment import rules
from services.claims.adjustment.tables import CalculationSheet, LimitEntry, LossAssessment, PayeePlan, PriorPayment
from services.claims.claim.queries import injured_of
from services.claims.claim.tables import Claim, InjuredPerson
from services.claims.cover import queries as cover
from services.claims.cover.tables import CoverVersion, InsuredEntry
from services.claims.matching import rules as matching
from shared import directory
from shared.clock import legal_day
from shared.database import Transaction
from shared.database_faults import ConcurrentChange
from shared.masking import keyed_digest, normalised
from shared.money import ZERO
from shared.rule_sets import NoRuleSet, in_force

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:what, 0))")
_SCOPE = text("select current_setting('anlan.scope', true)")


@asynccontextmanager
async def across_units(tx: Transaction) -> AsyncIterator[None]:
    """Read, for the length of the block, what other units hold: limits and accidents do not end at a unit's border."""
    scope = await tx.scalar(_SCOPE)
    await tx.use_scope("00")
    yield
    await tx.use_scope(scope)


async def claim_of_accident(tx: Transaction, claim_id: UUID, version: int | None) -> Claim:
    """The claim for a change that counts its whole accident: first the accident is locked, then the row.

    So two decisions on one accident follow each other, each on the sum that the other left. Raises as
    `find_for_change`, and `ConcurrentChange` where the claim has just moved to another accident.
    """
    seen = await tx.find(Claim, claim_id)
    accident = seen.accident_id
    tx.session.expunge(seen)
    await tx.execute(_LOCK, {"what": f"claims.accident.{accident}"})
    claim = await tx.find_for_change(Claim, claim_id, version)
    if claim.accident_id != accident:
        raise ConcurrentChange()
    return claim


async def lock_limits(tx: Transaction, policy_id: UUID) -> None:
    """Let nobody else reserve of this policy's limits until this transaction ends."""
    await tx.execute(_LOCK, {"what": f"claims.limits.{policy_id}"})


async def newest_losses(tx: Transaction, claim_id: UUID) -> LossAssessment | None:
    """The assessed facts as they stand; read once in a transaction, and again after `losses_changed`."""
    if ("losses", claim_id) not in tx.remembered:
        statement = select(LossAssessment).where(LossAssessment.claim_id == claim_id)
        tx.remembered["losses", claim_id] = await tx.scalar(statement.order_by(LossAssessment.number.desc()).limit(1))
    return tx.remembered["losses", claim_id]


def losses_changed(tx: Transaction, claim_id: UUID) -> None:
    """A newer assessment was stored in this transaction."""
    tx.remembered.pop(("losses", claim_id), None)


async def losses_numbered(tx: Transaction, claim_id: UUID, number: int) -> LossAssessment | None:
    """One assessment, also one that was replaced."""
    statement = select(LossAssessment).where(LossAssessment.claim_id == claim_id, LossAssessment.number == number)
    return await tx.scalar(statement)


async def sheets_of(tx: Transaction, claim_id: UUID) -> Sequence[CalculationSheet]:
    """All sheets of a claim, the newest first."""
    statement = select(CalculationSheet).where(CalculationSheet.claim_id == claim_id)
    return await tx.scalars(statement.order_by(CalculationSheet.sheet_version.desc()))


async def current_sheet(tx: Transaction, claim: Claim) -> CalculationSheet | None:
    """The sheet that `claim.sheet_version` names."""
    if claim.sheet_version is None:
        return None
    statement = select(CalculationSheet).where(
        CalculationSheet.claim_id == claim.id, CalculationSheet.sheet_version == claim.sheet_version
    )
    return await tx.scalar(statement)


async def payee_plan(tx: Transaction, claim_id: UUID) -> PayeePlan | None:
    """Who is to be paid, as last named; None while nobody was named."""
    statement = select(PayeePlan).where(PayeePlan.claim_id == claim_id)
    return await tx.scalar(statement.order_by(PayeePlan.number.desc()).limit(1))


async def paid_before(tx: Transaction, claim_id: UUID) -> Sequence[PriorPayment]:
    """Advances and payments the claim has had, in order."""
    statement = select(PriorPayment).where(PriorPayment.claim_id == claim_id)
    return await tx.scalars(statement.order_by(PriorPayment.created_at, PriorPayment.id))


async def limits_of(tx: Transaction, claim_id: UUID) -> Sequence[LimitEntry]:
    """What the claim has reserved or settled of its policy's limits, deductibles left out."""
    statement = select(LimitEntry).where(
        LimitEntry.claim_id == claim_id, LimitEntry.state != "released", LimitEntry.limit_name.not_in(rules.DEDUCTIBLES)
    )
    return await tx.scalars(statement.order_by(LimitEntry.limit_name, LimitEntry.claimant_ref))


async def version_at_loss(tx: Transaction, claim: Claim) -> tuple[CoverVersion, bool]:
    """The policy version by which the loss is judged, and whether it covered that moment.

    A version the issuer made after the notice is left out. Raises `PolicyNotMatched` without a policy.
    """
    statement = select(CoverVersion).where(CoverVersion.policy_id == claim.policy_id)
    rows = await tx.scalars(statement.order_by(CoverVersion.policy_version))
    if not rows:
        raise rules.PolicyNotMatched()
    found = matching.match([cover.as_version(row) for row in rows], claim.loss_at, claim.notified_at)
    row = next((one for one in rows if one.policy_version == found.policy_version), rows[-1])
    return row, found.policy_match == matching.PolicyMatch.MATCHED


async def interested(tx: Transaction, claim: Claim, digest_key: bytes) -> frozenset[UUID]:
    """Staff who are, or whose declared relatives are, claimant, reporter or payee of this claim."""
    losses = await newest_losses(tx, claim.id)
    digests = {row.digest for row in await injured_of(tx, claim.id) if row.digest}
    for one in losses.facts.get("claimants", ()) if losses else ():
        digests |= {one["id_digest"]} if one.get("id_digest") else set()
    plan = await payee_plan(tx, claim.id)
    for one in plan.payees if plan else ():
        digests |= {one[name] for name in ("account_digest", "id_digest") if one.get(name)}
    digests.add(keyed_digest(digest_key, claim.reporter["phone"]))
    return frozenset(person for person, _ in await directory.declared(tx, digests))


async def basis_of(
    tx: Transaction,
    claim: Claim,
    losses: LossAssessment,
    version: CoverVersion,
    covered: bool,
    disregarded: Sequence[str],
    overrides: Sequence[rules.Override] = (),
) -> rules.Basis:
    """Everything a sheet follows from, with the limits as other claims leave them at this moment."""
    people = await _people(tx, claim, losses, version)
    sums = await _sums_insured(tx, version, {one.insured_ref for one in people.values() if one.insured_ref})
    entries = await _entries_elsewhere(tx, claim)
    listed = await cover.insured_list(tx, version.policy_id, version.policy_version)
    on = legal_day(claim.loss_at)
    paid = sum((one.amount for one in await paid_before(tx, claim.id)), ZERO)
    return rules.Basis(
        line=version.line, cover=version.cover, exclusions=version.exclusions, facts=losses.facts, in_force=covered,
        accident_on=on, entries=entries, keys=keys_of(claim, people),
        sums_insured={ref: sums[one.insured_ref] for ref, one in people.items() if one.insured_ref in sums},
        unlisted=frozenset(ref for ref, one in people.items() if _missing(listed, one, on)),
        figures=await _figures(tx), paid_before=paid, disregarded=frozenset(disregarded), overrides=tuple(overrides),
    )  # fmt: skip


def _missing(listed: Sequence[matching.ListEntry], person: matching.Injured, on: Any) -> bool:
    return bool(matching.list_flags(listed, [person], on))


async def _people(
    tx: Transaction, claim: Claim, losses: LossAssessment, version: CoverVersion
) -> dict[str, matching.Injured]:
    """Each claimant as far as he can be told apart: by the insured list, the report, and the identity number."""
    injured = await injured_of(tx, claim.id)
    listed = {one.insured_ref: one for one in await cover.insured_list(tx, version.policy_id, version.policy_version)}
    people = {}
    for one in losses.facts.get("claimants", ()):
        told = _reported(injured, one)
        insured_ref = (told and told.insured_ref) or (one["ref"] if one["ref"] in listed else None)
        entry = listed.get(insured_ref or "")
        digest = one.get("id_digest") or (told and told.digest) or (entry and entry.id_digest)
        people[one["ref"]] = matching.Injured(insured_ref, digest or None)
    return people


def _reported(injured: Sequence[InjuredPerson], claimant: Mapping[str, Any]) -> InjuredPerson | None:
    name = claimant.get("name")
    for row in injured:
        same_name = bool(name and row.name and normalised(name) == normalised(row.name))
        if row.insured_ref == claimant["ref"] or same_name:
            return row
    return None


def keys_of(claim: Claim, people: Mapping[str, matching.Injured]) -> dict[str, str]:
    """By claimant ref, what tells the person apart in the ledger; somebody unknown stays within his claim."""
    return {
        ref: f"id:{one.id_digest}" if one.id_digest
        else f"insured:{one.insured_ref}" if one.insured_ref
        else f"claim:{claim.id}:{ref}"
        for ref, one in people.items()
    }  # fmt: skip


async def _sums_insured(tx: Transaction, version: CoverVersion, refs: set[str]) -> dict[str, Decimal]:
    statement = select(InsuredEntry.insured_ref, InsuredEntry.sum_insured).where(
        InsuredEntry.policy_id == version.policy_id,
        InsuredEntry.policy_version <= version.policy_version,
        InsuredEntry.insured_ref.in_(refs),
        InsuredEntry.sum_insured.is_not(None),
    )
    return {key: value for key, value in await tx.execute(statement.order_by(InsuredEntry.policy_version))}


async def _entries_elsewhere(tx: Transaction, claim: Claim) -> tuple[rules.Entry, ...]:
    """What other claims of the policy hold of its limits, whichever unit handles them."""
    statement = (
        select(LimitEntry.limit_name, LimitEntry.amount, LimitEntry.claimant_key, Claim.accident_id)
        .join(Claim, Claim.id == LimitEntry.claim_id)
        .where(LimitEntry.policy_id == claim.policy_id, LimitEntry.state != "released", LimitEntry.claim_id != claim.id)
    )
    async with across_units(tx):
        rows = (await tx.execute(statement)).all()
    return tuple(rules.Entry(name, amount, key, at == claim.accident_id) for name, amount, key, at in rows)


async def _figures(tx: Transaction) -> dict[str, rules.CompensationFigures]:
    """Figures of statutory compensation by province, where the rule set `compensation_figures` is published."""
    try:
        content = (await in_force(tx, "compensation_figures")).content
    except NoRuleSet:
        return {}
    return {province: rules.read_compensation_figures(entry) for province, entry in content["provinces"].items()}
