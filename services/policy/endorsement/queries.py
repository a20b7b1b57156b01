"""What a change does to the premium and to the insured list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.policy.application.tables import Application, ApplicationInsured
from services.policy.endorsement import rules
from services.policy.issue import queries as issue
from services.policy.policy import queries as policies
from services.policy.policy.tables import Policy
from services.policy.refund.rules import Computation, Part, Term, premium_change
from services.policy.refund_quote import queries as quotes
from services.policy.version.handlers import Insured
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import Text
from shared.money import ZERO, yuan


@dataclass(frozen=True)
class Changed:
    """What becomes of the policy: cover, end, list and count; None where it stays."""

    cover: dict[str, Any] | None
    ends_at: datetime | None
    people: list[Insured] | None
    insured_count: int | None
    added: int
    removed: int


async def changed(tx: Transaction, application: Application, policy: Policy, at: datetime) -> Changed:
    """The policy after the change. Raises `NothingChanges`, `InsuredNotListed`, `InsuredListedAlready`."""
    told = application.terms.get("cover") or application.change.get("cover")
    cover = None if told is None or told == policy.cover else {**told}
    ends_at = datetime.fromisoformat(application.change["ends_at"]) if application.change.get("ends_at") else None
    rows = await issue.insured_of(tx, application.id)
    people = await _list_after(tx, policy, rows, at, ends_at) if rows or ends_at else None
    people = people or None
    if cover is None and ends_at is None and people is None:
        raise rules.NothingChanges()
    count = None if people is None else len(people)
    added = sum(1 for one in rows if one.op == "add")
    return Changed(cover, ends_at, people, count, added, len(rows) - added)


async def _list_after(
    tx: Transaction, policy: Policy, rows: Any, at: datetime, ends_at: datetime | None
) -> list[Insured]:
    held = await policies.insured_persons(tx, policy)
    added, removed = ({one.ref for one in rows if one.op == op} for op in ("add", "remove"))
    rules.merge((one.ref for one in held), added, removed)
    until = legal_day(ends_at or policy.ends_at)
    kept = [Insured.of(one) for one in held if one.ref not in removed]
    new = [_insured(one, legal_day(max(at, policy.starts_at)), until) for one in rows if one.op == "add"]
    return [*(replace(one, covered_to=until) if ends_at else one for one in kept), *new]


def _insured(row: ApplicationInsured, first: date, until: date) -> Insured:
    told = ("ref", "name", "id_type", "id_no", "id_digest", "occupation_class", "sum_insured", "beneficiaries")
    return Insured(covered_from=first, covered_to=until, **{name: getattr(row, name) for name in told})


async def premium(
    tx: Transaction, application: Application, policy: Policy, change: Changed, at: datetime
) -> tuple[Computation, Decimal | None]:
    """What the change costs (yuan; negative: gives back), and the premium of the whole term where that changes.

    Heads by the premium of a head; a changed premium of the term by the days left; else the difference that was
    decided.
    """
    if policy.cover.get("premium_charged_per_person") and (change.added or change.removed):
        return await quotes.heads(tx, policy, change.added, change.removed, at), None
    after = application.change.get("premium_after")
    if after is not None:
        before = await quotes.term_premium(tx, policy)
        term = Term(policy.starts_at, policy.ends_at)
        return premium_change(before, Decimal(after), term, at), Decimal(after)
    decided = application.premium or ZERO
    text = Text(f"核保决定的保险费差额 {yuan(decided)}", f"Difference of premium as decided: {yuan(decided)}")
    parts = (Part("decided", decided, text),) if decided != ZERO else ()
    return Computation("decided", decided, parts), None
