"""What the issue of a proposal is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from services.policy.application.tables import Application, ApplicationInsured
from services.policy.disclosure.tables import Acknowledgement
from services.policy.issue import rules
from services.policy.payment_order import queries as orders
from services.policy.payment_order.rules import OrderKind, Party
from services.policy.policy.tables import CustomerReference
from services.policy.product.queries import product_version
from services.policy.product.rules import Terms
from services.policy.underwriting.tables import PremiumReceipt
from shared.actor import Actor
from shared.database import Transaction
from shared.money import ZERO

SERIES = {"liability": "ALI", "accident": "APA"}
"""Letters of the numbers made here; those of the core begin otherwise."""


async def terms_of(tx: Transaction, application: Application) -> Terms:
    """The terms of the product that the application was made on."""
    found = await product_version(tx, application.product, application.product_version)
    if found is None:
        raise LookupError(f"product {application.product} {application.product_version}")
    return found


async def acknowledged(tx: Transaction, application_id: UUID) -> dict[tuple[str, str], datetime]:
    """(clause, text version) → when the customer acknowledged it, the first time."""
    found: dict[tuple[str, str], datetime] = {}
    mine = select(Acknowledgement).where(
        Acknowledgement.application_id == application_id, Acknowledgement.kind == "exclusions"
    )
    for row in await tx.scalars(mine.order_by(Acknowledgement.acknowledged_at)):
        for one in row.clauses:
            found.setdefault((one["clause_id"], one["text_version"]), row.acknowledged_at)
    return found


async def insured_of(tx: Transaction, application_id: UUID) -> Sequence[ApplicationInsured]:
    """Everybody on the list of the application, by reference."""
    statement = select(ApplicationInsured).where(ApplicationInsured.application_id == application_id)
    return await tx.scalars(statement.order_by(ApplicationInsured.ref))


def sellers_of(application: Application) -> frozenset[UUID]:
    """Who sold or entered it, and for whom."""
    people = (application.seller_id, application.entered_by, application.entered_for)
    return frozenset(one for one in people if one is not None)


def persons_of(actor: Actor) -> frozenset[UUID]:
    """Everybody whose act it is: the person, and the one on whose behalf."""
    return frozenset({actor.person_id, actor.on_behalf_of or actor.person_id})


async def received(tx: Transaction, application_id: UUID) -> Decimal:
    """Premium (yuan) that came before anything was decided."""
    amount = select(func.sum(PremiumReceipt.amount)).where(PremiumReceipt.application_id == application_id)
    return await tx.scalar(amount) or ZERO


async def proposal(tx: Transaction, application: Application, terms: Terms) -> rules.Proposal:
    """Everything the issue is judged by."""
    premium = await orders.of_application(tx, application.id, str(OrderKind.PREMIUM))
    covered = await received(tx, application.id) >= (application.premium or ZERO)
    return rules.Proposal(
        kind=application.kind, status=application.status, issued_by=terms.issued_by,
        reducing=[one.key for one in terms.reducing_clauses], acknowledged=await acknowledged(tx, application.id),
        paid=premium[-1].status if premium else "paid" if covered else "none",
        cash_before_cover=terms.cash_before_cover, sellers=sellers_of(application),
    )  # fmt: skip


async def parties(tx: Transaction, application: Application) -> list[Party]:
    """Whose money it may be: the policyholder, the insured, their beneficiaries."""
    found = [Party("policyholder", str(application.policyholder.get("name", "")))]
    if application.policyholder.get("account_name"):
        found.append(Party("policyholder", str(application.policyholder["account_name"])))
    for row in await insured_of(tx, application.id):
        found.append(Party("insured", row.name))
        found += [Party("beneficiary", one["name"]) for one in row.beneficiaries if one.get("name")]
    return list(dict.fromkeys(found))


async def core_no(tx: Transaction, customer_id: UUID) -> str | None:
    """The customer's number in the core, where it has one."""
    return await tx.scalar(select(CustomerReference.core_no).where(CustomerReference.customer_id == customer_id))
