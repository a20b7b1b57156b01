"""Opinions and decisions on applications."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.policy import events
from services.policy.application.handlers import PATH, end
from services.policy.application.queries import ApplicationFacts, facts_of
from services.policy.application.rules import (
    ApplicationKind,
    ApplicationStatus,
    BackDated,
    annual_premium,
    check_term,
    legal_moves,
    premium_of_term,
    refuse_back_dating,
    refuse_unfiled,
)
from services.policy.application.tables import Application
from services.policy.survey.rules import refuse_unassessed, refuse_unsurveyed
from services.policy.underwriting import queries, rules, schemas, shapes
from services.policy.underwriting.rules import Answer, Offered, Taken
from services.policy.underwriting.tables import UnderwritingStep
from shared.actions import Action
from shared.actor import Actor
from shared.approval_chain import DECISION, OPINION, Standing
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, StateConflict, Text, ValidationFailed
from shared.idempotency import Answer as Stored
from shared.idempotency import RequestKey
from shared.ids import uuid7
from shared.money import ZERO, yuan
from shared.work_items import close_items, open_item

UNDERWRITE_ITEM, CONFIRM_ITEM, CORRECT_ITEM = "underwrite", "confirm_terms", "correct_application"
ALARM_ITEM, ESCALATION_ITEM = "premium_without_decision", "premium_alarm"


def check_act(actor: Actor, facts: ApplicationFacts) -> None:
    """Whether this caller may take the open step; refuses as the request would."""
    basis = facts.more.get("underwriting")
    if basis is None:
        row = facts.application
        raise StateConflict(current_state=row.status, legal_moves=legal_moves(row.of_kind, row.state))
    rules.may_act(actor, basis)


async def opine(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None,
    command: schemas.GiveAnswer, state: Any,
) -> Stored:  # fmt: skip
    """The opinion of a level that does not decide."""
    return await _act(db, actor, key, application_id, version, OPINION, command, state)


async def decide(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None,
    command: schemas.GiveAnswer, state: Any,
) -> Stored:  # fmt: skip
    """The insurer's answer, by the level that may give it."""
    return await _act(db, actor, key, application_id, version, DECISION, command, state)


async def _act(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None, kind: str,
    command: schemas.GiveAnswer, state: Any,
) -> Stored:  # fmt: skip
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Application, application_id, version)
        facts = await facts_of(tx, row, state)
        check_act(actor, facts)
        answer, offered = Answer(command.outcome), _offered(facts, command.terms, tx)
        basis = await queries.basis_of(tx, facts, offered)
        taken = rules.take(actor, basis, rules.Given(kind, answer, command.amount))
        _check(facts, answer, offered, command)
        before = {"status": row.status}
        step = _step(tx, row, basis, taken, command, offered)
        tx.add(step)
        if taken.final and rules.accepts(answer):
            await _refuse_uninsurable(tx, facts, offered)
            _agree(tx, facts, offered)
        for status in rules.moves(row.state, taken.status) if taken.status is not row.state else ():
            row.advance(status)
        if taken.final:
            await _conclude(tx, row, answer, command, state)
        await tell_open_step(tx, row, None if taken.final else taken.following)
        after = {
            "status": row.status, "outcome": str(answer), "amount": yuan(step.amount), "triggers": step.triggers,
            "reason_code": command.reason_code,
        }  # fmt: skip
        tx.note(f"{kind}_{answer}", row, before=before, after=after, reason=command.reason)
        out = shapes.taken(step, row, taken.following, final=taken.final)
        return tx.answer(out, location=f"{PATH}/{row.id}/approval", version=row.version)


def _offered(facts: ApplicationFacts, told: schemas.TermsIn | None, tx: Transaction) -> Offered:
    """The terms as rules take them; an agreement by code alone is looked up in the product's library."""
    if told is None:
        return Offered()
    agreements = tuple(_agreement(facts, one, n, tx) for n, one in enumerate(told.agreements))
    factor = Offered().factor if told.rate_factor is None else told.rate_factor
    refuse_unfiled(factor, facts.terms.factor_range)  # whatever the level: nobody may offer it
    return Offered(factor, told.cover, agreements, told.starts_at, told.ends_at)


