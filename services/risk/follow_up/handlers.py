"""Extension, evidence, closure; what follows when the day of a hazard passes, or terms or cover change over it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.risk import events
from services.risk.exposure import queries as exposure
from services.risk.follow_up import queries, rules
from services.risk.follow_up.rules import EvidenceKind
from services.risk.follow_up.schemas import CloseHazard, Extend, GiveEvidence
from services.risk.hazard import rules as hazard_rules
from services.risk.hazard.handlers import tell_found
from services.risk.hazard.queries import HazardFacts, facts_of
from services.risk.hazard.rules import HazardStatus
from services.risk.hazard.schemas import HazardFactOut, HazardState
from services.risk.hazard.tables import HazardEvidence
from services.risk.inspection.tables import Hazard
from services.risk.rectification.handlers import follow_up_item
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import close_items, open_item

RULE = "hazard_overdue"
_HIGH = ("extreme", "high")


def _answer(
    tx: Transaction, hazard: Hazard, kind: str, told: dict[str, Any], before: str, *, fact_id: UUID | None = None,
    reason: str | None = None,
) -> Answer:  # fmt: skip
    tx.note(kind, hazard, before={"status": before}, after={"status": hazard.status, **told}, reason=reason)
    state = HazardState(id=hazard.id, version=hazard.version, status=hazard.status)
    out = HazardFactOut(id=fact_id or uuid7(), created_at=tx.now, kind=kind, told=told, hazard=state)
    return tx.answer(out, location=f"/v1/hazards/{hazard.id}", version=hazard.version)


async def extend(
    db: Database, actor: Actor, key: RequestKey, hazard_id: UUID, version: int | None, command: Extend
) -> Answer:
    """Put off the day, once; an overdue hazard is cured further from then on."""
    async with db.transaction(actor, key) as tx:
        hazard = await tx.find_for_change(Hazard, hazard_id, version)
        queries.may_extend(actor, await facts_of(tx, hazard))
        before, due = hazard.status, hazard.due_on or legal_day(tx.now)
        state = hazard_rules.extend(HazardStatus(hazard.status), hazard.extensions, due, command.due_on, command.reason)
        hazard.status, hazard.due_on, hazard.extensions = str(state), command.due_on, hazard.extensions + 1
        tell_found(tx, hazard)
        await close_items(tx, hazard.id)
        await follow_up_item(tx, hazard, None)
        told = {"due_on": command.due_on.isoformat(), "due_before": due.isoformat()}
        return _answer(tx, hazard, "extend", told, before, reason=command.reason)


async def give_evidence(
    db: Database, actor: Actor, key: RequestKey, hazard_id: UUID, version: int | None, command: GiveEvidence
) -> Answer:
    """Keep what shows the cure: the customer's, then another visit's, which alone leads to the closure."""
    async with db.transaction(actor, key) as tx:
        hazard = await tx.find_for_change(Hazard, hazard_id, version)
        facts = await facts_of(tx, hazard)
        kind, at = EvidenceKind(command.kind), command.occurred_at or tx.now
        if at > tx.now:
            raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/occurred_at"))
        await _check_files(tx, hazard, command, kind)
        before = hazard.status
        if kind is EvidenceKind.RECTIFICATION:
            hazard.status, hazard.claimed_done_at = str(rules.claim_done(facts.state)), at
        else:
            await _look_again(tx, facts, command)
        row = HazardEvidence(
            id=uuid7(), org_path=hazard.org_path, hazard_id=hazard.id, kind=str(kind), told=command.told,
            cured=command.cured if kind is EvidenceKind.RE_INSPECTION else None, inspection_id=command.inspection_id,
            attachment_ids=[str(one) for one in command.attachment_ids], person_id=actor.person_id, occurred_at=at,
        )  # fmt: skip
        tx.add(row)
        await _next_work(tx, hazard)
        told = {"kind": str(kind), "evidence_id": str(row.id)} | ({} if row.cured is None else {"cured": row.cured})
        return _answer(tx, hazard, "give_evidence", told, before, fact_id=row.id)


async def _check_files(tx: Transaction, hazard: Hazard, command: GiveEvidence, kind: EvidenceKind) -> None:
    rules.refuse_unshown(kind, command.cured, len(command.attachment_ids))
    for n in await queries.files_missing(tx, command.attachment_ids, hazard.id, command.inspection_id):
        raise ReferenceNotFound.at(f"#/attachment_ids/{n}")


async def _look_again(tx: Transaction, facts: HazardFacts, command: GiveEvidence) -> None:
    hazard = facts.hazard
    visit = await queries.visit_of(tx, hazard, command.inspection_id)
    if visit is None and command.inspection_id is not None:
        raise ReferenceNotFound.at("#/inspection_id")
    rules.refuse_visit(visit, hazard.served_on)
    state = rules.reinspect(
        facts.state, bool(command.cured), due_on=hazard.due_on, overdue_for=hazard.overdue_for,
        today=legal_day(tx.now),
    )  # fmt: skip
    hazard.status, hazard.reinspected_at = str(state), tx.now


async def _next_work(tx: Transaction, hazard: Hazard) -> None:
    """Who has to do what about the hazard in its new state."""
    state = HazardStatus(hazard.status)
    await close_items(tx, hazard.id)
    if state is HazardStatus.CLAIMED_DONE:
        await open_item(
            tx, "reinspect_hazard", hazard, Text("安排复查", "Visit again and see whether it is cured"), number=None,
            unit_code=hazard.unit_code, position="risk_engineer", href="/v1/inspections",
            priority="high" if hazard.hazard_class in _HIGH else "normal",
        )  # fmt: skip
    elif state is HazardStatus.REINSPECTED:
        await open_item(
            tx, "close_hazard", hazard, Text("销号", "Close the hazard"), number=None, unit_code=hazard.unit_code,
            position="risk_engineer", href=f"/v1/hazards/{hazard.id}/closures",
        )  # fmt: skip
    elif state is HazardStatus.ESCALATED:
        await _ask_above(tx, hazard)
    else:
        await follow_up_item(tx, hazard, None)


async def close(
    db: Database, actor: Actor, key: RequestKey, hazard_id: UUID, version: int | None, command: CloseHazard
) -> Answer:
    """Close the hazard by the evidence of another visit, and by nothing else."""
    async with db.transaction(actor, key) as tx:
        hazard = await tx.find_for_change(Hazard, hazard_id, version)
        facts = await facts_of(tx, hazard)
        known, cured = {str(one.id) for one in facts.evidence}, queries.cures(facts)
        for n, one in enumerate(command.evidence_ids):
            if str(one) not in known:
                raise ReferenceNotFound.at(f"#/evidence_ids/{n}")
        named = [str(one) for one in command.evidence_ids if str(one) in cured]
        before = hazard.status
        hazard.status, hazard.closed_at = str(hazard_rules.close(facts.state, named)), tx.now
        told = {
            "hazard_id": hazard.id, "policy_id": hazard.policy_id, "customer_id": hazard.customer_id,
            "class": hazard.hazard_class,
        }  # fmt: skip
        tx.publish(events.HazardClosed.model_validate(told), hazard)
        await close_items(tx, hazard.id)
        return _answer(tx, hazard, "close", {"evidence_ids": named}, before, reason=command.comment)


async def _tell_overdue(tx: Transaction, hazard_id: UUID) -> None:
    """The day has passed: tell it once, and make it a matter of the level above."""
    hazard = await tx.scalar(select(Hazard).where(Hazard.id == hazard_id).with_for_update())
    if hazard is None or hazard.due_on is None or hazard.status != HazardStatus.RECTIFYING:
        return
    if hazard.due_on >= legal_day(tx.now) or not await claim(tx, RULE, hazard.id, hazard.due_on, "overdue"):
        return
    before, hazard.status = hazard.status, str(rules.escalate(HazardStatus(hazard.status)))
    hazard.steps, hazard.overdue_for, hazard.updated_at = hazard.steps + 1, hazard.due_on, tx.now
    hazard.escalated_unit = rules.unit_above(hazard.org_path, hazard.steps).rpartition(".")[2]
    hazard.version += 1
    told = {
        "hazard_id": hazard.id, "policy_id": hazard.policy_id, "customer_id": hazard.customer_id,
        "class": hazard.hazard_class, "due_on": hazard.due_on, "step": hazard.steps,
        "unit_code": hazard.escalated_unit,
    }  # fmt: skip
    tx.publish(events.HazardOverdue.model_validate(told), hazard)
    await close_items(tx, hazard.id)
    await _ask_above(tx, hazard)
    after = {"status": hazard.status, "due_on": hazard.due_on, "step": hazard.steps, "unit": hazard.escalated_unit}
    tx.note("overdue", hazard, before={"status": before}, after=after)


async def _ask_above(tx: Transaction, hazard: Hazard) -> None:
    await open_item(
        tx, "overdue_hazard", hazard, Text("隐患逾期未整改，决定处置", "A hazard is overdue: decide what is done"),
        number=None, unit_code=hazard.escalated_unit or hazard.unit_code, position="department_head", basis="DL-LP-2",
        priority="high", href=f"/v1/hazards/{hazard.id}/extensions",
    )  # fmt: skip


OVERDUE = Tick(RULE, timedelta(seconds=20), one_by_one(queries.passed, _tell_overdue))


async def terms_changed(tx: Transaction, policy_id: UUID, hazard_ids: Collection[UUID]) -> None:
    """An endorsement that names these hazards is in force: the policyholder has agreed to other terms."""
    for hazard in await _escalated(tx, policy_id, hazard_ids):
        before, hazard.status = hazard.status, str(rules.change_terms(HazardStatus(hazard.status)))
        await _decided(tx, hazard, before, "change_terms")


async def cover_ended(tx: Transaction, policy_id: UUID) -> None:
    """Cover was cancelled: an overdue hazard of it asks nothing of us any more; never so on compulsory lines."""
    policy = await exposure.policy(tx, policy_id)
    compulsory = policy is None or policy.compulsory
    for hazard in await _escalated(tx, policy_id, None):
        state = rules.end_cover(HazardStatus(hazard.status), compulsory=compulsory)
        if state is not None:
            before, hazard.status = hazard.status, str(state)
            await _decided(tx, hazard, before, "end_cover")


async def _escalated(tx: Transaction, policy_id: UUID, hazard_ids: Collection[UUID] | None) -> list[Hazard]:
    if hazard_ids is not None and not hazard_ids:
        return []
    statement = select(Hazard).where(Hazard.policy_id == policy_id, Hazard.status == str(HazardStatus.ESCALATED))
    if hazard_ids is not None:
        statement = statement.where(Hazard.id.in_(hazard_ids))
    return list(await tx.scalars(statement.order_by(Hazard.id).with_for_update()))


async def _decided(tx: Transaction, hazard: Hazard, before: str, action: str) -> None:
    hazard.updated_at = tx.now
    hazard.version += 1
    await close_items(tx, hazard.id, "overdue_hazard")
    tx.note(action, hazard, before={"status": before}, after={"status": hazard.status})
