"""How policies are shown: status by the clock, persons masked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.policy.policy import queries, rules, schemas
from services.policy.policy.tables import InsuredPerson, Policy
from shared.database import Transaction
from shared.masking import masked_id_no, masked_name


def status_of(policy: Policy, now: datetime) -> str:
    """What the policy is at this moment."""
    stated = rules.PolicyStatus(policy.stated_status)
    return str(
        rules.status_at(
            now, starts_at=policy.starts_at, ends_at=policy.ends_at, stated=stated, ended_at=policy.ended_at,
            exhausted=policy.exhausted,
        )
    )  # fmt: skip


def _row(policy: Policy, now: datetime) -> dict[str, Any]:
    held = {name: getattr(policy, name) for name in schemas.PolicyItem.model_fields if name != "status"}
    return {**held, "status": status_of(policy, now)}


def item(policy: Policy, now: datetime) -> schemas.PolicyItem:
    """The policy in a list."""
    return schemas.PolicyItem(**_row(policy, now))


def alone(policy: Policy, now: datetime, marks: dict[str, int] | None = None) -> schemas.PolicyOut:
    """The policy read singly, with what is open about it; what is done to it comes by applications, or from its master
    system, so there is nothing to do here.
    """
    return schemas.PolicyOut(
        **_row(policy, now), cover=policy.cover, exclusions=policy.exclusions, marks=marks or {}, available_actions=[]
    )


def person(row: InsuredPerson) -> schemas.InsuredPersonOut:
    """Somebody on the list, recognisable and not usable."""
    return schemas.InsuredPersonOut(
        ref=row.ref, name=masked_name(row.name), id_type=row.id_type, id_no=masked_id_no(row.id_no),
        occupation_class=row.occupation_class, covered_from=row.covered_from, covered_to=row.covered_to,
        sum_insured=row.sum_insured,
    )  # fmt: skip


def hit(policy: Policy, row: InsuredPerson | None, now: datetime) -> schemas.PolicyHit:
    """One hit of a search."""
    return schemas.PolicyHit(
        id=policy.id, policy_no=policy.policy_no, product=policy.product, line=policy.line,
        status=status_of(policy, now), unit_code=policy.unit_code, insured_ref=None if row is None else row.ref,
        insured_name=None if row is None else masked_name(row.name),
    )  # fmt: skip


def limits(policy: Policy, left: Sequence[rules.Remaining]) -> schemas.RemainingLimitsOut:
    """What is left of the limits that wear down over the term."""
    items = [
        schemas.RemainingOut(
            limit_name=one.limit_name, ref=one.ref, limit=one.limit, used=one.used, remaining=one.remaining,
            overrun=one.overrun,
        )
        for one in left
    ]  # fmt: skip
    return schemas.RemainingLimitsOut(policy_id=policy.id, policy_version=policy.policy_version, items=items)


async def plain_values(tx: Transaction, policy: Policy) -> dict[str, str | None]:
    """What a reveal of a policy can show: name and number of a listed person, by reference."""
    values: dict[str, str | None] = {}
    for row in await queries.insured_persons(tx, policy):
        values |= {f"insured_persons.{row.ref}.name": row.name, f"insured_persons.{row.ref}.id_no": row.id_no}
    return values