def _agreement(facts: ApplicationFacts, told: schemas.AgreementIn, n: int, tx: Transaction) -> rules.Agreement:
    held: Mapping[str, Any] | None = facts.terms.agreement(told.code)
    if held is not None and told.text is None:
        names = ("code", "text_version", "title", "text", "widens_exclusions")
        return rules.Agreement(**{name: held[name] for name in names}, library=True)
    if held is not None or told.text is None or told.title is None:
        words = Text("条款库中没有该约定，或者代码已使用。", "The library has no such agreement, or has that code.")
        raise ValidationFailed(Fault("unknown_agreement", words, pointer=f"#/terms/agreements/{n}"))
    version = legal_day(tx.now).isoformat()
    return rules.Agreement(told.code, version, told.title.model_dump(), told.text, told.widens_exclusions, False)


def _check(facts: ApplicationFacts, answer: Answer, offered: Offered, command: schemas.GiveAnswer) -> None:
    """Refuse reasons, terms and neglected answers that do not fit (422)."""
    rules.refuse_unreasoned(answer, command.reason_code, command.reason, facts.settings["reasons"])
    if answer in rules.WITH_TERMS and facts.application.of_kind is not ApplicationKind.PROPOSAL:
        words = Text("批改、退保不附条件；可退回。", "A change or an end is not answered with terms; return it.")
        raise ValidationFailed(Fault("terms", words, pointer="#/outcome"))
    rules.check_offer(answer, offered, facts.terms, facts.cover)
    rules.refuse_ignored(facts.more.get("effects", {}), answer, offered, command.reason)


async def _refuse_uninsurable(tx: Transaction, facts: ApplicationFacts, offered: Offered) -> None:
    """Refuse to bind cover of the past (422), or before a survey or an assessment that is needed (409)."""
    row = facts.application
    if row.of_kind is not ApplicationKind.PROPOSAL:
        return
    starts_at, ends_at = _period(row, offered)
    refuse_back_dating(starts_at, tx.now)
    check_term(facts.terms, starts_at, ends_at)
    await refuse_known_loss(tx, row, starts_at)
    survey, limit = facts.more["survey"], queries.amount_of(facts, offered)
    refuse_unsurveyed(survey.reasons, survey.newest, facts.settings, tx.now)
    refuse_unassessed(row.line, limit, survey.assessed, facts.settings)


async def refuse_known_loss(tx: Transaction, row: Application, starts_at: Any) -> None:
    """Refuse (422) cover that would begin before a loss which was reported by now: the application's row is locked, and
    so is it by whoever takes in the report."""
    if await queries.loss_since(tx, row, starts_at) is not None:
        raise BackDated(starts_at=starts_at.isoformat())


def _agree(tx: Transaction, facts: ApplicationFacts, offered: Offered) -> None:
    """Write what was agreed and what it costs; the offer stands for the days of the rule set."""
    row = facts.application
    row.underwriter_id = tx.actor.person_id
    if row.of_kind is ApplicationKind.CANCELLATION:
        return
    cover = {**facts.cover, **offered.cover}
    row.terms = {
        "cover": cover,
        "rate_factor": f"{offered.factor:f}",
        "agreements": [one.stored() for one in offered.agreements],
    }
    row.amount = queries.amount_of(facts, offered)
    if row.of_kind is ApplicationKind.ENDORSEMENT:
        return
    starts_at, ends_at = _period(row, offered)
    row.starts_at, row.ends_at = starts_at, ends_at
    row.expires_on = legal_day(tx.now) + timedelta(days=facts.settings["offer_days"])
    annual = annual_premium(facts.terms.rating, cover, row.insured_count, facts.listed)
    row.base_premium = premium_of_term(annual, Offered().factor, starts_at, ends_at)
    row.premium = premium_of_term(annual, offered.factor, starts_at, ends_at)


def _period(row: Application, offered: Offered) -> tuple[datetime, datetime]:
    """The period asked for or offered; no proposal is submitted without one."""
    starts_at, ends_at = offered.starts_at or row.starts_at, offered.ends_at or row.ends_at
    if starts_at is None or ends_at is None:
        raise LookupError(f"proposal {row.id} was submitted without a period")
    return starts_at, ends_at


def _step(
    tx: Transaction, row: Application, basis: rules.Basis, taken: Taken, command: schemas.GiveAnswer, offered: Offered
) -> UnderwritingStep:
    actor = tx.actor
    terms = None if command.terms is None else command.terms.model_dump(mode="json", exclude_none=True)
    return UnderwritingStep(
        id=uuid7(), created_at=tx.now, application_id=row.id, org_path=row.org_path, round=row.round,
        step=taken.act.step, kind=taken.act.kind, outcome=taken.act.outcome, answer=command.outcome,
        position=taken.act.position, unit_code=taken.step.unit.code, level=taken.step.level,
        person_id=actor.person_id, staff_no=actor.staff_no, on_behalf_of=actor.on_behalf_of, amount=basis.amount,
        reason_code=command.reason_code, reason=command.reason, terms=terms or {},
        triggers=[str(one) for one in basis.lift.triggers], table_version=basis.table.version,
    )  # fmt: skip


