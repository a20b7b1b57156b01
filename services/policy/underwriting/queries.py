"""What an answer to an application is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.policy.application.queries import ApplicationFacts
from services.policy.application.rules import ApplicationKind, authority_amount
from services.policy.application.tables import Application
from services.policy.policy.tables import LossRecord, Policy
from services.policy.survey.queries import MONTH, claims_of, open_hazards
from services.policy.underwriting import rules
from services.policy.underwriting.rules import Offered, Risk
from services.policy.underwriting.tables import ReportedLoss, UnderwritingStep
from shared import directory
from shared.approval_chain import Act
from shared.clock import legal_day
from shared.database import Transaction
from shared.money import ZERO

_GONE = ("declined", "withdrawn", "expired")


async def steps_of(tx: Transaction, application_id: UUID) -> Sequence[UnderwritingStep]:
    """Every act of every round, in order."""
    statement = select(UnderwritingStep).where(UnderwritingStep.application_id == application_id)
    return await tx.scalars(statement.order_by(UnderwritingStep.created_at, UnderwritingStep.id))


async def risk_of(tx: Transaction, facts: ApplicationFacts) -> Risk:
    """What is known of the risk, at whichever unit it became known."""
    row, figures = facts.application, facts.settings["referral"]
    since = tx.now - figures["loss_months"] * MONTH
    premium, paid = await _experience(tx, row.customer_id, row.line, legal_day(since))
    classes = [one.occupation_class for one in facts.insured if one.op == "add" and one.occupation_class]
    effects = facts.more.get("effects", {})
    return Risk(
        occupation_class=max(classes, default=None), losses=await claims_of(tx, row.customer_id, row.line, since),
        premium=premium, paid=paid, hazards_open=await open_hazards(tx, row.customer_id),
        warned=str(row.customer_id) in facts.settings["warning_list"], industry=row.risk.get("industry"),
        accumulated=await _accumulated(tx, row), reinsured=bool(row.risk.get("reinsured")),
        material=[*effects.get("refer", ()), *effects.get("decline", ())],
        loss_while_open=row.loss_reported_at is not None,
    )  # fmt: skip


async def _experience(tx: Transaction, customer_id: UUID, line: str, since: date) -> tuple[Decimal, Decimal]:
    """Premium of the customer's policies of the line issued since then, and what was paid on them."""
    scope = tx.scope
    await tx.use_scope("00")
    mine = (Policy.customer_id == customer_id, Policy.line == line, Policy.issued_on >= since)
    premium = await tx.scalar(select(func.sum(Policy.premium)).where(*mine))
    losses = select(func.sum(LossRecord.paid_amount)).join(Policy, Policy.id == LossRecord.policy_id)
    paid = await tx.scalar(losses.where(*mine, LossRecord.cancelled.is_(False)))
    await tx.use_scope(scope)
    return premium or ZERO, paid or ZERO


async def _accumulated(tx: Transaction, row: Application) -> Decimal:
    """Limits in the place of this application, its own included, in yuan; what came to nothing does not count."""
    place = row.risk.get("place_code")
    own = row.amount or ZERO
    if place is None or row.line != "liability":
        return own
    scope = tx.scope
    await tx.use_scope("00")
    statement = select(func.sum(Application.amount)).where(
        Application.risk["place_code"].astext == place, Application.kind == "proposal", Application.line == row.line,
        Application.status.not_in(_GONE), Application.id != row.id,
    )  # fmt: skip
    others = await tx.scalar(statement)
    await tx.use_scope(scope)
    return own + (others or ZERO)


def proposers_of(row: Application) -> dict[UUID, str]:
    """Who entered it, for whom, and who sells: none of them decides."""
    people = ((row.seller_id, "seller"), (row.entered_by, "proposer"), (row.entered_for, "proposer"))
    return {person: duty for person, duty in people if person is not None}


async def basis_of(tx: Transaction, facts: ApplicationFacts, offered: Offered | None = None) -> rules.Basis:
    """The basis of a step, on the table in force today and, where one is given, with this offer."""
    row, given = facts.application, offered or Offered()
    kind = row.of_kind
    lifted = rules.Lift((), None, 0)
    if kind is not ApplicationKind.CANCELLATION:
        risk = await risk_of(tx, facts)
        figures = facts.settings["referral"]
        lifted = rules.lift(risk, figures, given.factor, outside_library=given.outside_library)
    acts = [one for one in await steps_of(tx, row.id) if one.round == row.round]
    return rules.Basis(
        kind=kind, status=row.state, line=row.line, amount=amount_of(facts, given),
        units=tuple(await directory.units_on_path(tx, row.org_path)), table=await directory.authority_table_at(tx),
        lift=lifted, proposers=proposers_of(row), surveyors=facts.more["survey"].surveyors,
        acts=tuple(
            Act(one.step, one.kind, one.outcome, one.position, one.person_id, one.on_behalf_of) for one in acts
        ),
    )  # fmt: skip


def amount_of(facts: ApplicationFacts, offered: Offered) -> Decimal:
    """What limits are compared with, in yuan: of a cancellation the refund, else the sum applied for or offered."""
    row = facts.application
    if row.of_kind is ApplicationKind.CANCELLATION:
        return abs(row.premium) if row.premium is not None else (row.amount or ZERO)
    asked = row.amount or ZERO
    cover = {**facts.cover, **offered.cover}
    total = authority_amount(row.line, cover, row.insured_count, facts.listed)
    return rules.offered_amount(asked, offered, total)


async def loss_since(tx: Transaction, row: Application, starts_at: Any) -> ReportedLoss | None:
    """A loss of this customer on this line, known by now, at or after the moment at which cover would begin."""
    statement = select(ReportedLoss).where(
        ReportedLoss.customer_id == row.customer_id, ReportedLoss.loss_at >= starts_at,
        (ReportedLoss.line == row.line) | ReportedLoss.line.is_(None),
    )  # fmt: skip
    return await tx.scalar(statement.limit(1))


async def known(tx: Transaction, facts: ApplicationFacts) -> dict[str, Any]:
    """What this room adds to the facts of an application; after the survey's."""
    if facts.application.amount is None and facts.application.of_kind is not ApplicationKind.CANCELLATION:
        return {"underwriting": None}
    return {"underwriting": await basis_of(tx, facts)}
