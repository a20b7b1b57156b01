"""Whose an enquiry is: by its policy, by its customer, by the unit named, by whoever takes it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select

from services.crm.customer.queries import id_digest, phone_digest
from services.crm.customer.rules import plain_phone
from services.crm.customer.tables import Customer, CustomerContact
from services.crm.enquiry.schemas import Identity, RegisterEnquiry
from services.crm.reference.tables import ClaimReference, PolicyReference, RecordReference
from shared import directory
from shared.authority import Unit, covers
from shared.database import Transaction
from shared.errors import ReferenceNotFound


@dataclass(frozen=True)
class Place:
    """Where the enquiry goes, and what is known of what it is about."""

    unit: Unit
    policy: PolicyReference | None
    customer_id: UUID | None


async def place(tx: Transaction, command: RegisterEnquiry) -> Place:
    """The handling unit: that of the policy or claim; else that of the customer named; else the unit named; else the
    caller's where it operates; else the desk of his branch.

    A customer or unit that is named must be in the caller's scope (422); a policy or claim may lie anywhere.
    """
    policy = await _policy(tx, command.policy_no)
    record_id = policy.policy_id if policy is not None else await _claim(tx, command.claim_no)
    owner = None if record_id is None else await _reference(tx, record_id)
    if owner is not None:
        unit = await directory.unit_by_code(tx, await _serving(tx, owner) or owner.path.rpartition(".")[2])
        return Place(unit or await _own(tx), policy, owner.customer_id)
    if command.customer_id is not None:
        customer = await tx.scalar(select(Customer).where(Customer.id == command.customer_id))
        if customer is None:
            raise ReferenceNotFound.at("#/customer_id")
        unit = await directory.unit_by_code(tx, customer.unit_code)
        return Place(unit or await _own(tx), policy, customer.merged_into or customer.id)
    if command.unit_code is not None:
        unit = await directory.unit_by_code(tx, command.unit_code)
        if unit is None or (_branch(unit.path) != _branch(tx.actor.scope) and tx.actor.scope != "00"):
            raise ReferenceNotFound.at("#/unit_code")
        return Place(unit, policy, None)
    return Place(await _own(tx), policy, None)


def _branch(path: str) -> str:
    return ".".join(path.split(".")[:2])


async def _own(tx: Transaction) -> Unit:
    unit = await directory.unit_by_code(tx, tx.actor.unit_code)
    if unit is None:
        raise ReferenceNotFound.at("#/unit_code")
    return unit


async def _policy(tx: Transaction, policy_no: str | None) -> PolicyReference | None:
    if policy_no is None:
        return None
    return await tx.scalar(select(PolicyReference).where(PolicyReference.policy_no == policy_no))


async def _claim(tx: Transaction, claim_no: str | None) -> UUID | None:
    if claim_no is None:
        return None
    return await tx.scalar(select(ClaimReference.claim_id).where(ClaimReference.claim_no == claim_no))


async def _reference(tx: Transaction, record_id: UUID) -> RecordReference | None:
    return await tx.scalar(select(RecordReference).where(RecordReference.record_id == record_id))


async def _serving(tx: Transaction, owner: RecordReference) -> str | None:
    """The unit that serves the customer, who is looked for wherever he is."""
    if owner.customer_id is None:
        return None
    await tx.use_scope("00")
    found = await tx.scalar(select(Customer.unit_code).where(Customer.id == owner.customer_id))
    await tx.use_scope(tx.actor.scope)
    return found


async def identity_matches(tx: Transaction, customer_id: UUID, stated: Identity, blind_key: bytes) -> bool:
    """Whether everything stated is that of the customer, the phone also that of somebody to speak to there."""
    await tx.use_scope("00")
    conditions = []
    if stated.id_no:
        conditions.append(Customer.id_digest == id_digest(blind_key, stated.id_no))
    if stated.phone:
        contact = select(CustomerContact.customer_id).where(CustomerContact.phone.in_(_written(stated.phone)))
        own = Customer.phone_digest == phone_digest(blind_key, stated.phone)
        conditions.append(or_(own, Customer.id.in_(contact)))
    known = select(Customer.id).where(Customer.id == customer_id, *conditions)
    found = bool(conditions) and await tx.scalar(known) is not None
    await tx.use_scope(tx.actor.scope)
    return found


def _written(phone: str) -> list[str]:
    return list(dict.fromkeys((phone, plain_phone(phone))))


def in_scope(unit: Unit, scope: str) -> bool:
    return covers(unit.path, scope)
