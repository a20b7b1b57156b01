"""Submitting an application."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.policy.application import shapes as application_shapes
from services.policy.application.handlers import PATH
from services.policy.application.queries import ApplicationFacts, death_cover_elsewhere, facts_of
from services.policy.application.rules import ApplicationKind, ApplicationStatus, refuse_unless
from services.policy.application.tables import Application
from services.policy.disclosure.handlers import happened, refuse_substitute
from services.policy.disclosure.rules import PackOfOtherVersion
from services.policy.product.queries import product_in_force
from services.policy.product.rules import Terms
from services.policy.submission import rules, schemas
from services.policy.survey.handlers import ask
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7

_S = ApplicationStatus


def check_submit(_actor: Actor, facts: ApplicationFacts) -> None:
    """Whether the application is in a state to be submitted."""
    row = facts.application
    refuse_unless(row.of_kind, row.state, rules.SUBMITTED_FROM[row.of_kind])


async def submit(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None, command: schemas.Submit,
    state: Any,
) -> Answer:  # fmt: skip
    """Put the signed application before the insurer; a survey is asked for where one is needed."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Application, application_id, version)
        facts = await facts_of(tx, row, state)
        check_submit(actor, facts)
        rules.may_submit(await _submission(tx, facts))
        await _refuse_superseded(tx, facts)
        await refuse_substitute(tx, row, command.signer, state.digest_key)
        happened(tx, command.signed_at, command.reason, "#/signed_at")
        before = {"status": row.status}
        await _advance(tx, facts)
        row.submitted_at, row.round, row.outcome, row.decided_at = tx.now, row.round + 1, None, None
        row.reason_code = row.reason = row.decided_level = None
        if row.of_kind is ApplicationKind.PROPOSAL and row.premium_received_at is None:
            row.expires_on = legal_day(tx.now) + timedelta(days=facts.settings["open_days"])
        for follow in getattr(state, "on_submitted", ()):
            await follow(tx, row, state)
        after = {"status": row.status, "round": row.round, "method": command.method}
        tx.note("submit", row, before=before, after=after, reason=command.reason)
        out = schemas.SubmissionOut(
            id=uuid7(), created_at=tx.now, round=row.round, amount=row.amount, base_premium=row.base_premium,
            survey_reasons=[str(one) for one in facts.more["survey"].reasons], effects=schemas.effects_of(facts.more),
            application=application_shapes.state(row),
        )  # fmt: skip
        return tx.answer(out, location=f"{PATH}/{row.id}", version=row.version)


async def _submission(tx: Transaction, facts: ApplicationFacts) -> rules.Submission:
    row = facts.application
    return rules.Submission(
        kind=row.of_kind, terms=facts.terms, form=facts.form, missing=tuple(application_shapes.lacking(facts)),
        listed=facts.listed, elsewhere=await death_cover_elsewhere(tx, facts), disclosure=facts.more["disclosure"],
        settings=facts.settings, starts_at=row.starts_at, now=tx.now,
    )  # fmt: skip


async def _refuse_superseded(tx: Transaction, facts: ApplicationFacts) -> None:
    """Other terms came into force since the customer was told of these: he is told of the new ones."""
    now: Terms | None = await product_in_force(tx, facts.terms.code, tx.now)
    proposal = facts.application.of_kind is ApplicationKind.PROPOSAL
    if proposal and now is not None and now.number != facts.terms.number:
        raise PackOfOtherVersion(version=now.name)


async def _advance(tx: Transaction, facts: ApplicationFacts) -> None:
    """Through the states of its kind to where the insurer has to act, or risk before him."""
    row, survey = facts.application, facts.more["survey"]
    if row.of_kind is ApplicationKind.ENDORSEMENT:
        row.advance(_S.IN_REVIEW)
        return
    if row.of_kind is ApplicationKind.CANCELLATION:
        row.advance(_S.CHECKED)
        return
    if row.state is _S.RETURNED:
        row.advance(_S.DRAFT)
    if row.state is _S.DRAFT:
        row.advance(_S.DISCLOSED)
    row.advance(_S.SUBMITTED)
    if survey.reasons and survey.newest is None:
        await ask(tx, facts, survey.reasons)
        row.advance(_S.SURVEY_REQUIRED)
    else:
        row.advance(_S.SURVEYED if survey.reasons else _S.IN_REVIEW)


ACTIONS: tuple[Action[ApplicationFacts], ...] = (
    Action("submit", "POST", PATH + "/{id}/submissions", "policy.application.submit", check_submit),
)
