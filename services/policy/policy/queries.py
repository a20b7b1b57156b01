"""Reading policies: one, many, as at a day, what is left of the limits, what happened on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.policy.policy import rules
from services.policy.policy.schemas import SearchPolicies
from services.policy.policy.tables import InsuredPerson, LossRecord, Policy, PolicyVersion
from shared.clock import at_midnight
from shared.database import Transaction
from shared.errors import NotFound
from shared.masking import keyed_digest
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force

POLICIES = Listing(
    model=Policy,
    filters={
        "policy_no": Filter(Policy.policy_no),
        "customer_id": Filter(Policy.customer_id, UUID),
        "product": Filter(Policy.product),
        "line": Filter(Policy.line),
        "ends_at": Filter(Policy.ends_at, datetime, ranged=True),
        "starts_at": Filter(Policy.starts_at, datetime, ranged=True),
    },
    search=(Policy.policy_no,),
    sorts={"policy_no": Policy.policy_no, "ends_at": Policy.ends_at, "starts_at": Policy.starts_at},
)


async def product(tx: Transaction, code: str) -> dict[str, Any] | None:
    """What is known of a product, or None."""
    return (await in_force(tx, "products")).content["products"].get(code)


async def by_number(tx: Transaction, policy_no: str, *, lock: bool = False) -> Policy | None:
    """The policy with this number in the current scope."""
    statement = select(Policy).where(Policy.policy_no == policy_no)
    return await tx.scalar(statement.with_for_update() if lock else statement)


async def versions_of(tx: Transaction, policy_id: UUID) -> Sequence[PolicyVersion]:
    """Every version stored, by number."""
    statement = select(PolicyVersion).where(PolicyVersion.policy_id == policy_id)
    return await tx.scalars(statement.order_by(PolicyVersion.number))


async def version_on(tx: Transaction, policy_id: UUID, day: date) -> PolicyVersion | None:
    """The version that holds at the end of `day`; None before the first."""
    rows = await versions_of(tx, policy_id)
    found = rules.version_on([rules.Version(row.number, row.effective_at) for row in rows], day)
    return None if found is None else next(row for row in rows if row.number == found.number)


async def version_at(tx: Transaction, policy_id: UUID, moment: datetime) -> PolicyVersion | None:
    """The version that holds at `moment`; None before the first."""
    rows = await versions_of(tx, policy_id)
    found = rules.version_at([rules.Version(row.number, row.effective_at) for row in rows], moment)
    return None if found is None else next(row for row in rows if row.number == found.number)


async def version_then(tx: Transaction, policy_id: UUID, on: date | None, at: datetime | None) -> PolicyVersion:
    """The version at `at`, else at the end of `on`. Raises `NotFound` before the first."""
    if at is not None:
        found = await version_at(tx, policy_id, at)
    else:
        found = None if on is None else await version_on(tx, policy_id, on)
    if found is None:
        raise NotFound()
    return found


async def insured_persons(tx: Transaction, policy: Policy) -> Sequence[InsuredPerson]:
    """The newest list that some version brought; a version without one leaves the list as it was."""
    newest = select(InsuredPerson.number).where(InsuredPerson.policy_id == policy.id)
    number = await tx.scalar(newest.order_by(InsuredPerson.number.desc()).limit(1))
    statement = select(InsuredPerson).where(InsuredPerson.policy_id == policy.id, InsuredPerson.number == number)
    return await tx.scalars(statement.order_by(InsuredPerson.ref))


async def losses_of(tx: Transaction, policy_id: UUID) -> Sequence[LossRecord]:
    """Claims on the policy, the newest loss first; cancelled ones are no losses."""
    statement = select(LossRecord).where(LossRecord.policy_id == policy_id, LossRecord.cancelled.is_(False))
    return await tx.scalars(statement.order_by(LossRecord.loss_at.desc().nulls_last()))


async def remaining_limits(tx: Transaction, policy: Policy) -> list[rules.Remaining]:
    """What settled claims left of the limits that wear down over the term. A copy: the ledger is kept by claims."""
    used = [
        rules.LimitUsed(one["limit"], Decimal(one["amount"]), one.get("claimant_ref"))
        for loss in await losses_of(tx, policy.id)
        for one in loss.by_limit
    ]
    people = await insured_persons(tx, policy)
    sums = rules.sums_by_person([(one.ref, one.sum_insured) for one in people], policy.cover)
    return rules.remaining_limits(policy.line, policy.cover, sums, used)


SEARCH_LIMIT = 100


async def matching(
    tx: Transaction, criteria: SearchPolicies, digest_key: bytes
) -> list[tuple[Policy, InsuredPerson | None]]:
    """Policies in the current scope that fit every criterion given, with the listed person that was found by it.

    A number is compared by its keyed digest, a name as a whole. Without any criterion nothing is found.
    """
    by_person = criteria.insured_name is not None or criteria.id_no is not None
    if not by_person and criteria.policy_no is None:
        return []
    statement: Any = select(Policy, InsuredPerson) if by_person else select(Policy)
    if by_person:
        statement = statement.join(InsuredPerson, InsuredPerson.policy_id == Policy.id)
    if criteria.id_no is not None:
        statement = statement.where(InsuredPerson.id_digest == keyed_digest(digest_key, criteria.id_no))
    if criteria.insured_name is not None:
        statement = statement.where(InsuredPerson.name == criteria.insured_name)
    if criteria.policy_no is not None:
        statement = statement.where(Policy.policy_no == criteria.policy_no)
    if criteria.on is not None:
        day = at_midnight(criteria.on)
        statement = statement.where(Policy.starts_at < day + timedelta(days=1), Policy.ends_at > day)
    rows = await tx.execute(statement.order_by(Policy.id).limit(SEARCH_LIMIT))
    return [(row[0], row[1] if by_person else None) for row in rows]
