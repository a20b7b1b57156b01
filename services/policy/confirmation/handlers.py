"""Confirming the terms, or turning them down."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.policy.application import shapes as application_shapes
from services.policy.application.handlers import PATH, end
from services.policy.application.queries import ApplicationFacts, facts_of
from services.policy.application.rules import ApplicationStatus, refuse_back_dating, refuse_unless
from services.policy.application.tables import Application
from services.policy.confirmation.schemas import Confirm
from services.policy.disclosure.handlers import happened, refuse_substitute
from services.policy.disclosure.queries import disclosure_of
from services.policy.disclosure.rules import AckKind, Disclosure
from services.policy.survey.rules import refuse_unassessed, refuse_unsurveyed
from services.policy.underwriting.handlers import CONFIRM_ITEM, accepted, refuse_known_loss
from services.policy.underwriting.rules import refuse_unconfirmed
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.money import ZERO
from shared.work_items import close_items

_WAITING = frozenset({ApplicationStatus.APPROVED_WITH_TERMS})


def check_confirm(_actor: Actor, facts: ApplicationFacts) -> None:
    """Whether terms are waiting for the customer's answer."""
    refuse_unless(facts.application.of_kind, facts.application.state, _WAITING)


def _refuse_unacknowledged(row: Application, held: Disclosure) -> None:
    agreed, excluded = held.keys(AckKind.SPECIAL_AGREEMENT), held.keys(AckKind.EXCLUSIONS)
    refuse_unconfirmed(row.terms.get("agreements", ()), agreed, excluded)


async def confirm(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None, command: Confirm,
    state: Any,
) -> Answer:  # fmt: skip
    """The customer agrees to the terms, once each special agreement is acknowledged, or does not want them."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Application, application_id, version)
        facts = await facts_of(tx, row, state)
        check_confirm(actor, facts)
        await refuse_substitute(tx, row, command.signer, state.digest_key)
        happened(tx, command.confirmed_at, command.reason, "#/confirmed_at")
        if command.agreed:
            _refuse_unacknowledged(row, facts.more["disclosure"])
            await _confirmed(tx, row, state)
        else:
            row.advance(ApplicationStatus.WITHDRAWN)
            end(tx, row, "withdrawn", "terms_not_accepted", actor.level)
            await close_items(tx, row.id)
        tx.note("confirm", row, before={"status": "approved_with_terms"}, after={"status": row.status},
                reason=command.reason)  # fmt: skip
        return tx.answer(application_shapes.state(row), location=f"{PATH}/{row.id}", version=row.version)


async def _confirmed(tx: Transaction, row: Application, state: Any) -> None:
    refuse_back_dating(row.starts_at, tx.now)
    await refuse_known_loss(tx, row, row.starts_at)
    row.advance(ApplicationStatus.CONFIRMED)
    row.confirmed_at = tx.now
    await close_items(tx, row.id, CONFIRM_ITEM)
    await accepted(tx, row, state)


async def acknowledged(tx: Transaction, row: Application, state: Any) -> None:
    """With the last special agreement acknowledged the customer has agreed to what was accepted with it; an offer of
    something else waits for his own answer."""
    if row.state is not ApplicationStatus.APPROVED_WITH_TERMS or row.outcome != "accepted_with_terms":
        return
    agreements = row.terms.get("agreements", ())
    facts = await facts_of(tx, row)
    held = await disclosure_of(tx, facts)
    agreed, excluded = held.keys(AckKind.SPECIAL_AGREEMENT), held.keys(AckKind.EXCLUSIONS)
    keys = {(one["code"], one["text_version"]) for one in agreements}
    widening = {(one["code"], one["text_version"]) for one in agreements if one["widens_exclusions"]}
    if agreements and keys <= agreed and widening <= excluded:
        await _confirmed(tx, row, state)


async def bind_gate(tx: Transaction, row: Application, state: Any) -> None:
    """What a proposal has to meet at the moment at which it becomes a policy: the survey is not too old by then, the
    risk was assessed, every special agreement acknowledged, and no loss became known meanwhile."""
    facts = await facts_of(tx, row, state)
    survey = facts.more["survey"]
    await refuse_known_loss(tx, row, row.starts_at)
    refuse_unsurveyed(survey.reasons, survey.newest, facts.settings, tx.now)
    refuse_unassessed(row.line, row.amount or ZERO, survey.assessed, facts.settings)
    _refuse_unacknowledged(row, facts.more["disclosure"])


ACTIONS: tuple[Action[ApplicationFacts], ...] = (
    Action("confirm", "POST", PATH + "/{id}/confirmations", "policy.application.acknowledge", check_confirm),
)
