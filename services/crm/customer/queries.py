"""Reading customers: the list, the search by digests, contacts, assignments; and who serves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, or_, select

from services.crm.customer import rules
from services.crm.customer.tables import Customer, CustomerAssignment, CustomerConsent, CustomerContact, CustomerFreeze
from services.crm.reference.tables import ClaimReference, ComplaintReference, KeptOut, PolicyReference, RecordReference
from shared import directory
from shared.authority import Unit, covers
from shared.clock import legal_day
from shared.database import Transaction
from shared.directory import directory_units
from shared.errors import ReferenceNotFound
from shared.masking import keyed_digest
from shared.pagination import Filter, Listing


def _with_reference(condition: Any) -> Any:
    return exists().where(RecordReference.customer_id == Customer.id, condition)


def _with_policy(policy_no: str) -> Any:
    ids = select(PolicyReference.policy_id).where(PolicyReference.policy_no == policy_no)
    return _with_reference(RecordReference.record_id.in_(ids))


def _with_claim(claim_no: str) -> Any:
    ids = select(ClaimReference.claim_id).where(ClaimReference.claim_no == claim_no)
    return _with_reference(RecordReference.record_id.in_(ids))


CUSTOMERS = Listing(
    model=Customer,
    filters={
        "kind": Filter(Customer.kind),
        "core_no": Filter(Customer.core_no),
        "known": Filter(Customer.known, bool),
        "team_code": Filter(Customer.team_code),
        "area_code": Filter(Customer.area_code),
        "manager_person_id": Filter(Customer.manager_id, UUID),
        "assignee_person_id": Filter(Customer.manager_id, UUID),
        "customer_id": Filter(Customer.id, UUID),
        "key_account_tier": Filter(Customer.key_account_tier),
    },
    conditions={"policy_no": _with_policy, "claim_no": _with_claim},
    search=(Customer.core_no,),
    sorts={"core_no": Customer.core_no, "updated_at": Customer.updated_at},
)


@dataclass(frozen=True)
class CustomerFacts:
    """What an action on a customer is judged by."""

    customer: Customer
    freeze: CustomerFreeze | None = None


def personal_conditions(wanted: Mapping[str, str], blind_key: bytes) -> list[Any]:
    """SQL conditions for what a search says of a person; numbers are compared by their digests."""
    found: list[Any] = []
    if "name" in wanted:
        prefix = wanted["name"].replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        found.append(Customer.name.like(f"{prefix}%"))
    if "id_no" in wanted:
        found.append(Customer.id_digest == id_digest(blind_key, wanted["id_no"]))
    if "phone" in wanted:
        found.append(Customer.phone_digest == phone_digest(blind_key, wanted["phone"]))
    if "email" in wanted:
        found.append(func.lower(Customer.email) == wanted["email"].lower())
    return found


def id_digest(blind_key: bytes, id_no: str | None) -> str | None:
    """The digest by which a number is found again, however it was typed; an old resident id is that of the new one."""
    return keyed_digest(blind_key, rules.full_resident_id(rules.normalised(id_no))) if id_no else None


def phone_digest(blind_key: bytes, phone: str | None) -> str | None:
    return keyed_digest(blind_key, rules.plain_phone(phone)) if phone else None


async def contacts_of(tx: Transaction, customer_id: UUID) -> Sequence[CustomerContact]:
    """Contacts, those of the core system first."""
    statement = select(CustomerContact).where(CustomerContact.customer_id == customer_id)
    return await tx.scalars(statement.order_by(CustomerContact.source, CustomerContact.position, CustomerContact.id))


async def assignments_of(tx: Transaction, customer_id: UUID) -> Sequence[CustomerAssignment]:
    """Who served the customer when, the newest first."""
    statement = select(CustomerAssignment).where(CustomerAssignment.customer_id == customer_id)
    return await tx.scalars(statement.order_by(CustomerAssignment.from_at.desc(), CustomerAssignment.id.desc()))


async def complaints_open(tx: Transaction, customer_id: UUID) -> int:
    """Complaints of the customer that are neither decided nor withdrawn, and that the caller need not stay out of."""
    caller = [str(one) for one in (tx.actor.person_id, tx.actor.on_behalf_of) if one]
    hidden = select(KeptOut.record_id).where(KeptOut.person_id.in_(caller))
    mine = select(RecordReference.record_id).where(
        RecordReference.kind == "complaint", RecordReference.customer_id == customer_id
    )
    running = select(func.count()).select_from(ComplaintReference)
    running = running.where(ComplaintReference.complaint_id.in_(mine), ComplaintReference.outcome.is_(None))
    running = running.where(ComplaintReference.complaint_id.not_in(hidden))
    return await tx.scalar(running.where(ComplaintReference.withdrawn.is_(False)))


async def possible_duplicates(tx: Transaction, customer: Customer) -> list[tuple[UUID, list[str]]]:
    """Other live customers in the caller's scope with the same number or phone."""
    same = [
        (name, column == value)
        for name, column, value in (
            ("id_no", Customer.id_digest, customer.id_digest),
            ("phone", Customer.phone_digest, customer.phone_digest),
        )
        if value is not None
    ]
    if not same:
        return []
    others = select(Customer).where(
        or_(*(condition for _, condition in same)), Customer.id != customer.id, Customer.merged_into.is_(None)
    )
    rows = await tx.scalars(others.order_by(Customer.created_at).limit(20))
    return [(row.id, _matched(customer, row)) for row in rows]


