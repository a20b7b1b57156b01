"""What a computation takes from a policy: its terms, the instalments of its premium, what is still owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.policy.payment_order import queries as orders
from services.policy.payment_order.rules import OrderStatus
from services.policy.policy import queries as policies
from services.policy.policy.tables import Policy, PolicyVersion
from services.policy.product.queries import product_in_force, product_version
from services.policy.product.rules import Terms
from services.policy.refund import rules
from services.policy.refund.rules import Computation, Figures, Instalment, Part, Term
from shared.clock import at_midnight
from shared.database import Transaction
from shared.errors import Text
from shared.money import ZERO, yuan


@dataclass(frozen=True)
class Settlement:
    """A refund (yuan), what is still owed of the premium, and what remains: negative where the customer owes it."""

    computation: Computation
    outstanding: Decimal

    @property
    def amount(self) -> Decimal:
        return self.computation.amount - self.outstanding


def by_id(policy_id: UUID) -> Any:
    """The policy in the current scope, as a statement."""
    return select(Policy).where(Policy.id == policy_id)


async def terms_of(tx: Transaction, policy: Policy) -> Terms | None:
    """The terms of the product that the policy was made on; None where the product is not kept here."""
    if policy.product_version is not None:
        return await product_version(tx, policy.product, policy.product_version)
    return await product_in_force(tx, policy.product, at_midnight(policy.issued_on))


async def figures_of(tx: Transaction, policy: Policy) -> Figures:
    """The figures for refunds of the policy's product; empty where they are not known here."""
    terms = await terms_of(tx, policy)
    return Figures() if terms is None else Figures.from_content(terms.refund)


def _instalments(row: PolicyVersion, line: str) -> list[Instalment]:
    """What one version added to the premium: each amount for the time from its own beginning to the end as it was."""
    begins = row.starts_at if row.number == 1 else max(row.effective_at, row.starts_at)
    told = row.change.get("instalments")
    if told is None:
        net = line == "accident" and row.premium_delta < ZERO
        return [Instalment(row.premium_delta, Term(begins, row.ends_at), net)]
    return [
        Instalment(
            Decimal(one["amount"]),
            Term(datetime.fromisoformat(one["starts_at"]) if one.get("starts_at") else begins, row.ends_at),
            bool(one["net"]),
        )
        for one in told
    ]


async def instalments_of(tx: Transaction, policy: Policy) -> list[Instalment]:
    """What the premium is made of: that of the issue for the whole term, what came later for the rest of it."""
    rows = await policies.versions_of(tx, policy.id)
    return [one for row in rows for one in _instalments(row, policy.line) if one.amount != ZERO]


async def outstanding_of(tx: Transaction, policy: Policy) -> Decimal:
    """Premium (yuan) that was asked for and has not come."""
    waiting = (OrderStatus.CREATED, OrderStatus.FAILED)
    rows = await orders.of_policy(tx, policy.id)
    return sum((one.amount for one in rows if one.direction == "in" and one.state in waiting), ZERO)


async def settlement(tx: Transaction, policy: Policy, at: datetime, *, by_insurer: bool = False) -> Settlement:
    """What ending the policy at `at` gives back. Raises `FiguresMissing`."""
    paid, figures = await instalments_of(tx, policy), await figures_of(tx, policy)
    found = rules.cancellation(policy.line, paid, at, figures, by_insurer=by_insurer)
    return Settlement(found, await outstanding_of(tx, policy))


def shown(found: Settlement) -> dict[str, object]:
    """The computation with what is still owed, as it is stored and answered."""
    lines = found.computation.shown()
    if found.outstanding:
        owed = yuan(found.outstanding)
        text = Text(f"扣除未交保险费 {owed}", f"Less premium not paid yet {owed}")
        lines["lines"].append(Part("outstanding_premium", -found.outstanding, text).shown())
    return {**lines, "amount": yuan(found.amount)}


async def heads(tx: Transaction, policy: Policy, change: rules.HeadChange, at: datetime) -> Computation:
    """What heads that join and leave cost or give back; loading is kept in accident alone."""
    term = Term(policy.starts_at, policy.ends_at)
    figures = await figures_of(tx, policy) if policy.line == "accident" else Figures(loading=Decimal(0))
    return rules.head_change(change, term, at, figures)


def per_head(policy: Policy) -> Decimal:
    """The premium (yuan) of one head for the whole term, where all cost the same. Raises `FiguresMissing`."""
    stated = policy.cover.get("premium_charged_per_person")
    if stated is None:
        raise rules.FiguresMissing(missing="premium_charged_per_person")
    return Decimal(stated)


async def term_premium(tx: Transaction, policy: Policy) -> Decimal:
    """The premium (yuan) of the whole term as it stands: that of the issue, or as the last change states it."""
    rows = await policies.versions_of(tx, policy.id)
    told = next((row.change["term_premium"] for row in reversed(rows) if "term_premium" in row.change), None)
    return rows[0].premium if told is None else Decimal(told)
