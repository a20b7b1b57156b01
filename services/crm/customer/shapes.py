"""How a customer is shown: personal values masked, actions judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.crm.customer import queries, rules
from services.crm.customer.schemas import (
    AssignmentOut,
    ConsentOut,
    ContactOut,
    CustomerItem,
    CustomerOut,
    CustomerState,
    FreezeOut,
    PossibleDuplicate,
)
from services.crm.customer.tables import Customer, CustomerAssignment, CustomerConsent, CustomerContact, CustomerFreeze
from shared.actions import Action, judged
from shared.clock import legal_day
from shared.database import Transaction
from shared.masking import masked_email, masked_id_no, masked_name, masked_phone, masked_text

MASKS: Mapping[str, Callable[[str], str]] = {
    "name": masked_name,
    "id_no": masked_id_no,
    "phone": masked_phone,
    "email": masked_email,
    "address": masked_text,
}


def masked(customer: Customer, *names: str) -> dict[str, Any]:
    """The named personal values, masked, and `masked` with the names of those that are there."""
    held = {name: value for name in names if (value := getattr(customer, name))}
    return {name: MASKS[name](value) for name, value in held.items()} | {"masked": list(held)}


def manager(row: Customer | CustomerAssignment) -> dict[str, str] | None:
    """The account manager as far as he is named: staff number, and the person where he is known."""
    if row.manager_staff_no is None:
        return None
    known = {} if row.manager_id is None else {"person_id": str(row.manager_id)}
    return {**known, "staff_no": row.manager_staff_no}


def _plain(customer: Customer) -> dict[str, Any]:
    names = (
        "id", "version", "org_path", "created_at", "updated_at", "core_no", "known", "kind", "area_code", "unit_code",
        "unit_pending", "team_code", "preferred_channel", "key_account_tier", "merged_into",
        "frozen",
    )  # fmt: skip
    return {name: getattr(customer, name) for name in names} | {"manager": manager(customer)}


def item(customer: Customer) -> CustomerItem:
    """The customer in a list."""
    return CustomerItem(**_plain(customer), **masked(customer, "name"))


def contact(row: CustomerContact) -> ContactOut:
    return ContactOut(
        id=row.id, role=row.role, source=row.source, name=masked_name(row.name),
        phone=masked_phone(row.phone) if row.phone else None, masked=["name", *(["phone"] if row.phone else [])],
    )  # fmt: skip


def assignment(row: CustomerAssignment) -> AssignmentOut:
    return AssignmentOut(
        unit_code=row.unit_code, team_code=row.team_code, manager=manager(row), from_at=row.from_at, to_at=row.to_at,
        source=row.source, reason=row.reason,
    )  # fmt: skip


def consent(row: CustomerConsent) -> ConsentOut:
    names = (
        "id", "purpose", "channel", "granted", "given_by", "given_at", "until_on", "source", "evidence", "text_version",
    )  # fmt: skip
    return ConsentOut(**{name: getattr(row, name) for name in names})


def holding(rows: Sequence[CustomerConsent], today: date) -> list[CustomerConsent]:
    """Of each purpose and channel the newest statement, unless its time is over; `rows` from the oldest on."""
    newest = {(row.purpose, row.channel or ""): row for row in rows}
    return [row for _, row in sorted(newest.items()) if row.until_on is None or row.until_on >= today]


def left_alone(rows: Sequence[CustomerConsent]) -> list[str]:
    return [row.purpose + (f".{row.channel}" if row.channel else "") for row in rows if not row.granted]


def _freeze(row: CustomerFreeze | None) -> FreezeOut | None:
    return None if row is None else FreezeOut(requested_at=row.requested_at, keep_until=row.keep_until)


def serving(customer: Customer) -> dict[str, Any]:
    """Unit, team and manager, as the history of the customer tells them."""
    names = ("unit_code", "team_code", "manager_staff_no")
    return {name: getattr(customer, name) for name in names}


def state_of(customer: Customer) -> CustomerState:
    return CustomerState(id=customer.id, version=customer.version)


def _doubt(customer: Customer, tx: Transaction) -> str | None:
    if not customer.id_no or customer.id_type not in set(rules.IdType):
        return None
    doubt = rules.doubt_about(rules.IdType(customer.id_type), customer.id_no, legal_day(tx.now))
    return None if doubt is None else doubt.code


class For(NamedTuple):
    """For whom an answer is shaped: the actions of all rooms, and the caller's language."""

    actions: tuple[Action[queries.CustomerFacts], ...]
    language: str


async def alone(tx: Transaction, customer: Customer, reader: For) -> CustomerOut:
    """The customer read singly."""
    people = [contact(row) for row in await queries.contacts_of(tx, customer.id)]
    hidden = masked(customer, "name", "id_no", "phone", "email", "address")
    hidden["masked"] += [f"contacts.{n}.{one}" for n, who in enumerate(people) for one in who.masked]
    facts = await queries.facts_of(tx, customer)
    said = holding(await queries.consents_of(tx, customer.id), legal_day(tx.now))
    return CustomerOut(
        **_plain(customer), **hidden, core_version=customer.core_version, id_type=customer.id_type,
        id_doubt=_doubt(customer, tx), note=customer.note, contacts=people,
        assignments=[assignment(row) for row in await queries.assignments_of(tx, customer.id)],
        consents=[consent(row) for row in said], do_not_contact=left_alone(said), freeze=_freeze(facts.freeze),
        complaints_open=await queries.complaints_open(tx, customer.id),
        possible_duplicates=await duplicates(tx, customer),
        available_actions=judged(reader.actions, tx.actor, facts, customer.id, reader.language),
    )  # fmt: skip


async def duplicates(tx: Transaction, customer: Customer) -> list[PossibleDuplicate]:
    """Who may be the same person or organisation, within the caller's scope."""
    found: list[tuple[UUID, list[str]]] = await queries.possible_duplicates(tx, customer)
    return [PossibleDuplicate(customer_id=other, matched_on=on) for other, on in found]


async def plain_values(tx: Transaction, customer: Customer) -> dict[str, str | None]:
    """What a reveal of a customer can show, by the path of the field; nothing while his data are only stored (409)."""
    if customer.frozen:
        held = await queries.freeze_of(tx, customer.id)
        rules.refuse_frozen(True, held and held.keep_until)
    values: dict[str, str | None] = {name: getattr(customer, name) for name in MASKS}
    for n, row in enumerate(await queries.contacts_of(tx, customer.id)):
        values |= {f"contacts.{n}.name": row.name, f"contacts.{n}.phone": row.phone}
    return values
