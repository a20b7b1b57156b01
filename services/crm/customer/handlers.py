"""What happens to a customer: heard of, entered, changed, given a contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.crm import events
from services.crm.customer import queries, rules, shapes
from services.crm.customer.queries import CustomerFacts
from services.crm.customer.schemas import (
    ChangeCustomer,
    ContactFactOut,
    ContactIn,
    RegisterCustomer,
)
from services.crm.customer.tables import Customer, CustomerAssignment, CustomerContact
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7


async def heard_of(tx: Transaction, customer_id: UUID, org_path: str) -> Customer:
    """The customer, his row locked, or the one he was merged into; made as a place holder where he is new here.

    `org_path` is where the record lies that speaks of him.
    """
    held = tx.remembered.get(("customer", customer_id))
    if held is None or held.merged_into is not None:
        held = await _locked(tx, customer_id)
        # None of ours and none to be seen: somebody else made him just now, and has committed.
        held = held or await _new_place_holder(tx, customer_id, org_path) or await _locked(tx, customer_id)
        if held is None:
            raise LookupError("a customer that is known lies outside the row scope")
        tx.remembered["customer", customer_id] = held
    return held


async def _locked(tx: Transaction, customer_id: UUID) -> Customer | None:
    for _ in range(8):
        found = await tx.scalar(select(Customer).where(Customer.id == customer_id).with_for_update())
        if found is None or found.merged_into is None:
            return found
        customer_id = found.merged_into
    raise LookupError("merged customers form a ring")


async def _new_place_holder(tx: Transaction, customer_id: UUID, org_path: str) -> Customer | None:
    row = {
        "id": customer_id, "version": 1, "org_path": org_path, "created_at": tx.now, "updated_at": tx.now,
        "known": False, "unit_code": org_path.rpartition(".")[2],
    }  # fmt: skip
    new = insert(Customer).values(**row).on_conflict_do_nothing(index_elements=["id"])
    return await tx.scalar(new.returning(Customer))


def tell(tx: Transaction, customer: Customer, before: tuple[Any, ...] | None) -> None:
    """Publish what the other services keep of a customer; `before` is `told_of` him earlier, None for a new one."""
    if not customer.known or customer.kind is None:
        return
    if before is None:
        tx.publish(
            events.CustomerRegistered(
                customer_id=customer.id, core_no=customer.core_no, kind=customer.kind, unit_code=customer.unit_code
            ),
            customer,
        )
    elif before != told_of(customer):
        tx.publish(
            events.CustomerChanged(
                customer_id=customer.id, core_no=customer.core_no, kind=customer.kind, unit_code=customer.unit_code,
                team_code=customer.team_code,
            ),
            customer,
        )  # fmt: skip


def told_of(customer: Customer) -> tuple[Any, ...]:
    """The part of a customer that the other services are told."""
    return (customer.unit_code, customer.team_code, customer.core_no, customer.kind)


def set_digests(customer: Customer, blind_key: bytes) -> None:
    """Bring the blind digests in line with the numbers."""
    customer.id_digest = queries.id_digest(blind_key, customer.id_no)
    customer.phone_digest = queries.phone_digest(blind_key, customer.phone)


def begin_serving(tx: Transaction, customer: Customer, source: str, reason: str | None = None) -> CustomerAssignment:
    """Keep since when unit, team and manager are the customer's, as his record says now."""
    row = CustomerAssignment(
        id=uuid7(), customer_id=customer.id, org_path=customer.org_path, unit_code=customer.unit_code,
        team_code=customer.team_code, manager_id=customer.manager_id, manager_staff_no=customer.manager_staff_no,
        from_at=tx.now, source=source, reason=reason, person_id=tx.actor.person_id,
    )  # fmt: skip
    tx.add(row)
    return row