def _matched(one: Customer, other: Customer) -> list[str]:
    pairs = (("id_no", one.id_digest, other.id_digest), ("phone", one.phone_digest, other.phone_digest))
    return [name for name, a, b in pairs if a is not None and a == b]


@dataclass(frozen=True)
class Serving:
    """Who is to serve a customer, as far as it is known here; what is not known is named in `pending`."""

    unit: Unit | None
    team_unit_code: str | None
    manager_id: UUID | None
    manager_unit_code: str | None
    unit_areas: tuple[str, ...]
    pending: tuple[tuple[str, str], ...]


async def serving(tx: Transaction, unit_code: str, team_code: str | None, manager_staff_no: str | None) -> Serving:
    """Look up unit, team and manager by their codes."""
    unit = await directory.unit_by_code(tx, unit_code)
    team_unit = await _unit_of_team(tx, team_code, unit_code)
    manager = await directory.person_of_staff_no(tx, manager_staff_no) if manager_staff_no else None
    stated = (
        ("unit", unit_code, unit is not None),
        ("team", team_code, team_unit is not None),
        ("manager", manager_staff_no, manager is not None),
    )
    areas = await tx.scalar(select(directory_units.c.area_codes).where(directory_units.c.code == unit_code))
    return Serving(
        unit=unit, team_unit_code=team_unit, manager_id=manager,
        manager_unit_code=await _unit_of_manager(tx, manager, unit_code), unit_areas=tuple(areas or ()),
        pending=tuple((kind, value) for kind, value, found in stated if value and not found),
    )  # fmt: skip


async def _unit_of_team(tx: Transaction, team_code: str | None, wanted: str) -> str | None:
    if team_code is None:
        return None
    statement = select(directory_units.c.code).where(directory_units.c.teams.contains([{"team_code": team_code}]))
    codes = await tx.scalars(statement.order_by(directory_units.c.code))
    return wanted if wanted in codes else next(iter(codes), None)


async def _unit_of_manager(tx: Transaction, manager: UUID | None, wanted: str) -> str | None:
    if manager is None:
        return None
    codes = [row["unit_code"] for row in await directory.appointments(tx, person_id=manager)]
    return wanted if wanted in codes else next(iter(codes), None)


@dataclass(frozen=True)
class Allowed:
    """A unit in the caller's scope, and the manager, who are to serve."""

    path: str
    manager_id: UUID | None


async def allowed_to_serve(
    tx: Transaction, unit_code: str, team_code: str | None, staff_no: str | None, area_code: str | None
) -> Allowed:
    """Who is named to serve, refused (422) where the caller does not see the unit or the three do not fit together."""
    found = await serving(tx, unit_code, team_code, staff_no)
    if found.unit is None or not covers(found.unit.path, tx.actor.scope):
        raise ReferenceNotFound.at("#/unit_code")
    pointers = {"team": "#/team_code", "manager": "#/manager_staff_no"}
    for kind, _ in found.pending:
        raise ReferenceNotFound.at(pointers[kind])
    given = rules.Assignment(unit_code, found.team_unit_code, found.manager_unit_code, area_code, found.unit.kind)
    rules.check_assignment(given, found.unit_areas, open_assignments=0)
    return Allowed(found.unit.path, found.manager_id)


async def facts_of(tx: Transaction, customer: Customer) -> CustomerFacts:
    """The facts that actions on a customer are judged by."""
    freeze = await freeze_of(tx, customer.id) if customer.frozen else None
    return CustomerFacts(customer, freeze)


async def freeze_of(tx: Transaction, customer_id: UUID) -> CustomerFreeze | None:
    """The freeze that holds."""
    held = select(CustomerFreeze).where(CustomerFreeze.customer_id == customer_id)
    return await tx.scalar(held.where(CustomerFreeze.released_at.is_(None)))


async def consents_of(tx: Transaction, customer_id: UUID) -> Sequence[CustomerConsent]:
    """Every statement, the oldest first."""
    statement = select(CustomerConsent).where(CustomerConsent.customer_id == customer_id)
    return await tx.scalars(statement.order_by(CustomerConsent.given_at, CustomerConsent.id))


async def reason_not_to_contact(tx: Transaction, customer: Customer, purpose: str, channel: str | None) -> str | None:
    """Why the customer is not to be contacted for this purpose on this channel: `frozen`, `do_not_contact` or None.

    What a contract or a law obliges us to tell is no such purpose and asks nobody.
    """
    if customer.frozen:
        return "frozen"
    said = [
        rules.Said(one.purpose, one.channel, one.granted, one.given_at, one.until_on)
        for one in await consents_of(tx, customer.id)
    ]
    allowed = rules.may_contact(said, purpose, channel, legal_day(tx.now))
    return None if allowed else "do_not_contact"
