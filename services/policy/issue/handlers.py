"""Ask for the premium once a proposal is accepted, and issue the policy."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.policy.application.tables import Application, ApplicationInsured
from services.policy.issue import queries, rules
from services.policy.issue.schemas import IssuedOut, IssuePolicy, RecordState
from services.policy.payment_order import handlers as payment
from services.policy.payment_order import queries as orders
from services.policy.payment_order.handlers import Due
from services.policy.payment_order.rules import OrderKind
from services.policy.payment_order.tables import PaymentOrder
from services.policy.policy.tables import Policy
from services.policy.product.rules import Terms
from services.policy.refund.rules import Computation, Part
from services.policy.version.handlers import append
from services.policy.version.schemas import Draft, Insured
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import ZERO, yuan
from shared.numbers import branch_of, next_case_number
from shared.work_items import close_items, open_item

ISSUE_ITEM, RETURN_ITEM = "issue_policy", "return_premium"


async def accepted(tx: Transaction, application: Application, state: Any) -> None:
    """A proposal was accepted: ask for its premium, and open the issue where nothing has to be paid first.

    Does nothing for what is no accepted proposal, or was asked for already.
    """
    if application.kind != "proposal" or application.status not in rules.ACCEPTED:
        return
    terms = await queries.terms_of(tx, application)
    premium = application.premium or ZERO
    due = await _premium(tx, application, premium) if premium > ZERO else None
    if due is not None and due.amount > ZERO:
        await payment.order(tx, application, due, state.digest_key)
    application.status = "awaiting_premium"
    if terms.issued_by == "anlan" and (due is None or due.amount <= ZERO or not terms.cash_before_cover):
        await _ask_for_issue(tx, application)
    if due is not None and due.amount < ZERO:
        await open_item(
            tx, RETURN_ITEM, application, Text("退还多收保险费", "Return what was paid too much"), number=None,
            unit_code=application.unit_code, position="cashier", href=f"/v1/applications/{application.id}",
            method="GET", priority="high",
        )  # fmt: skip


async def _premium(tx: Transaction, application: Application, premium: Decimal) -> Due:
    """What is left to be asked for: the premium less what came before the decision."""
    factor = application.terms.get("rate_factor", "1")
    base = yuan(application.base_premium if application.base_premium is not None else premium)
    text = Text(
        f"保险费 {base} × 费率调整系数 {factor} = {yuan(premium)}",
        f"Premium {base} × factor {factor} = {yuan(premium)}",
    )
    parts = [Part("premium", premium, text)]
    received = await queries.received(tx, application.id)
    if received > ZERO:
        came = Text(f"扣除核保前已收 {yuan(received)}", f"Less what came before the decision, {yuan(received)}")
        parts.append(Part("received", -received, came))
    computed = Computation.of("premium", parts)
    return Due(
        kind=OrderKind.PREMIUM, amount=computed.amount, due_on=await orders.premium_due_on(tx),
        computation=computed.shown(), parties=await queries.parties(tx, application), application_id=application.id,
    )  # fmt: skip


async def _ask_for_issue(tx: Transaction, application: Application) -> None:
    await open_item(
        tx, ISSUE_ITEM, application, Text("出具保单", "Issue the policy"), number=None,
        unit_code=application.unit_code, position="underwriter", href=f"/v1/applications/{application.id}/issues",
    )  # fmt: skip


async def premium_paid(tx: Transaction, order: PaymentOrder, _state: Any) -> None:
    """The premium of a proposal came: it may be issued."""
    if order.purpose is not OrderKind.PREMIUM or order.application_id is None or order.policy_id is not None:
        return
    application = await tx.find(Application, order.application_id, lock=True)
    if application.status not in rules.ISSUABLE:
        await open_item(
            tx, RETURN_ITEM, application, Text("退还已收保险费", "Return the premium that came too late"), number=None,
            unit_code=application.unit_code, position="cashier", href=f"/v1/applications/{application.id}",
            method="GET", priority="high",
        )  # fmt: skip
        return
    application.expires_on = None  # who has paid what was asked for is owed the policy
    if application.issued_by == "anlan":
        await _ask_for_issue(tx, application)


async def issue(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None, command: IssuePolicy,
    state: Any,
) -> Answer:  # fmt: skip
    """Make the policy of an approved proposal: its number, its first version, its insured list."""
    async with db.transaction(actor, key) as tx:
        application = await tx.find_for_change(Application, application_id, version)
        terms = await queries.terms_of(tx, application)
        found = await queries.proposal(tx, application, terms)
        rules.may_issue(found, queries.persons_of(actor))
        for gate in state.issue_gates:
            await gate(tx, application, state)
        starts_at, ends_at = _period(application, command, tx.now)
        before = {"status": application.status}
        policy = await _new_policy(tx, application, terms, starts_at, ends_at)
        people = [_insured(one, starts_at, ends_at) for one in await queries.insured_of(tx, application.id)]
        draft = _draft(policy, application, rules.exclusions([*found.reducing], found.acknowledged), people)
        row = await append(tx, policy, draft)
        await _settle(tx, application, policy)
        for follow in state.on_version:
            await follow(tx, policy, row, state)
        tx.note("issue", application, before=before, after={"status": application.status, "policy_id": policy.id})
        tx.note("issue", policy, after={"policy_no": policy.policy_no, "policy_version": policy.policy_version})
        return tx.answer(_out(policy, application), location=f"/v1/policies/{policy.id}", version=application.version)


def _period(application: Application, command: IssuePolicy, now: datetime) -> tuple[datetime, datetime]:
    if application.starts_at is None or application.ends_at is None:
        raise LookupError(f"application {application.id} was approved without a period")
    return rules.period(command.starts_at, application.starts_at, application.ends_at, now)


async def _new_policy(
    tx: Transaction, application: Application, terms: Terms, starts_at: datetime, ends_at: datetime
) -> Policy:
    formed = application.confirmed_at or application.decided_at or tx.now
    return Policy(
        id=uuid7(), version=1, org_path=application.org_path, unit_code=application.unit_code, made_here=True,
        policy_no=await next_case_number(tx, queries.SERIES[application.line], branch_of(application.org_path)),
        customer_id=application.customer_id, customer_core_no=await queries.core_no(tx, application.customer_id),
        product=application.product, line=application.line, business=terms.business, compulsory=terms.compulsory,
        issued_by=terms.issued_by, issued_on=legal_day(tx.now), starts_at=starts_at, ends_at=ends_at, premium=ZERO,
        insured_count=application.insured_count, risk_level=terms.risk_level,
        reinsured=bool(application.risk.get("reinsured")), seller_id=application.seller_id,
        seller_staff_no=application.seller_staff_no, cover={}, exclusions=[], application_id=application.id,
        product_version=application.product_version, underwriter_id=application.underwriter_id,
        formed_on=legal_day(formed),
    )  # fmt: skip


def _draft(policy: Policy, application: Application, excluded: list[dict[str, Any]], people: list[Insured]) -> Draft:
    premium = application.premium or ZERO
    return Draft(
        kind="issue", no=policy.policy_no, effective_at=policy.starts_at,
        cover=application.terms.get("cover") or application.requested_cover, exclusions=excluded,
        premium_delta=premium, instalments=((premium, False, None),),
        insured_count=len(people) or application.insured_count, people=people,
        more={"agreements": application.terms.get("agreements", [])},
    )  # fmt: skip


def _insured(row: ApplicationInsured, starts_at: datetime, ends_at: datetime) -> Insured:
    told = ("ref", "name", "id_type", "id_no", "id_digest", "occupation_class", "sum_insured", "beneficiaries")
    return Insured(
        covered_from=legal_day(starts_at), covered_to=legal_day(ends_at), **{name: getattr(row, name) for name in told}
    )


async def _settle(tx: Transaction, application: Application, policy: Policy) -> None:
    """The application has become the policy; so has the premium that was asked for."""
    application.status, application.policy_id, application.expires_on = "issued", policy.id, None
    for row in await orders.of_application(tx, application.id):
        row.policy_id, row.policy_no = policy.id, policy.policy_no
    await close_items(tx, application.id, ISSUE_ITEM)


def _out(policy: Policy, application: Application) -> IssuedOut:
    state = RecordState(id=application.id, version=application.version, status=application.status)
    names = ("id", "created_at", "policy_no", "policy_version", "starts_at", "ends_at", "premium", "insured_count")
    return IssuedOut(**{name: getattr(policy, name) for name in names}, application=state)