async def register_customer(
    db: Database, actor: Actor, key: RequestKey, command: RegisterCustomer, blind_key: bytes, reader: shapes.For
) -> Answer:
    """Enter a customer whom the core system does not know; refused where the number belongs to somebody known."""
    async with db.transaction(actor, key) as tx:
        _check(command.model_dump(), [one.phone for one in command.contacts], tx)
        unit_code = command.unit_code or actor.unit_code
        found = await queries.allowed_to_serve(
            tx, unit_code, command.team_code, command.manager_staff_no, command.area_code
        )
        plain = command.model_dump(exclude={"unit_code", "team_code", "manager_staff_no", "contacts"}, mode="json")
        customer = Customer(
            **plain, id=uuid7(), version=1, known=True, core_version=0, unit_code=unit_code, org_path=found.path,
            team_code=command.team_code, manager_staff_no=command.manager_staff_no, manager_id=found.manager_id,
            channel_set_here=True,
        )  # fmt: skip
        set_digests(customer, blind_key)
        for other, matched in await queries.possible_duplicates(tx, customer):
            if "id_no" in matched:
                raise rules.CustomerKnown(customer_id=str(other))
        tx.add(customer)
        await tx.flush()
        begin_serving(tx, customer, "here")
        for n, one in enumerate(command.contacts):
            _add_contact(tx, customer, one, n)
        tell(tx, customer, None)
        tx.note("register", customer, after={"kind": customer.kind, "unit_code": customer.unit_code})
        await tx.flush()
        # a dry run leaves no customer behind: what could be done with him has no address yet
        out = await shapes.alone(tx, customer, reader._replace(actions=()) if tx.dry_run else reader)
        return tx.answer(out, location=f"/v1/customers/{customer.id}", version=customer.version)


def _check(values: Mapping[str, Any], contact_phones: list[str | None], tx: Transaction) -> None:
    id_type = values.get("id_type")
    given = rules.Identity(
        kind=rules.CustomerKind(values["kind"]), name=values.get("name") or "",
        id_type=None if id_type is None else rules.IdType(id_type), id_no=values.get("id_no"),
        phones=(values.get("phone"), *contact_phones),
    )  # fmt: skip
    rules.check_identity(given, legal_day(tx.now))


def check_change(_actor: Actor, facts: CustomerFacts) -> None:
    """Whether this customer may be changed at all."""
    rules.refuse_merged(facts.customer.merged_into)
    rules.refuse_frozen(facts.customer.frozen, facts.freeze and facts.freeze.keep_until)


async def change_customer(
    db: Database, actor: Actor, key: RequestKey, customer_id: UUID, version: int | None, patch: ChangeCustomer,
    blind_key: bytes, reader: shapes.For,
) -> Answer:  # fmt: skip
    """A merge patch of plain fields; what the core system states of its own customers stays."""
    async with db.transaction(actor, key) as tx:
        customer = await tx.find_for_change(Customer, customer_id, version)
        check_change(actor, await queries.facts_of(tx, customer))
        stated = patch.model_dump(mode="json")
        values = {name: stated[name] for name in patch.model_fields_set}
        changed = sorted(name for name, value in values.items() if getattr(customer, name) != value)
        rules.refuse_core_fields(changed, from_core=customer.core_no is not None or not customer.known)
        before = {name: getattr(customer, name) for name in changed if name not in rules.PERSONAL}
        told = told_of(customer)
        if set(changed) & rules.CORE_FIELDS:
            _check({name: getattr(customer, name) for name in rules.CORE_FIELDS} | values, [], tx)
        for name in changed:
            setattr(customer, name, values[name])
        customer.channel_set_here = customer.channel_set_here or "preferred_channel" in values
        set_digests(customer, blind_key)
        tell(tx, customer, told)
        after = {name: values[name] for name in changed if name not in rules.PERSONAL}
        tx.note("change", customer, before=before, after={**after, "changed": changed})
        await tx.flush()
        out = await shapes.alone(tx, customer, reader)
        return tx.answer(out, status=200, version=customer.version)


def _add_contact(tx: Transaction, customer: Customer, one: ContactIn, position: int) -> CustomerContact:
    row = CustomerContact(
        id=uuid7(), customer_id=customer.id, org_path=customer.org_path, source="here", position=position,
        created_at=tx.now, **one.model_dump(),
    )  # fmt: skip
    tx.add(row)
    return row


async def add_contact(
    db: Database, actor: Actor, key: RequestKey, customer_id: UUID, version: int | None, command: ContactIn
) -> Answer:
    """Somebody to speak to at the customer."""
    async with db.transaction(actor, key) as tx:
        customer = await tx.find_for_change(Customer, customer_id, version)
        check_change(actor, await queries.facts_of(tx, customer))
        rules.check_phone(command.phone)
        row = _add_contact(tx, customer, command, len(await queries.contacts_of(tx, customer.id)))
        tx.note("add_contact", customer, after={"role": command.role})
        out = ContactFactOut(id=row.id, created_at=tx.now, role=row.role, customer=shapes.state_of(customer))
        return tx.answer(out, location=f"/v1/customers/{customer.id}", version=customer.version)


ACTIONS: tuple[Action[CustomerFacts], ...] = (
    Action("change", "PATCH", "/v1/customers/{id}", "crm.customer.change", check_change),
    Action("add_contact", "POST", "/v1/customers/{id}/contacts", "crm.customer.add_contact", check_change),
)
