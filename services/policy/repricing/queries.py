"""What a change is priced with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from services.policy.application.rules import Listed
from services.policy.application.tables import Application, ApplicationInsured
from services.policy.policy import queries as policies
from services.policy.policy.tables import InsuredPerson, Policy
from services.policy.refund.rules import Term
from services.policy.refund_quote import queries as quotes
from services.policy.repricing import rules
from services.policy.repricing.rules import Rated
from shared.database import Transaction


def _listed(people: Iterable[ApplicationInsured | InsuredPerson], cover: Mapping[str, Any]) -> tuple[Listed, ...]:
    general = Decimal(cover.get("sum_insured") or "0")
    return tuple(
        Listed(one.ref, None, None, one.occupation_class, general if one.sum_insured is None else one.sum_insured)
        for one in people
    )


async def _factor(tx: Transaction, policy: Policy) -> Decimal:
    """The adjustment factor that was agreed when the policy was issued."""
    if policy.application_id is None:
        return Decimal(1)
    terms = await tx.scalar(select(Application.terms).where(Application.id == policy.application_id))
    return Decimal(str((terms or {}).get("rate_factor", "1")))


async def priced(
    tx: Transaction, policy: Policy, at: datetime, *, cover: Mapping[str, Any] | None, ends_at: datetime | None,
    added: Sequence[ApplicationInsured], removed: Sequence[InsuredPerson], demanded: Decimal | None,
) -> rules.Priced:  # fmt: skip
    """What the change costs from `at` on. Raises `FiguresMissing`."""
    terms = await quotes.terms_of(tx, policy)
    rating = {} if terms is None else terms.rating
    factor, then = await _factor(tx, policy), cover or policy.cover
    joining = Rated(rating, then, len(added), _listed(added, then), factor)
    leaving = Rated(rating, policy.cover, len(removed), _listed(removed, policy.cover), factor)
    stated = policy.cover.get("premium_charged_per_person")
    heads = rules.heads(None if stated is None else Decimal(stated), joining, leaving)
    before, after = None, None
    if cover is not None and rating:
        gone = {one.ref for one in removed}
        people = [one for one in await policies.insured_persons(tx, policy) if one.ref not in gone]
        count = max(policy.insured_count + len(added) - len(removed), 1)
        staying = (*_listed(people, policy.cover), *_listed(added, policy.cover))
        before = Rated(rating, policy.cover, count, staying, factor)
        after = Rated(rating, cover, count, (*_listed(people, cover), *_listed(added, cover)), factor)
    change = rules.Change(
        heads=heads, before=before, after=after,
        demanded=demanded, ends_at=ends_at,
        figures=await quotes.figures_of(tx, policy) if policy.line == "accident" else None,
    )  # fmt: skip
    premium, term = await quotes.term_premium(tx, policy), Term(policy.starts_at, policy.ends_at)
    return rules.price(change, premium, term, at)
