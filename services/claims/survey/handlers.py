"""Send a surveyor, and keep what he found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.claims.claim import queries as spine
from services.claims.claim.handlers import require_files, take_duty
from services.claims.claim.rules import Duty, in_order, refuse_person
from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim
from services.claims.deadlines.handlers import inform_head_office
from services.claims.intake import rules as intake
from services.claims.intake import shapes as reports
from services.claims.survey import queries, rules, shapes
from services.claims.survey.schemas import (
    DispatchBatch,
    DispatchItem,
    DispatchOut,
    DispatchSurveyor,
    ReportSurvey,
)
from services.claims.survey.tables import Dispatch, LossSurvey
from shared.actions import Action
from shared.actor import Actor
from shared.attachments import take_uploads
from shared.clock import SHANGHAI
from shared.database import Database, Transaction
from shared.errors import Fault, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.rule_sets import in_force
from shared.work_items import close_items, open_item


def check_dispatch(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether somebody may be sent now."""
    rules.may_dispatch(facts.claim.state)


def check_report(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may report a survey now."""
    claim = facts.claim
    rules.may_report(claim.state, facts.duties, actor, facts.interested, resurvey=claim.resurvey_open)


async def dispatch_surveyor(
    db: Database,
    actor: Actor,
    key: RequestKey,
    claim_id: UUID,
    version: int | None,
    command: DispatchSurveyor,
    state: Any,
) -> Answer:
    """Send a surveyor of the branch; the claim opens to him, wherever he is, until his survey is in."""
    async with db.transaction(actor, key) as tx:
        claim, row = await dispatch(tx, claim_id, version, command, state)
        out = dispatched(claim, row)
        return tx.answer(out, location=f"/v1/claims/{claim.id}/dispatches/{row.id}", version=claim.version)


def dispatched(claim: Claim, row: Dispatch) -> DispatchOut:
    """The dispatch as it is answered."""
    return DispatchOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), surveyor_person_id=row.surveyor_person_id,
        due_at=row.due_at, accept_due_at=claim.survey_accept_due_at, reason=row.reason,
    )  # fmt: skip


async def dispatch_one(
    db: Database, actor: Actor, key: RequestKey, item: DispatchItem, batch: DispatchBatch, state: Any
) -> DispatchOut:
    """One item of a batch, in a transaction of its own; `reassign` is for claims that somebody is sent to already."""
    wanted = DispatchSurveyor(surveyor_person_id=item.surveyor_person_id)
    async with db.transaction(actor, RequestKey(route=key.route, dry_run=key.dry_run)) as tx:
        again = batch.action == "reassign"
        return dispatched(
            *await dispatch(tx, item.claim_id, item.version, wanted, state, reason=batch.reason, reassign=again)
        )


async def dispatch(
    tx: Transaction, claim_id: UUID, version: int | None, command: DispatchSurveyor, state: Any, *,
    reason: str | None = None, reassign: bool = False,
) -> tuple[Claim, Dispatch]:  # fmt: skip
    """Send a surveyor within the running transaction."""
    claim = await tx.find_for_change(Claim, claim_id, version)
    facts = await spine.facts_of(tx, claim, state)
    check_dispatch(tx.actor, facts)
    if reassign:
        rules.check_reassign(claim.state, claim.surveyor_person_id, command.surveyor_person_id)
        rules.require_reason(reason)
    surveyor = await surveyor_to_send(tx, claim, facts, command.surveyor_person_id)
    status = rules.dispatch(claim.state, surveyor, facts.duties)
    before = {"status": claim.status, "surveyor": claim.surveyor_person_id}
    if status is not claim.state:
        claim.advance(status)
    row = await send(tx, claim, surveyor, command.due_at, reason=reason)
    after = {"status": claim.status, "surveyor": surveyor}
    tx.note("reassign" if reassign else "dispatch", claim, before=before, after=after, reason=reason)
    return claim, row


async def surveyor_to_send(tx: Transaction, claim: Claim, facts: spine.ClaimFacts, wanted: UUID | None) -> UUID:
    """The one who was named, if he may go; without a name the best one of the place."""
    if wanted is None:
        others = [one for one in await queries.candidates(tx, facts) if one.person_id != claim.surveyor_person_id]
        return rules.choose(others)
    rules.check_eligible(await queries.surveyor_paths(tx, wanted), claim.org_path)
    refuse_person(facts.duties, wanted, Duty.SURVEYOR, facts.interested)
    return wanted


async def send(
    tx: Transaction, claim: Claim, surveyor: UUID, due_at: datetime | None, *, reason: str | None = None,
    resurvey: bool = False,
) -> Dispatch:  # fmt: skip
    """Keep who goes, with his two time limits, and open the claim to him."""
    minutes = (await in_force(tx, "service_times")).content["survey"]["accept_within_minutes"]
    row = Dispatch(
        id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, surveyor_person_id=surveyor,
        due_at=await _due_at(tx, claim, due_at), person_id=tx.actor.person_id, reason=reason, resurvey=resurvey,
    )  # fmt: skip
    tx.add(row)
    claim.surveyor_person_id, claim.survey_due_at = surveyor, row.due_at
    claim.survey_accept_due_at = min(tx.now + timedelta(minutes=minutes), row.due_at)
    claim.survey_accepted_at = claim.survey_overdue_at = None
    take_duty(tx, claim, Duty.DISPATCHER)
    await close_items(tx, claim.id, "dispatch", "survey", "survey_not_accepted", "survey_overdue")
    title = Text("复勘", "Survey the loss again") if resurvey else Text("现场查勘", "Survey the loss")
    await open_item(
        tx, "survey", claim, title, number=claim.claim_no, unit_code=claim.unit_code, position="surveyor",
        person_id=surveyor, due_at=row.due_at, basis="survey_within", href=f"/v1/claims/{claim.id}/surveys",
    )  # fmt: skip
    return row


async def _due_at(tx: Transaction, claim: Claim, wanted: datetime | None) -> datetime:
    if wanted is None:
        hours = (await spine.figures(tx, claim)).content["survey_within_hours"]
        return tx.now + timedelta(hours=hours)
    if wanted <= tx.now:
        text = Text("查勘时限须晚于当前时间。", "The survey must be due later than now.")
        raise ValidationFailed(Fault("due_in_past", text, pointer="#/due_at"))
    return wanted.astimezone(SHANGHAI)


async def report_survey(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: ReportSurvey, state: Any
) -> Answer:
    """Keep a survey as its surveyor signs it by sending it."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_report(actor, facts)
        opinion = command.liability_opinion
        told = rules.Survey(
            command.surveyed_at, command.participants, command.findings, opinion.fault_ratio if opinion else None
        )
        again, due_at = claim.resurvey_open, claim.survey_due_at
        status = rules.record_survey(
            claim.state, told, actor.person_id, facts.duties, loss_at=claim.loss_at, now=tx.now, resurvey=again
        )
        await take_uploads(tx, command.upload_ids, claim)
        await require_files(tx, claim, [(f"#/photos/{n}", one) for n, one in enumerate(command.photos)])
        before = {"status": claim.status}
        if status is not claim.state:
            claim.advance(status)
        row = _survey(tx, claim, command)
        tx.add(row)
        claim.survey_accept_due_at = claim.survey_due_at = claim.survey_overdue_at = None
        claim.resurvey_open = False
        take_duty(tx, claim, Duty.SURVEYOR, due_at=due_at)
        await _counted_again(tx, claim, command)
        await _hand_on(tx, claim, again=again)
        tx.note("survey", claim, before=before, after={"status": claim.status, "survey_id": row.id})
        out = shapes.survey(row, claim)
        return tx.answer(out, location=f"/v1/claims/{claim.id}/surveys/{row.id}", version=claim.version)


def _survey(tx: Transaction, claim: Claim, command: ReportSurvey) -> LossSurvey:
    opinion = command.liability_opinion
    return LossSurvey(
        id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path,
        surveyor_person_id=tx.actor.person_id, surveyed_at=command.surveyed_at, place=command.place,
        participants=command.participants, findings=command.findings,
        fault_ratio=opinion.fault_ratio if opinion else None, opinion=opinion.text if opinion else None,
        photos=[str(one) for one in (*command.photos, *command.upload_ids)],
    )  # fmt: skip


async def _counted_again(tx: Transaction, claim: Claim, command: ReportSurvey) -> None:
    """The dead and injured as the survey found them; if that makes the accident grave, head office hears of it now."""
    figures = reports.thresholds((await spine.figures(tx, claim)).content)
    known = set(intake.head_office_reasons(reports.report_of(claim), figures))
    if command.injured_count is not None:
        claim.injured_count = command.injured_count
    if command.death_count is not None:
        claim.death_count = command.death_count
    new = [one for one in intake.head_office_reasons(reports.report_of(claim), figures) if one not in known]
    if new:
        flags = {*claim.flags, str(intake.Flag.SERIOUS_CASUALTIES)}
        claim.flags = in_order(flags)
    await inform_head_office(tx, claim, map(str, new))


async def _hand_on(tx: Transaction, claim: Claim, *, again: bool) -> None:
    await close_items(tx, claim.id, "survey", "survey_not_accepted", "survey_overdue")
    if again:
        await open_item(
            tx, "read_resurvey", claim, Text("复勘已完成，请核对定损", "Surveyed again: compare the assessment"),
            number=claim.claim_no, unit_code=claim.unit_code, position="adjuster", href=f"/v1/claims/{claim.id}/losses",
            method="PUT",
        )  # fmt: skip
        return
    await open_item(
        tx, "register", claim, Text("立案", "Register the claim"), number=claim.claim_no, unit_code=claim.unit_code,
        position="adjuster", href=f"/v1/claims/{claim.id}/registrations",
    )  # fmt: skip


ACTIONS = (
    Action("dispatch", "POST", "/v1/claims/{id}/dispatches", "claims.survey.dispatch", check_dispatch),
    Action("report_survey", "POST", "/v1/claims/{id}/surveys", "claims.survey.report", check_report),
)


async def send_another(tx: Transaction, claim_id: UUID, surveyor_id: UUID) -> None:
    """The work was given to another surveyor: from now on he is the one who is sent, with the same time limit."""
    claim = await tx.find(Claim, claim_id, lock=True)
    last = await tx.scalar(
        select(Dispatch).where(Dispatch.claim_id == claim_id).order_by(Dispatch.created_at.desc()).limit(1)
    )
    if last is None:
        return
    claim.version += 1
    claim.updated_at = tx.now
    tx.add(
        Dispatch(
            id=uuid7(), created_at=tx.now, claim_id=claim_id, org_path=claim.org_path, surveyor_person_id=surveyor_id,
            due_at=last.due_at, person_id=tx.actor.person_id,
        )
    )  # fmt: skip
