"""Granting a service, carrying it out, and having it confirmed by the customer."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from services.crm.customer.rules import refuse_merged
from services.crm.customer.tables import Customer
from services.crm.figure.handlers import tell_here
from services.crm.service_grant import queries, rules, shapes
from services.crm.service_grant.queries import GrantFacts
from services.crm.service_grant.rules import GrantStatus
from services.crm.service_grant.schemas import ConfirmGrant, GrantFactOut, GrantRequest
from services.crm.service_grant.tables import ServiceGrant
from services.crm.service_item.queries import bar
from services.crm.service_item.rules import GiftTooValuable
from services.crm.service_item.tables import ServiceItem
from shared.actions import Action
from shared.actor import Actor
from shared.calendar import DAY, BusinessCalendar
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture, ReferenceNotFound, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import yuan
from shared.rule_sets import in_force
from shared.work_items import close_items, open_item

FULFIL, CONFIRM = "fulfil_service", "confirm_service"
_FOR_BUYING = ("purchase", "renewal")


class For(NamedTuple):
    """For whom an answer is shaped."""

    actions: tuple[Action[GrantFacts], ...]
    language: str


async def grant_service(db: Database, actor: Actor, key: RequestKey, command: GrantRequest, reader: For) -> Answer:
    """Grant a customer in scope a service of the catalogue: within his tier, the quota, and below the rebate bar."""
    async with db.transaction(actor, key) as tx:
        if command.occasion in _FOR_BUYING:
            raise rules.TiedToPurchase()
        item = await tx.scalar(select(ServiceItem).where(ServiceItem.id == command.item_id))
        if item is None:
            raise ReferenceNotFound.at("#/item_id")
        customer = await tx.scalar(select(Customer).where(Customer.id == command.customer_id))
        if customer is None:
            raise ReferenceNotFound.at("#/customer_id")
        refuse_merged(customer.merged_into)
        rules.check_day(command.planned_on, item.valid_from, item.valid_to)
        rules.check_tier(customer.key_account_tier, item.eligible_tiers)
        await queries.hold(tx, customer.id)
        grant = await _write(tx, item, customer, command)
        await _ask(tx, grant, FULFIL, Text("办理附加服务", "Carry out a value-added service"))
        after = {"item": item.code, "quantity": grant.quantity, "planned_cost": yuan(grant.planned_cost)}
        tx.note("grant", grant, after={"status": grant.status, **after})
        out = await shapes.alone(tx, grant, reader.actions, reader.language)
        return tx.answer(out, location=f"/v1/service-grants/{grant.id}", version=grant.version)


async def _write(tx: Transaction, item: ServiceItem, customer: Customer, command: GrantRequest) -> ServiceGrant:
    year, tier = command.planned_on.year, customer.key_account_tier
    quota = item.yearly_quota.get(tier) if tier is not None else None
    rules.check_quota(quota, await queries.used(tx, item.id, customer.id, year), command.quantity, year)
    planned = item.unit_cost * command.quantity
    most = await queries.at_most(tx, customer.id)
    rules.check_bar(most, await queries.booked(tx, customer.id, year), planned)
    due_at = None
    if item.sla_working_days is not None:
        calendar = (await in_force(tx, "calendars")).parsed(BusinessCalendar.from_content)
        due_at = at_midnight(calendar.add_working_days(command.planned_on, item.sla_working_days) + DAY)
    grant = ServiceGrant(
        id=uuid7(), version=1, org_path=customer.org_path, item_id=item.id, customer_id=customer.id,
        status=str(GrantStatus.REQUESTED), tier=tier, year=year, quantity=command.quantity, planned_cost=planned,
        purpose=command.purpose, planned_on=command.planned_on, due_at=due_at, requested_by=tx.actor.person_id,
    )  # fmt: skip
    tx.add(grant)
    await tx.flush()
    return grant


async def _ask(tx: Transaction, grant: ServiceGrant, kind: str, title: Text) -> None:
    await open_item(
        tx, kind, grant, title, number=None, unit_code=grant.org_path.rpartition(".")[2], position="service_agent",
        due_at=grant.due_at, href=f"/v1/service-grants/{grant.id}/confirmations",
    )  # fmt: skip


def check_confirm(_actor: Actor, facts: GrantFacts) -> None:
    """Whether there is a step left."""
    if facts.grant.state is GrantStatus.CONFIRMED:
        rules.advance(GrantStatus.CONFIRMED, GrantStatus.CONFIRMED)


async def confirm_service(
    db: Database, actor: Actor, key: RequestKey, grant_id: UUID, version: int | None, command: ConfirmGrant
) -> Answer:
    """Say that it was carried out, with its cost; then that the customer confirmed it."""
    async with db.transaction(actor, key) as tx:
        grant = await tx.find_for_change(ServiceGrant, grant_id, version)
        before = grant.status
        if command.on > legal_day(tx.now):
            raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/on"))
        grant.advance(GrantStatus(command.step))
        await (_fulfil if command.step == "fulfilled" else _confirm)(tx, grant, command)
        after = {"status": grant.status, "on": command.on.isoformat(), "score": grant.score}
        cost = {} if command.cost is None else {"cost": yuan(command.cost)}
        tx.note("confirm", grant, before={"status": before}, after={**after, **cost})
        out = GrantFactOut(
            id=uuid7(), created_at=tx.now, step=command.step, on=command.on, cost=grant.cost,
            service_grant=shapes.state(grant),
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/service-grants/{grant.id}", version=grant.version)


async def _fulfil(tx: Transaction, grant: ServiceGrant, command: ConfirmGrant) -> None:
    """The true cost is booked; it is held against the bar anew, and a gift against its worth."""
    cost = command.cost
    if cost is None:
        raise _missing("cost")
    await queries.hold(tx, grant.customer_id)
    item = (await queries.items_of(tx, [grant]))[grant.item_id]
    most = (await bar(tx)).gift_at_most
    if item.nature == "gift" and cost > most * grant.quantity:
        raise GiftTooValuable(at_most=f"{most:.2f}")
    spent = await queries.booked(tx, grant.customer_id, grant.year, without=grant.id)
    rules.check_bar(await queries.at_most(tx, grant.customer_id), spent, cost)
    grant.cost, grant.fulfilled_on, grant.fulfilled_by = cost, command.on, tx.actor.person_id
    await close_items(tx, grant.id)
    await _ask(tx, grant, CONFIRM, Text("请客户确认附加服务", "Have the customer confirm the service"))


async def _confirm(tx: Transaction, grant: ServiceGrant, command: ConfirmGrant) -> None:
    if command.confirmed_by is None:
        raise _missing("confirmed_by")
    if grant.fulfilled_on is not None and command.on < grant.fulfilled_on:
        words = Text("确认日期早于办理日期。", "It was confirmed before it was carried out.")
        raise ValidationFailed(Fault("confirmed_before_fulfilled", words, pointer="#/on"))
    grant.confirmed_on, grant.confirmed_by, grant.score = command.on, command.confirmed_by, command.score
    await close_items(tx, grant.id)
    customer = await tx.session.get(Customer, grant.customer_id)
    if customer is not None:
        about = ("service_grant", grant.id, grant.org_path)
        await tell_here(tx, customer, "crm.service.confirmed", about, item_id=grant.item_id, score=grant.score)


def _missing(name: str) -> ValidationFailed:
    return ValidationFailed(Fault("missing", Text("该步骤须填写此项。", "This step needs it."), pointer=f"#/{name}"))


ACTIONS: tuple[Action[GrantFacts], ...] = (
    Action("confirm", "POST", "/v1/service-grants/{id}/confirmations", "crm.service_grant.confirm", check_confirm),
)
