"""How a key account is shown: who looks after it, what it is owed, its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from services.crm.customer.tables import Customer
from services.crm.dossier.queries import file_of
from services.crm.key_account import queries, rules
from services.crm.key_account.rules import Role, Scheme
from services.crm.key_account.schemas import (
    CandidateOut,
    KeyAccountFactOut,
    KeyAccountItem,
    KeyAccountOut,
    ObligationOut,
    PersonOut,
    RecordState,
    VisitOut,
)
from services.crm.key_account.tables import KeyAccount, KeyAccountFact, KeyAccountPerson, KeyAccountVisit
from shared.actions import Action, judged
from shared.clock import rfc3339
from shared.database import Transaction
from shared.masking import masked_name


def state(account: KeyAccount) -> RecordState:
    return RecordState(id=account.id, version=account.version, status=account.status)


def fact(row: KeyAccountFact, account: KeyAccount, staff_no: str) -> KeyAccountFactOut:
    """The answer to one act."""
    return KeyAccountFactOut(
        id=row.id, created_at=row.created_at, kind=row.kind, occurred_at=row.occurred_at, told=row.told,
        person={"person_id": str(row.person_id), "staff_no": staff_no}, key_account=state(account),
    )  # fmt: skip


_PLAIN = (
    "id", "version", "org_path", "created_at", "updated_at", "customer_id", "status", "tier", "proposal",
    "proposed_tier", "review_due_on", "active_from", "exited_at",
)  # fmt: skip


def _item(
    account: KeyAccount, customer: Customer, people: Sequence[KeyAccountPerson], scheme: Scheme
) -> KeyAccountItem:
    manager = next((one for one in people if one.role == Role.MANAGER and one.to_on is None), None)
    who = None if manager is None else {"person_id": str(manager.person_id), "staff_no": manager.staff_no}
    return KeyAccountItem(
        **{name: getattr(account, name) for name in _PLAIN}, manager=who,
        customer_name=masked_name(customer.name) if customer.name else None,
        green_channel=account.state in rules.SERVED and account.tier in scheme.green_channel,
        masked=["customer_name"] if customer.name else [],
    )  # fmt: skip


async def items(tx: Transaction, rows: Sequence[KeyAccount]) -> list[KeyAccountItem]:
    """These key accounts with their managers and masked names."""
    people = await queries.people_of(tx, [one.id for one in rows])
    wanted = select(Customer).where(Customer.id.in_([one.customer_id for one in rows]))
    customers = {one.id: one for one in await tx.scalars(wanted)}
    scheme = await queries.scheme(tx)
    return [_item(one, customers[one.customer_id], people.get(one.id, ()), scheme) for one in rows]


def _person(row: KeyAccountPerson) -> PersonOut:
    return PersonOut(
        role=row.role, person_id=row.person_id, staff_no=row.staff_no, from_on=row.from_on, to_on=row.to_on
    )


def _visit(row: KeyAccountVisit) -> VisitOut:
    return VisitOut(
        id=row.id, level=row.level, person={"person_id": str(row.person_id), "staff_no": row.staff_no},
        visited_at=row.visited_at, year=row.year, summary=row.summary,
    )  # fmt: skip


def obligations(scheme: Scheme, year: int, done: Mapping[str, int]) -> list[ObligationOut]:
    """What the heads of the levels owe in the year, and what they did."""
    return [
        ObligationOut(level=level, year=year, needed=needed, done=done.get(level, 0))
        for level, needed in scheme.visits.items()
    ]


def _done(row: KeyAccountFact) -> dict[str, Any]:
    person = {"person_id": str(row.person_id)} | ({"staff_no": row.staff_no} if row.staff_no else {})
    return {"kind": row.kind, "occurred_at": rfc3339(row.occurred_at), "person": person, "told": row.told}


async def alone(
    tx: Transaction, account: KeyAccount, actions: tuple[Action[queries.KeyAccountFacts], ...], language: str
) -> KeyAccountOut:
    """The key account read singly."""
    [shown] = await items(tx, [account])
    people = (await queries.people_of(tx, [account.id])).get(account.id, [])
    scheme, year = await queries.scheme(tx), tx.now.year
    held = [one.role for one in people if one.to_on is None]
    return KeyAccountOut(
        **shown.model_dump(), criteria=account.criteria, reason=account.reason,
        people=[_person(one) for one in people], missing=[str(one) for one in rules.missing_roles(held)],
        visits=[_visit(one) for one in await queries.visits_of(tx, account.id)],
        obligations=obligations(scheme, year, await queries.visits_done(tx, account.id, year)),
        file=await file_of(tx, account.customer_id),
        facts=[_done(row) for row in await queries.facts_told(tx, account.id)],
        available_actions=judged(actions, tx.actor, queries.facts_of(tx, account), account.id, language),
    )  # fmt: skip


async def candidates(tx: Transaction, at_most: int) -> list[CandidateOut]:
    """Who would be a key account by the criteria of today."""
    scheme, found = await queries.scheme(tx), []
    for customer, figures in await queries.possible(tx):
        tier = scheme.reached(figures)
        if tier is None:
            continue
        name = masked_name(customer.name) if customer.name else None
        out = CandidateOut(
            customer_id=customer.id, customer_name=name, unit_code=customer.unit_code, tier=tier.name,
            met=tier.met_by(figures), **figures.shown(),
        )  # fmt: skip
        found.append(out)
    return found[:at_most]


async def plain_values(tx: Transaction, account: KeyAccount) -> dict[str, str | None]:
    """What a reveal of a key account can show."""
    customer = await tx.find(Customer, account.customer_id)
    return {"customer_name": customer.name}
