"""Handing over the pack, taking acknowledgements and answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from services.policy.application import shapes as application_shapes
from services.policy.application.handlers import PATH
from services.policy.application.queries import ApplicationFacts, facts_of
from services.policy.application.rules import ApplicationKind, ApplicationStatus, refuse_unless
from services.policy.application.tables import Application
from services.policy.disclosure import queries, rules, schemas
from services.policy.disclosure.rules import AckKind
from services.policy.disclosure.tables import Acknowledgement, AnswerSet, DisclosurePack
from services.policy.product.rules import Clause
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture, ReasonRequired, ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.masking import keyed_digest

_ACKNOWLEDGED_IN = rules.BEFORE_SUBMISSION | {ApplicationStatus.APPROVED_WITH_TERMS}


def check_disclose(_actor: Actor, facts: ApplicationFacts) -> None:
    """Whether a pack may be handed over now: for a proposal, before it is submitted."""
    row = facts.application
    if row.of_kind is not ApplicationKind.PROPOSAL:
        raise rules.OnlyForProposals(kind=row.kind)
    refuse_unless(row.of_kind, row.state, rules.BEFORE_SUBMISSION)


def check_acknowledge(_actor: Actor, facts: ApplicationFacts) -> None:
    """Whether the customer may acknowledge something now."""
    row = facts.application
    if row.of_kind is ApplicationKind.CANCELLATION:
        raise rules.OnlyForProposals(kind=row.kind)
    allowed = _ACKNOWLEDGED_IN | {ApplicationStatus.APPLIED}
    refuse_unless(row.of_kind, row.state, frozenset(allowed))


def happened(tx: Transaction, at: datetime, reason: str | None, pointer: str) -> datetime:
    """`at`, refused in the future; of an earlier day it is entered with its reason."""
    if at > tx.now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer=pointer))
    if legal_day(at) < legal_day(tx.now) and not (reason or "").strip():
        raise ReasonRequired(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason"))
    return at


async def hand_over(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None, command: schemas.HandOver,
    state: Any,
) -> Answer:  # fmt: skip
    """Record that the customer got the clauses, how, when, and what proves it."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Application, application_id, version)
        facts = await facts_of(tx, row, state)
        check_disclose(actor, facts)
        at = happened(tx, command.delivered_at, command.reason, "#/delivered_at")
        shown = {(one.clause_id, one.text_version) for one in command.clauses or ()}
        if shown and shown != {one.key for one in facts.terms.clauses}:
            raise rules.PackOfOtherVersion(version=facts.terms.name)
        if command.simplified and not await queries.bought_lately(tx, facts):
            raise rules.SimplifiedPackRefused()
        pack = DisclosurePack(
            id=uuid7(), created_at=tx.now, application_id=row.id, org_path=row.org_path,
            product_version=facts.terms.number, clauses=[_shown(one) for one in facts.terms.clauses],
            channel=command.channel, delivered_at=at, proof=command.proof,
            proof_attachment_id=command.proof_attachment_id, simplified=command.simplified, person_id=actor.person_id,
        )  # fmt: skip
        tx.add(pack)
        before = {"status": row.status}
        if row.state is ApplicationStatus.RETURNED:
            row.advance(ApplicationStatus.DRAFT)
        if row.state is ApplicationStatus.DRAFT:
            row.advance(ApplicationStatus.DISCLOSED)
        after = {"status": row.status, "product_version": pack.product_version, "channel": pack.channel}
        tx.note("disclose", row, before=before, after=after, reason=command.reason)
        names = ("id", "created_at", "product_version", "clauses", "channel", "delivered_at", "proof", "simplified")
        told = {name: getattr(pack, name) for name in names}
        out = schemas.PackOut(**told, application=application_shapes.state(row))
        return tx.answer(out, location=f"{PATH}/{row.id}", version=row.version)


def _shown(clause: Clause) -> dict[str, Any]:
    digest = hashlib.sha256(clause.text.encode()).hexdigest()
    return {
        "clause_id": clause.clause_id, "text_version": clause.text_version, "kind": clause.kind, "sha256": digest
    }  # fmt: skip


async def refuse_substitute(tx: Transaction, row: Application, signer: schemas.Signer, digest_key: bytes) -> None:
    """Refuse (422) a signature of whoever sells or works here, unless it is the policyholder himself."""
    if signer.role not in rules.CUSTOMER_ROLES or signer.staff_no is not None:
        raise rules.SignedForCustomer()
    if signer.id_no is None or signer.id_no == row.policyholder.get("id_no"):
        return
    staff = await directory.declared(tx, [keyed_digest(digest_key, signer.id_no)])
    if any(whose == "self" for _, whose in staff):
        raise rules.SignedForCustomer()


