"""First notice of loss: never refused for what is unknown, one transaction, one answer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.claims import events
from services.claims.claim.handlers import ask_for_consent, take_duty
from services.claims.claim.rules import ClaimStatus, Duty, Flag, sees
from services.claims.claim.tables import Claim, InjuredPerson
from services.claims.cover import queries as cover
from services.claims.deadlines.handlers import inform_head_office
from services.claims.duplicates import rules as duplicates
from services.claims.duplicates.handlers import join_accident
from services.claims.guide.handlers import send_guide
from services.claims.intake import queries, rules, shapes
from services.claims.intake.schemas import ReportClaim
from services.claims.matching import rules as matching
from services.claims.policy_search.queries import candidates, keys_of
from services.claims.policy_search.schemas import PolicyCandidate
from shared.actor import Actor
from shared.attachments import take_uploads
from shared.clock import SHANGHAI
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.masking import keyed_digest
from shared.numbers import branch_of, next_case_number
from shared.rule_sets import in_force
from shared.work_items import open_item


@dataclass(frozen=True)
class Found:
    """What intake found out about a report before it wrote anything."""

    looked: cover.Looked
    handling: rules.Handling
    admission: rules.Admission
    figures: dict[str, Any]
    policies: list[PolicyCandidate]
    """Where the policy is not known: those that something else in the report points to."""


async def report_claim(db: Database, actor: Actor, key: RequestKey, command: ReportClaim, digest_key: bytes) -> Answer:
    """Take a first notice of loss: match it, give it to its unit, number it, answer with the guide."""
    async with db.transaction(actor, key) as tx:
        found = await _look(tx, command, digest_key)
        if not sees(actor, found.handling.unit.path):
            await tx.use_scope("00")
        likely = await _likely_duplicates(tx, command, found.figures)
        claim = await _write(tx, command, found, digest_key, bool(likely))
        await _announce(tx, command, claim, found)
        guide = await shapes.guide_for(tx, claim)
        wanted = (one.title["zh"] for one in guide.documents if one.required and not one.held)
        await send_guide(tx, claim, wanted, (one.text["zh"] for one in guide.steps))
        if not sees(actor, claim.org_path):
            out = shapes.taken_for_another_unit(claim, guide)
        else:
            out = await shapes.reported(tx, claim, guide, likely, found.policies)
        return tx.answer(out, location=f"/v1/claims/{claim.id}", version=claim.version)


async def _look(tx: Transaction, command: ReportClaim, digest_key: bytes) -> Found:
    figures = (await in_force(tx, "intake")).content
    people = [
        matching.Injured(one.insured_ref, keyed_digest(digest_key, one.id_no) if one.id_no else None)
        for one in command.injured
    ]
    moment = command.notified_at or tx.now
    looked = await cover.look_up(tx, command.policy_no, command.loss_at, moment, people)
    told = [Flag.STAFF_OR_RELATIVE] if await queries.staff_behind(tx, command, digest_key) else []
    policies = (
        [] if looked.version else await candidates(tx, keys_of(queries.told_of(command), digest_key), command.loss_at)
    )
    if len(policies) > 1:
        told.append(Flag.AMBIGUOUS_POLICY)
    relations = (await in_force(tx, "service_times")).content["insured_relations"]
    if command.reporter.relation not in relations:
        told.append(Flag.REPORTER_NOT_INSURED)
    report = rules.Report(
        loss_at=command.loss_at, notified_at=command.notified_at, notified_reason=command.notified_reason,
        injured_named=len(command.injured), injured_count=command.injured_count, death_count=command.death_count,
        reinsured=Flag.REINSURED in looked.flags,
    )  # fmt: skip
    admission = rules.admit(report, tx.now, shapes.thresholds(figures), [*looked.flags, *told])
    policy_unit = looked.version.unit_code if looked.version else None
    await queries.ask_for_units(tx, policy_unit, command.unit_code)
    head_office = await queries.unit(tx, "00") or rules.Unit("00", "00", "head_office")
    handling = rules.handling_unit(
        policy_unit=await queries.unit(tx, policy_unit),
        given_unit=await queries.unit(tx, command.unit_code),
        caller_unit=await queries.unit(tx, tx.actor.unit_code),
        branch=await queries.callers_branch(tx),
        head_office=head_office,
    )
    return Found(looked, handling, admission, figures, policies)


async def _likely_duplicates(
    tx: Transaction, command: ReportClaim, figures: dict[str, Any]
) -> list[tuple[queries.Earlier, Decimal]]:
    earlier = {one.id: one for one in await queries.earlier_reports(tx, command)}
    weights = duplicates.Weights(**figures["duplicates"])
    found = duplicates.possible_duplicates(queries.seen(command), [one.seen for one in earlier.values()], weights)
    return [(earlier[claim_id], score) for claim_id, score in found]


async def _write(tx: Transaction, command: ReportClaim, found: Found, digest_key: bytes, likely: bool) -> Claim:
    unit, version, match, own_id = found.handling.unit, found.looked.version, found.looked.match, uuid7()
    flags = {*found.admission.flags, *((Flag.POSSIBLE_DUPLICATE,) if likely else ())}
    claim = Claim(
        id=own_id, version=1, org_path=unit.path, unit_code=unit.code, claim_no="", status=str(ClaimStatus.REPORTED),
        line=version.line if version else None, channel=str(command.channel), reporter=command.reporter.model_dump(),
        policy_no=command.policy_no, policy_match=str(match.policy_match), policy_id=match.policy_id,
        policy_version=match.policy_version, customer_id=found.looked.customer_id,
        product=version.product if version else None, business=version.business if version else None,
        seller_id=version.seller_id if version else None, underwriter_id=version.underwriter_id if version else None,
        accident_id=own_id, loss_at=command.loss_at.astimezone(SHANGHAI),
        notified_at=found.admission.notified_at, notified_reason=command.notified_reason, reported_at=tx.now,
        place=command.place, area_code=command.area_code, description=command.description,
        plate_no=command.plate_no, project=command.project, loss_kinds=list(command.loss_kinds),
        injured_count=command.injured_count, death_count=command.death_count,
        estimated_amount=command.estimated_amount, flags=[str(flag) for flag in Flag if flag in flags],
        origin=None if command.origin is None else command.origin.model_dump(mode="json"),
    )  # fmt: skip
    await join_accident(tx, claim, found.figures["accident_hours"])
    # The counter row is every report's of the branch: taken as late as the answer allows.
    claim.claim_no = await next_case_number(tx, "C", branch_of(claim.org_path))
    tx.add(claim)
    await tx.flush()
    for position, one in enumerate(command.injured):
        digest = keyed_digest(digest_key, one.id_no) if one.id_no else None
        tx.add(
            InjuredPerson(
                claim_id=claim.id, org_path=claim.org_path, position=position, digest=digest, **one.model_dump()
            )
        )
    await take_uploads(tx, command.upload_ids, claim)
    return claim


async def _announce(tx: Transaction, command: ReportClaim, claim: Claim, found: Found) -> None:
    origin = None if command.origin is None else events.Origin(kind=command.origin.kind, id=command.origin.id)
    tx.publish(
        events.ClaimReported(
            claim_id=claim.id, claim_no=claim.claim_no, policy_id=claim.policy_id, customer_id=claim.customer_id,
            line=claim.line, loss_at=claim.loss_at, reported_at=claim.reported_at, injured_count=claim.injured_count,
            death_count=claim.death_count, estimated_amount=claim.estimated_amount, origin=origin,
        ),
        claim,
    )  # fmt: skip
    take_duty(tx, claim, Duty.REPORTER)
    if any(one.injury for one in command.injured):
        await ask_for_consent(tx, claim)
    reasons = rules.head_office_reasons(shapes.report_of(claim), shapes.thresholds(found.figures))
    await inform_head_office(tx, claim, map(str, reasons))
    if found.handling.assign_unit:
        await open_item(
            tx, "assign_unit", claim, Text("为报案指定承办机构", "Name the unit that handles this report"),
            number=claim.claim_no, unit_code=claim.unit_code, position="department_head",
            href=f"/v1/claims/{claim.id}/policy-matches",
        )  # fmt: skip
    else:
        await open_item(
            tx, "dispatch", claim, Text("调度查勘或登记立案", "Dispatch a surveyor, or register"),
            number=claim.claim_no, unit_code=claim.unit_code, position="service_agent",
            href=f"/v1/claims/{claim.id}/dispatches",
        )  # fmt: skip
    after = {"status": claim.status, "policy_match": claim.policy_match, "unit_code": claim.unit_code}
    tx.note("report", claim, after=after, reason=command.notified_reason)
