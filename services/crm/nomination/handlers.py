"""Nominating a customer, and the branch's decision on what was proposed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from services.crm.customer.rules import refuse_merged
from services.crm.customer.tables import Customer
from services.crm.key_account import queries, rules, shapes
from services.crm.key_account.handlers import (
    activate,
    end,
    for_act,
    keep_fact,
    next_review,
    on_timeline,
    record,
    tell,
)
from services.crm.key_account.queries import KeyAccountFacts
from services.crm.key_account.rules import KeyAccountStatus, Role
from services.crm.key_account.tables import KeyAccount
from services.crm.naming.handlers import name
from services.crm.nomination.schemas import DecideKeyAccount, NominateKeyAccount
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Fault, ReasonRequired, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import yuan
from shared.work_items import close_items, open_item

DECIDE = "approve_key_account"


class For(NamedTuple):
    """For whom an answer is shaped: the acts of all rooms, and the caller's language."""

    actions: tuple[Action[KeyAccountFacts], ...]
    language: str


async def nominate(db: Database, actor: Actor, key: RequestKey, command: NominateKeyAccount, reader: For) -> Answer:
    """Nominate a customer in the caller's scope; a dry run shows what the criteria give."""
    async with db.transaction(actor, key) as tx:
        locked = select(Customer).where(Customer.id == command.customer_id).with_for_update()
        customer = await tx.scalar(locked)
        if customer is None:
            raise ReferenceNotFound.at("#/customer_id")
        refuse_merged(customer.merged_into)
        held = await queries.open_of(tx, customer.id)
        if held is not None:
            raise rules.AlreadyKeyAccount(key_account_id=str(held.id))
        account = await _write(tx, customer, command)
        roles = {
            Role.MANAGER: command.manager_staff_no, Role.CLAIMS_CONTACT: command.claims_contact_staff_no,
            Role.ENGINEER: command.loss_prevention_engineer_staff_no,
        }  # fmt: skip
        for role, staff_no in roles.items():
            if staff_no is not None:
                await name(tx, account, role, staff_no, f"#/{role}_staff_no")
        await ask_branch(tx, account)
        told = {"tier": account.proposed_tier, "reason": command.reason}
        keep_fact(tx, account, "nominate", told, reason=command.reason)
        await tx.flush()
        out = await shapes.alone(tx, account, reader.actions, reader.language)
        return tx.answer(out, location=f"/v1/key-accounts/{account.id}", version=account.version)


async def _write(tx: Transaction, customer: Customer, command: NominateKeyAccount) -> KeyAccount:
    scheme = await queries.scheme(tx)
    figures = await queries.figures(tx, customer.id, command.other_premium or Decimal(0))
    tier = rules.tier_for(scheme, figures, command.tier, command.brand_value)
    account = KeyAccount(
        id=uuid7(), version=1, org_path=customer.org_path, customer_id=customer.id,
        status=str(KeyAccountStatus.NOMINATED), proposed_tier=tier, proposal="nominate",
        criteria=criteria(scheme, figures, command.other_premium, command.brand_value), reason=command.reason,
        nominated_by=tx.actor.person_id, proposed_by=tx.actor.person_id,
    )  # fmt: skip
    tx.add(account)
    await tx.flush()
    return account


def criteria(
    scheme: rules.Scheme, figures: rules.Figures, other_premium: Decimal | None, by_name: bool
) -> dict[str, Any]:
    """What the figures are, which criteria hold, and what was stated beside what is kept here."""
    reached = scheme.reached(figures)
    stated = {} if other_premium is None else {"other_premium": yuan(other_premium)}
    met = reached.met_by(figures) if reached is not None else []
    return {**figures.shown(), "met": [*met, *(["brand_value"] if by_name else [])], **stated}


async def ask_branch(tx: Transaction, account: KeyAccount) -> None:
    """The head of the branch's department decides; head office where the customer lies at no branch."""
    units = await directory.units_on_path(tx, account.org_path)
    unit = next((one.code for one in units if one.level == "branch"), "00")
    await open_item(
        tx, DECIDE, account, Text("审批大客户提报", "Decide what is proposed for a key account"), number=None,
        unit_code=unit, position="department_head", href=f"/v1/key-accounts/{account.id}/approvals",
    )  # fmt: skip


def check_decide(actor: Actor, facts: KeyAccountFacts) -> None:
    """Something is proposed, and by somebody else."""
    account = facts.account
    if account.proposal is None:
        raise rules.NothingProposed()
    rules.refuse_outside(account.state, rules.PROPOSED)
    persons = (actor.person_id, actor.on_behalf_of or actor.person_id)
    rules.refuse_own(persons, (account.proposed_by, account.nominated_by if account.tier is None else None))


async def decide(
    db: Database, actor: Actor, key: RequestKey, account_id: UUID, version: int | None, command: DecideKeyAccount
) -> Answer:
    """Approve what was proposed, as it was proposed, or refuse it with the reason."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, account_id, version)
        check_decide(actor, facts)
        account, before, proposal = facts.account, facts.account.status, facts.account.proposal
        if command.decision == "refuse" and command.reason is None:
            raise ReasonRequired(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason"))
        if command.decision == "approve" and command.tier != account.proposed_tier:
            raise rules.TierNotProposed(proposed=account.proposed_tier or "-")
        await close_items(tx, account.id, DECIDE)
        await (_approve if command.decision == "approve" else _refuse)(tx, account, str(proposal))
        told = {
            "proposal": proposal, "decision": command.decision, "tier": account.tier, "reason": command.reason,
        }  # fmt: skip
        return await record(tx, account, "decide", told, before=before, reason=command.reason)


async def _approve(tx: Transaction, account: KeyAccount, proposal: str) -> None:
    tier, account.proposal, account.proposed_tier = account.proposed_tier, None, None
    if proposal == "exit":
        await end(tx, account)
        return
    account.approved_at = tx.now
    if proposal == "nominate":
        account.tier = tier
        account.advance(KeyAccountStatus.APPROVED)
        await activate(tx, account)
        return
    await next_review(tx, account)
    await close_items(tx, account.id)
    if proposal == "keep":
        account.advance(KeyAccountStatus.ACTIVE)
        return
    account.tier = tier
    account.advance(KeyAccountStatus.TIER_CHANGED)
    await tell(tx, account)
    await on_timeline(tx, account, "tier_changed", tier=tier)


async def _refuse(tx: Transaction, account: KeyAccount, proposal: str) -> None:
    """A nomination ends; what was proposed in a review leaves everything as it was, and the review is still due."""
    account.proposal, account.proposed_tier = None, None
    if proposal == "nominate":
        await end(tx, account)
    else:
        account.advance(KeyAccountStatus.ACTIVE)


ACTIONS: tuple[Action[KeyAccountFacts], ...] = (
    Action("decide", "POST", "/v1/key-accounts/{id}/approvals", "crm.key_account.approve", check_decide),
)
