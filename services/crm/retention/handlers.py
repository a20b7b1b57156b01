"""Freeze on request, release when the customer comes back, erase when nothing keeps the data any more."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, update

from services.crm.customer import queries as customers
from services.crm.customer import rules as customer_rules
from services.crm.customer import shapes
from services.crm.customer.queries import CustomerFacts
from services.crm.customer.tables import Customer, CustomerContact, CustomerFreeze, CustomerVersion
from services.crm.retention import queries, rules
from services.crm.retention.schemas import EndFreeze, FreezeCustomer, FreezeEndedOut, FreezeFactOut
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7

ERASED = "—"


def check_freeze(_actor: Actor, facts: CustomerFacts) -> None:
    """Whether the request can be written down: the record is live and not frozen already."""
    customer_rules.refuse_merged(facts.customer.merged_into)
    customer_rules.refuse_frozen(facts.customer.frozen, facts.freeze and facts.freeze.keep_until)


def check_end(_actor: Actor, facts: CustomerFacts) -> None:
    """Whether there is a freeze that could end."""
    rules.refuse_not_frozen(facts.freeze is not None)


async def freeze_customer(
    db: Database, actor: Actor, key: RequestKey, customer_id: UUID, version: int | None, command: FreezeCustomer
) -> Answer:
    """From now on the data are stored and protected, and nothing else is done with them (PIPL art. 47)."""
    async with db.transaction(actor, key) as tx:
        customer = await tx.find_for_change(Customer, customer_id, version)
        check_freeze(actor, await customers.facts_of(tx, customer))
        requested_at = command.requested_at or tx.now
        rules.check_requested(requested_at, tx.now)
        life = await queries.life_of(tx, customer.id)
        kept = rules.keeping(life, await queries.years(tx), legal_day(tx.now))
        grounds = {name: day.isoformat() for name, day in kept.grounds.items()}
        row = CustomerFreeze(
            id=uuid7(), created_at=tx.now, customer_id=customer.id, org_path=customer.org_path,
            requested_at=requested_at, reason=command.reason, keep_until=kept.until,
            grounds=grounds | {"open": dict(life.open)}, person_id=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        customer.frozen = True
        tx.note("freeze", customer, after={"keep_until": kept.until, "grounds": grounds})
        out = FreezeFactOut(
            id=row.id, created_at=tx.now, keep_until=kept.until, grounds=dict(kept.grounds), open=dict(life.open),
            customer=shapes.state_of(customer),
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/customers/{customer.id}", version=customer.version)


async def release_customer(
    db: Database, actor: Actor, key: RequestKey, customer_id: UUID, version: int | None, command: EndFreeze
) -> Answer:
    """The customer takes the request back, or comes to us again."""
    async with db.transaction(actor, key) as tx:
        customer = await tx.find_for_change(Customer, customer_id, version)
        facts = await customers.facts_of(tx, customer)
        check_end(actor, facts)
        _end(tx, customer, facts, command.reason)
        tx.note("release", customer, after={"frozen": False}, reason=command.reason)
        return _answer(tx, customer, facts)


async def erase_customer(
    db: Database, actor: Actor, key: RequestKey, customer_id: UUID, version: int | None, command: EndFreeze
) -> Answer:
    """Nothing keeps the data any more: a second person removes whatever tells who the customer was."""
    async with db.transaction(actor, key) as tx:
        customer = await tx.find_for_change(Customer, customer_id, version)
        facts = await customers.facts_of(tx, customer)
        check_end(actor, facts)
        kept = rules.keeping(await queries.life_of(tx, customer.id), await queries.years(tx), legal_day(tx.now))
        asked_by = facts.freeze.person_id if facts.freeze else actor.person_id
        rules.may_erase(kept, legal_day(tx.now), {actor.person_id, actor.on_behalf_of or actor.person_id}, asked_by)
        await _erase(tx, customer)
        _end(tx, customer, facts, command.reason)
        tx.note("erase", customer, after={"erased": True}, reason=command.reason)
        return _answer(tx, customer, facts)


async def _erase(tx: Transaction, customer: Customer) -> None:
    for name in ("id_type", "id_no", "id_digest", "phone", "phone_digest", "email", "address", "note"):
        setattr(customer, name, None)
    customer.name = ERASED
    await tx.execute(delete(CustomerContact).where(CustomerContact.customer_id == customer.id))
    stated = update(CustomerVersion).where(CustomerVersion.customer_id == customer.id)
    await tx.execute(stated.values(content={"erased": True}))


def _end(tx: Transaction, customer: Customer, facts: CustomerFacts, reason: str) -> None:
    if facts.freeze is not None:
        facts.freeze.released_at, facts.freeze.released_by = tx.now, tx.actor.person_id
        facts.freeze.release_reason = reason
    customer.frozen = False


def _answer(tx: Transaction, customer: Customer, facts: CustomerFacts) -> Answer:
    found = facts.freeze.id if facts.freeze else uuid7()
    out = FreezeEndedOut(id=found, created_at=tx.now, customer=shapes.state_of(customer))
    return tx.answer(out, location=f"/v1/customers/{customer.id}", version=customer.version)


ACTIONS: tuple[Action[CustomerFacts], ...] = (
    Action("freeze", "POST", "/v1/customers/{id}/freezes", "crm.customer.freeze", check_freeze),
    Action("release", "POST", "/v1/customers/{id}/releases", "crm.customer.freeze", check_end),
    Action("erase", "POST", "/v1/customers/{id}/erasures", "crm.customer.erase", check_end),
)
