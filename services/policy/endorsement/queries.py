"""What a change does to the premium and to the insured list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from services.policy.application.tables import Application, ApplicationInsured
from services.policy.endorsement import rules
from services.policy.issue import queries as issue
from services.policy.policy import queries as policies
from services.policy.policy.tables import InsuredPerson, Policy
from services.policy.version.queries import as_insured
from services.policy.version.schemas import Insured
from shared.clock import legal_day
from shared.database import Transaction


@dataclass(frozen=True)
class Changed:
    """What becomes of the policy: cover, end, list and count; None where it stays."""

    cover: dict[str, Any] | None
    ends_at: datetime | None
    people: list[Insured] | None
    insured_count: int | None
    added: list[ApplicationInsured]
    removed: list[InsuredPerson]


async def changed(tx: Transaction, application: Application, policy: Policy, at: datetime) -> Changed:
    """The policy after the change. Raises `NothingChanges`, `InsuredNotListed`, `InsuredListedAlready`."""
    asked = {**policy.cover, **(application.change.get("cover") or {})}
    cover = None if asked == policy.cover else asked
    ends_at = datetime.fromisoformat(application.change["ends_at"]) if application.change.get("ends_at") else None
    rows = await issue.insured_of(tx, application.id)
    people = await _list_after(tx, policy, rows, at, ends_at) if rows or ends_at else None
    people = people or None
    rules.refuse_idle(application.change.get("kind"), changes=bool(cover or ends_at or people))
    count = None if people is None else len(people)
    gone = {one.ref for one in rows if one.op == "remove"}
    held = [one for one in await policies.insured_persons(tx, policy) if one.ref in gone] if gone else []
    return Changed(cover, ends_at, people, count, [one for one in rows if one.op == "add"], held)


async def _list_after(
    tx: Transaction, policy: Policy, rows: Any, at: datetime, ends_at: datetime | None
) -> list[Insured]:
    held = await policies.insured_persons(tx, policy)
    added, removed = ({one.ref for one in rows if one.op == op} for op in ("add", "remove"))
    rules.merge((one.ref for one in held), added, removed)
    until = legal_day(ends_at or policy.ends_at)
    kept = [as_insured(one) for one in held if one.ref not in removed]
    new = [_insured(one, legal_day(max(at, policy.starts_at)), until) for one in rows if one.op == "add"]
    return [*(replace(one, covered_to=until) if ends_at else one for one in kept), *new]


def _insured(row: ApplicationInsured, first: date, until: date) -> Insured:
    told = ("ref", "name", "id_type", "id_no", "id_digest", "occupation_class", "sum_insured", "beneficiaries")
    return Insured(covered_from=first, covered_to=until, **{name: getattr(row, name) for name in told})