async def acknowledge(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None,
    command: schemas.Acknowledge, state: Any,
) -> Answer:  # fmt: skip
    """Record what the customer acknowledged, in which wording, how it is proved and who signed."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Application, application_id, version)
        facts = await facts_of(tx, row, state)
        check_acknowledge(actor, facts)
        await refuse_substitute(tx, row, command.signer, state.digest_key)
        at = happened(tx, command.acknowledged_at, command.reason, "#/acknowledged_at")
        kind = AckKind(command.kind)
        clauses = {(one.clause_id, one.text_version) for one in command.clauses}
        _refuse_empty(kind, command, clauses, facts)
        rules.may_acknowledge(kind, clauses, at, facts.more["disclosure"], _wording(kind, facts))
        given = Acknowledgement(
            id=uuid7(), created_at=tx.now, application_id=row.id, org_path=row.org_path, kind=str(kind),
            clauses=[one.model_dump() for one in command.clauses], insured_refs=command.insured_refs,
            method=command.method, evidence_ref=command.evidence_ref, signer_role=command.signer.role,
            signer_name=command.signer.name, acknowledged_at=at, person_id=actor.person_id,
        )  # fmt: skip
        tx.add(given)
        await tx.flush()
        before = {"status": row.status}
        for follow in getattr(state, "on_acknowledged", ()):
            await follow(tx, row, state)
        after = {"status": row.status, "kind": given.kind, "clauses": sorted(clause for clause, _ in clauses)}
        tx.note("acknowledge", row, before=before, after=after, reason=command.reason)
        names = ("id", "created_at", "kind", "clauses", "insured_refs", "method", "signer_role", "acknowledged_at")
        told = {name: getattr(given, name) for name in names}
        out = schemas.AcknowledgementOut(**told, application=application_shapes.state(row))
        return tx.answer(out, location=f"{PATH}/{row.id}", version=row.version)


def _wording(kind: AckKind, facts: ApplicationFacts) -> Iterable[rules.Key]:
    """The clauses that an acknowledgement of this kind may name, in the wording that was shown."""
    agreed = {(one["code"], one["text_version"]) for one in facts.application.terms.get("agreements", ())}
    if kind is AckKind.SPECIAL_AGREEMENT:
        return agreed
    if kind is AckKind.EXCLUSIONS:
        return {one.key for one in facts.terms.reducing_clauses} | agreed
    return {one.key for one in facts.terms.duty_clauses} if kind is AckKind.DUTIES else set()


def _refuse_empty(
    kind: AckKind, command: schemas.Acknowledge, clauses: set[rules.Key], facts: ApplicationFacts
) -> None:
    """What is acknowledged is named: clauses, or the persons who consent."""
    if kind is AckKind.DEATH_COVER_CONSENT:
        if command.signer.role not in rules.CONSENT_ROLES:
            raise rules.ConsentNotByInsured()
        known = {one.ref for one in facts.insured}
        if not command.insured_refs or not set(command.insured_refs) <= known:
            raise ReferenceNotFound.at("#/insured_refs")
    elif not clauses:
        raise ReferenceNotFound.at("#/clauses")


def check_answer(_actor: Actor, facts: ApplicationFacts) -> None:
    """Whether the customer's answers may be taken now."""
    check_disclose(_actor, facts)


async def give_answers(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None,
    command: schemas.GiveAnswers, state: Any,
) -> Answer:  # fmt: skip
    """Store the customer's answers with the text of the questions as they were put."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Application, application_id, version)
        facts = await facts_of(tx, row, state)
        check_answer(actor, facts)
        await refuse_substitute(tx, row, command.signer, state.digest_key)
        at = happened(tx, command.answered_at, command.reason, "#/answered_at")
        if command.question_version != facts.terms.question_version:
            raise rules.QuestionsOfOtherVersion(version=facts.terms.question_version)
        rules.check_answers(facts.terms.questions, [(one.code, one.value) for one in command.answers])
        given = await _answers(tx, facts, command, at)
        tx.add(given)
        held = {one["code"]: one["value"] for one in given.answers}
        open_codes = [one.code for one in facts.terms.questions if one.code not in held]
        tx.note("answer", row, after={"question_version": given.question_version, "unanswered": open_codes})
        out = schemas.AnswersOut(
            id=given.id, created_at=given.created_at, number=given.number, question_version=given.question_version,
            unanswered=open_codes, effects=rules.effects(facts.terms.questions, held),
            application=application_shapes.state(row),
        )  # fmt: skip
        return tx.answer(out, location=f"{PATH}/{row.id}", version=row.version)


async def _answers(tx: Transaction, facts: ApplicationFacts, command: schemas.GiveAnswers, at: datetime) -> AnswerSet:
    row, texts = facts.application, {one.code: dict(one.text) for one in facts.terms.questions}
    sets = await queries.answer_sets_of(tx, row.id)
    kept = {one["code"]: one for one in (sets[-1].answers if sets else ())} if _same(sets, command) else {}
    for one in command.answers:
        kept[one.code] = {**one.model_dump(exclude_none=True), "asked": texts[one.code]}
    return AnswerSet(
        id=uuid7(), created_at=tx.now, application_id=row.id, org_path=row.org_path, number=len(sets) + 1,
        question_version=command.question_version, answers=list(kept.values()), answered_at=at,
        signer_role=command.signer.role, person_id=tx.actor.person_id,
    )  # fmt: skip


def _same(sets: Any, command: schemas.GiveAnswers) -> bool:
    return bool(sets) and sets[-1].question_version == command.question_version


ACTIONS: tuple[Action[ApplicationFacts], ...] = (
    Action("disclose", "POST", PATH + "/{id}/disclosures", "policy.application.disclose", check_disclose),
    Action("acknowledge", "POST", PATH + "/{id}/acknowledgements", "policy.application.acknowledge", check_acknowledge),
    Action("answer", "POST", PATH + "/{id}/answers", "policy.application.answer", check_answer),
)