async def _conclude(tx: Transaction, row: Application, answer: Answer, command: schemas.GiveAnswer, state: Any) -> None:
    """Tell the answer, and what follows from it."""
    expires_on = row.expires_on
    if answer is Answer.RETURN:
        await open_item(
            tx, CORRECT_ITEM, row, Text("更正退回的申请", "Correct the returned application"), number=None,
            unit_code=row.unit_code, position="sales_agent", href=f"{PATH}/{row.id}", method="PATCH",
        )  # fmt: skip
        return
    end(tx, row, rules.OUTCOMES[answer], command.reason_code, tx.actor.level)
    row.reason = command.reason
    await close_items(tx, row.id, ALARM_ITEM, ESCALATION_ITEM)
    if row.state is ApplicationStatus.APPROVED_WITH_TERMS:
        row.expires_on = expires_on
        await open_item(
            tx, CONFIRM_ITEM, row, Text("取得客户对承保条件的确认", "Have the customer confirm the terms"), number=None,
            unit_code=row.unit_code, position="sales_agent", href=f"{PATH}/{row.id}/confirmations",
        )  # fmt: skip
    elif rules.accepts(answer):
        row.expires_on = expires_on if row.of_kind is ApplicationKind.PROPOSAL else None
        await accepted(tx, row, state)
    elif row.premium_received_at is not None:
        await open_item(
            tx, "return_premium", row, Text("退还已收保险费", "Return the premium that was received"), number=None,
            unit_code=row.unit_code, position="cashier", href=f"{PATH}/{row.id}", method="GET", priority="high",
        )  # fmt: skip


async def accepted(tx: Transaction, row: Application, state: Any) -> None:
    """Nothing is left to be agreed: the core is told where it issues, and later rooms go on (`on_accepted`)."""
    if row.issued_by == "core":
        period = None
        if row.starts_at is not None and row.ends_at is not None:
            period = events.Period(starts_at=row.starts_at, ends_at=row.ends_at)
        tx.publish(
            events.ApplicationApproved(
                application_id=row.id, kind=row.kind, product=row.product, product_version=str(row.product_version),
                customer_id=row.customer_id, unit_code=row.unit_code, policy_id=row.policy_id, terms=row.terms,
                cover=row.terms.get("cover", {}), premium=row.premium, period=period, insured_count=row.insured_count,
                change=row.change, seller_id=row.seller_id, underwriter_id=row.underwriter_id,
            ),
            row,
        )  # fmt: skip
    for follow in getattr(state, "on_accepted", ()):
        await follow(tx, row, state)


async def tell_open_step(tx: Transaction, row: Application, now: Standing | None) -> None:
    """Close the item of the step before, and open that of the step whose turn it is."""
    await close_items(tx, row.id, UNDERWRITE_ITEM)
    if now is None or now.open is None:
        return
    verb = "decisions" if now.open.kind == DECISION else "opinions"
    await open_item(
        tx, UNDERWRITE_ITEM, row, Text("核保", "Underwrite"), number=None, unit_code=now.open.unit.code,
        position=now.open.position, href=f"{PATH}/{row.id}/{verb}",
        priority="high" if row.premium_received_at is not None else "normal",
    )  # fmt: skip


async def submitted(tx: Transaction, row: Application, state: Any) -> None:
    """A submitted application goes to its first underwriter."""
    await close_items(tx, row.id, CORRECT_ITEM)
    if row.state not in rules.DECIDED_IN[row.of_kind]:
        return
    facts = await facts_of(tx, row, state)
    if queries.amount_of(facts, Offered()) <= ZERO and row.of_kind is not ApplicationKind.CANCELLATION:
        return
    await tell_open_step(tx, row, (await queries.basis_of(tx, facts)).standing())


ACTIONS: tuple[Action[ApplicationFacts], ...] = (
    Action("opine", "POST", PATH + "/{id}/opinions", "policy.application.opine", check_act),
    Action("decide", "POST", PATH + "/{id}/decisions", "policy.application.decide", check_act),
)
