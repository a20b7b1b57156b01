"""Give a claim its policy or its unit after the report: by a person, or by the news of a policy version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.claims import events
from services.claims.claim import queries as spine
from services.claims.claim.handlers import move_to_unit
from services.claims.claim.rules import ClaimStatus, Flag, sees
from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim
from services.claims.cover import queries as cover
from services.claims.cover.tables import CoverVersion
from services.claims.deadlines.handlers import inform_head_office
from services.claims.duplicates.handlers import join_accident
from services.claims.intake import queries as units
from services.claims.intake.rules import Unit, unit_after_match
from services.claims.placement import queries, rules
from services.claims.placement.schemas import PlaceClaim, PlacementOut
from services.claims.placement.tables import Placement
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item


def check_place(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether the claim may still get a policy or a unit."""
    rules.may_place(facts.claim.state, facts.claim.policy_match, facts.claim.org_path)


async def place_claim(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: PlaceClaim
) -> Answer:
    """Match the claim to its policy, or give a claim at an intake desk to the unit that handles it."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_place(actor, await spine.facts_of(tx, claim))
        rules.check_wanted(command.policy_no, command.unit_code)
        before = _shown(claim)
        if command.policy_no is not None:
            await _match_by_hand(tx, claim, command.policy_no)
        if command.unit_code is not None:
            await _assign(tx, claim, command.unit_code)
        row = _placement(tx, claim, before["unit_code"])
        tx.note("match_policy", claim, before=before, after=_shown(claim))
        out = PlacementOut(id=row.id, created_at=tx.now, claim=state_of(claim))
        if sees(actor, claim.org_path):
            out = out.model_copy(update={**_shown(claim), "org_path": claim.org_path, "accident_id": claim.accident_id})
        return tx.answer(out, location=f"/v1/claims/{claim.id}", version=claim.version)


async def _match_by_hand(tx: Transaction, claim: Claim, policy_no: str) -> None:
    rules.refuse_second_match(claim.policy_match)
    looked = await _looked(tx, claim, policy_no)
    if looked.version is None:
        raise ReferenceNotFound.at("#/policy_no")
    await _match(tx, claim, policy_no, looked, looked.version)


async def _looked(tx: Transaction, claim: Claim, policy_no: str) -> cover.Looked:
    people = await queries.people_of(tx, claim)
    return await cover.look_up(tx, policy_no, claim.loss_at, claim.notified_at, people)


async def match_again(tx: Transaction, claims: Iterable[Claim]) -> int:
    """Look these claims up again after the news of a policy; how many changed. Right in whatever order news comes."""
    changed = 0
    for claim in claims:
        if claim.policy_no is None:
            continue
        before, unit_before = _shown(claim), claim.unit_code
        looked = await _looked(tx, claim, claim.policy_no)
        if looked.version is None or not _differs(claim, looked):
            continue
        await _match(tx, claim, claim.policy_no, looked, looked.version)
        claim.version += 1
        claim.updated_at = tx.now
        _placement(tx, claim, unit_before)
        tx.note("match_policy", claim, before=before, after=_shown(claim))
        changed += 1
    return changed


def _differs(claim: Claim, looked: cover.Looked) -> bool:
    found = looked.match
    known = (claim.policy_match, claim.policy_id, claim.policy_version, claim.flags)
    flags = rules.flags_after(claim.flags, looked.flags)
    return known != (str(found.policy_match), found.policy_id, found.policy_version, flags)


async def _match(tx: Transaction, claim: Claim, policy_no: str, looked: cover.Looked, version: CoverVersion) -> None:
    first = claim.policy_id is None
    newly_reinsured = Flag.REINSURED in looked.flags and Flag.REINSURED not in claim.flags
    claim.policy_no, claim.policy_match = policy_no, str(looked.match.policy_match)
    claim.policy_id, claim.policy_version = version.policy_id, looked.match.policy_version
    claim.customer_id, claim.line, claim.product = looked.customer_id, version.line, version.product
    claim.business, claim.seller_id, claim.underwriter_id = version.business, version.seller_id, version.underwriter_id
    claim.flags = rules.flags_after(claim.flags, looked.flags)
    await join_accident(tx, claim, (await spine.figures(tx, claim)).content["accident_hours"])
    here = Unit(claim.unit_code, claim.org_path, "")
    unit = unit_after_match(
        here, await units.unit(tx, version.unit_code), has_approval_step=claim.sheet_version is not None
    )
    await _move(tx, claim, unit)
    if newly_reinsured:
        await inform_head_office(tx, claim, ["reinsured"])
    if first:
        tx.publish(_matched(claim, version), claim)


def _matched(claim: Claim, version: CoverVersion) -> events.ClaimMatched:
    return events.ClaimMatched(
        claim_id=claim.id, policy_id=version.policy_id, customer_id=claim.customer_id, line=version.line,
        loss_at=claim.loss_at, reported_at=claim.reported_at, injured_count=claim.injured_count,
        death_count=claim.death_count,
    )  # fmt: skip


async def _assign(tx: Transaction, claim: Claim, unit_code: str) -> None:
    rules.refuse_second_unit(claim.org_path, claim.unit_code)
    unit = await units.unit(tx, unit_code)
    if unit is None or not unit.operates or not sees(tx.actor, unit.path):
        raise ReferenceNotFound.at("#/unit_code")
    await _move(tx, claim, unit)


async def _move(tx: Transaction, claim: Claim, unit: Unit) -> None:
    if unit.path == claim.org_path:
        return
    came_from_desk = rules.at_desk(claim.org_path)
    await move_to_unit(tx, claim, unit.code, unit.path)
    if came_from_desk and not rules.at_desk(unit.path):
        await close_items(tx, claim.id, "assign_unit")
        if claim.state is ClaimStatus.REPORTED:
            await open_dispatch(tx, claim)


async def open_dispatch(tx: Transaction, claim: Claim) -> None:
    """Ask the unit to send a surveyor, or to register."""
    await open_item(
        tx, "dispatch", claim, Text("调度查勘或登记立案", "Dispatch a surveyor, or register"), number=claim.claim_no,
        unit_code=claim.unit_code, position="service_agent", href=f"/v1/claims/{claim.id}/dispatches",
    )  # fmt: skip


def _shown(claim: Claim) -> dict[str, Any]:
    names = ("policy_match", "policy_id", "policy_version", "unit_code", "flags")
    return {name: getattr(claim, name) for name in names}


def _placement(tx: Transaction, claim: Claim, from_unit: str) -> Placement:
    row = Placement(
        id=uuid7(), claim_id=claim.id, org_path=claim.org_path, policy_no=claim.policy_no,
        policy_match=claim.policy_match, policy_id=claim.policy_id, policy_version=claim.policy_version,
        from_unit=from_unit, to_unit=claim.unit_code, person_id=tx.actor.person_id,
    )  # fmt: skip
    tx.add(row)
    return row


ACTIONS = (Action("match_policy", "POST", "/v1/claims/{id}/policy-matches", "claims.claim.match", check_place),)
