"""What was disclosed of an application, as its rules take it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.policy.application.queries import ApplicationFacts
from services.policy.application.rules import ApplicationKind
from services.policy.disclosure import rules
from services.policy.disclosure.rules import AckKind
from services.policy.disclosure.tables import Acknowledgement, AnswerSet, DisclosurePack
from services.policy.policy.tables import Policy
from shared.clock import legal_day
from shared.database import Transaction


async def packs_of(tx: Transaction, application_id: UUID) -> Sequence[DisclosurePack]:
    """Every pack, the newest last."""
    statement = select(DisclosurePack).where(DisclosurePack.application_id == application_id)
    return await tx.scalars(statement.order_by(DisclosurePack.created_at, DisclosurePack.id))


async def acknowledgements_of(tx: Transaction, application_id: UUID) -> Sequence[Acknowledgement]:
    statement = select(Acknowledgement).where(Acknowledgement.application_id == application_id)
    return await tx.scalars(statement.order_by(Acknowledgement.acknowledged_at, Acknowledgement.id))


async def answer_sets_of(tx: Transaction, application_id: UUID) -> Sequence[AnswerSet]:
    """Every set of answers, the newest last."""
    statement = select(AnswerSet).where(AnswerSet.application_id == application_id)
    return await tx.scalars(statement.order_by(AnswerSet.number))


async def disclosure_of(tx: Transaction, facts: ApplicationFacts) -> rules.Disclosure:
    """What counts for the present terms: their pack, what was acknowledged in any wording, answers to their
    questions."""
    row, terms = facts.application, facts.terms
    packs = [one for one in await packs_of(tx, row.id) if one.product_version == terms.number]
    sets = [one for one in await answer_sets_of(tx, row.id) if one.question_version == terms.question_version]
    acknowledged = tuple(
        rules.Acknowledged(
            kind=one.kind, clauses=tuple((c["clause_id"], c["text_version"]) for c in one.clauses),
            insured_refs=tuple(one.insured_refs), at=one.acknowledged_at,
        )
        for one in await acknowledgements_of(tx, row.id)
    )  # fmt: skip
    answers = {one["code"]: one["value"] for one in (sets[-1].answers if sets else ())}
    return rules.Disclosure(packs[-1].delivered_at if packs else None, acknowledged, answers)


async def known(tx: Transaction, facts: ApplicationFacts) -> dict[str, Any]:
    """What this room adds to the facts of an application."""
    held = await disclosure_of(tx, facts)
    if facts.application.of_kind is not ApplicationKind.PROPOSAL:
        return {"disclosure": held, "effects": {}}
    return {
        "disclosure": held,
        "effects": rules.effects(facts.terms.questions, held.answers),
        "missing": rules.lacking(facts.terms, held),
        "disclosure_part": {
            "delivered_at": None if held.delivered_at is None else held.delivered_at.isoformat(),
            "exclusions_acknowledged": not rules.unacknowledged(facts.terms, held, AckKind.EXCLUSIONS),
            "duties_acknowledged": not rules.unacknowledged(facts.terms, held, AckKind.DUTIES),
            "unanswered": [one.code for one in rules.unanswered(facts.terms, held)],
            "question_version": facts.terms.question_version,
            "consented_refs": sorted(held.consented),
        },
    }


async def bought_lately(tx: Transaction, facts: ApplicationFacts) -> bool:
    """Whether the customer bought the same product within the months in which the pack may be simplified."""
    row = facts.application
    since = legal_day(tx.now) - timedelta(days=facts.settings["simplified_pack_days"])
    statement = select(Policy.id).where(
        Policy.customer_id == row.customer_id, Policy.product == row.product, Policy.issued_on >= since
    )
    return await tx.scalar(statement.limit(1)) is not None
