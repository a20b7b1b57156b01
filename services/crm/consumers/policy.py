"""Applications and policies: on the timeline, visited when new, renewed when they end."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.crm.consumers.effects import Origin, ask_manager, fact_of, tell
from services.crm.consumers.rebuilding import rebuilding
from services.crm.figure.tables import KeptNews
from services.crm.planning.handlers import after_issue, after_receipt
from services.crm.reference.tables import DutyTaken, PolicyReceived, PolicyReference
from services.crm.renewal.handlers import renewal_alert
from shared.clock import at_midnight, legal_day
from shared.database import Transaction
from shared.errors import Text
from shared.events import Received, consumes
from shared.money import Money, SignedMoney


class ApplicationOpened(BaseModel):
    application_id: UUID
    kind: str
    product: str
    line: str
    customer_id: UUID | None = None
    origin: Origin | None = None


class ApplicationDecided(BaseModel):
    application_id: UUID
    kind: str
    outcome: str
    reason_code: str | None = None
    level: str | None = None
    unit_code: str


class Period(BaseModel):
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class PolicyVersion(BaseModel):
    """A complete version, as far as crm reads it."""

    policy_id: UUID
    policy_no: str
    policy_version: int
    effective_at: AwareDatetime
    status: str
    customer_id: UUID
    product: str
    line: str
    business: str
    period: Period
    cover: dict[str, Any] = {}
    premium: Money
    premium_delta: SignedMoney | None = None
    change_kind: str | None = None
    insured_count: int
    seller_id: UUID | None = None
    issued_on: date


class PolicyCancelled(BaseModel):
    policy_id: UUID
    effective_on: date
    kind: str
    refund_amount: Money


class PolicyExpiring(BaseModel):
    policy_id: UUID
    days: int


class DocumentDelivered(BaseModel):
    policy_id: UUID
    item: str
    received_on: date
    days_taken: int


@consumes("policy.application.opened.v1")
async def application_opened(tx: Transaction, event: Received[ApplicationOpened]) -> None:
    told = event.data
    summary = {"kind": told.kind, "product": told.product, "line": told.line}
    fact = fact_of(event, "application", told.application_id, summary=summary)
    await tell(tx, fact, customer_id=told.customer_id, origin=told.origin)


@consumes("policy.application.decided.v1")
async def application_decided(tx: Transaction, event: Received[ApplicationDecided]) -> None:
    told = event.data
    summary = told.model_dump(exclude={"application_id"})
    await tell(tx, fact_of(event, "application", told.application_id, summary=summary))


def _highest_limit(cover: dict[str, Any]) -> Decimal | None:
    """Per accident or in all, whichever is higher; None where the cover states neither."""
    return max(
        (Decimal(cover[name]) for name in ("limit_per_accident", "aggregate_limit") if cover.get(name)), default=None
    )


async def _keep(tx: Transaction, told: PolicyVersion) -> bool:
    """Keep a version unless a newer one is here already; whether it is the newest."""
    row = {
        "policy_id": told.policy_id, "policy_no": told.policy_no, "policy_version": told.policy_version,
        "product": told.product, "line": told.line, "business": told.business, "issued_on": told.issued_on,
        "ends_on": legal_day(told.period.ends_at), "starts_on": legal_day(told.period.starts_at),
        "premium": told.premium,
        "insured_count": told.insured_count, "highest_limit": _highest_limit(told.cover),
    }  # fmt: skip
    statement = insert(PolicyReference).values(**row)
    newer = {name: statement.excluded[name] for name in row if name != "policy_id"}
    written = statement.on_conflict_do_update(
        index_elements=["policy_id"], set_=newer,
        where=PolicyReference.policy_version < statement.excluded.policy_version,
    )  # fmt: skip
    await tx.execute(written)
    held = select(PolicyReference.policy_version).where(PolicyReference.policy_id == told.policy_id)
    newest = await tx.scalar(held) == told.policy_version
    if told.seller_id is not None:
        seller = {"record_id": told.policy_id, "duty": "seller", "person_id": told.seller_id}
        await tx.execute(insert(DutyTaken).values(**seller).on_conflict_do_nothing())
    return newest


async def _version(tx: Transaction, event: Received[PolicyVersion]) -> None:
    told = event.data
    newest = await _keep(tx, told)
    summary = {
        "policy_version": told.policy_version, "product": told.product, "line": told.line, "status": told.status,
        "change": told.change_kind, "insured_count": told.insured_count, "effective_at": told.effective_at,
    }  # fmt: skip
    amounts = {"premium": told.premium, "premium_delta": told.premium_delta}
    fact = fact_of(event, "policy", told.policy_id, summary=summary, amounts=amounts)
    # An older version that comes late does not give the policy back to an earlier customer.
    await tell(tx, fact, customer_id=told.customer_id if newest else None)


async def _end_early(tx: Transaction, policy_id: UUID) -> None:
    """Make the copy say when the policy ends early, whether its cancellation came before it or after."""
    told = select(KeptNews.data["effective_on"].astext).where(
        KeptNews.group_id == policy_id, KeptNews.subject == "policy.policy.cancelled.v1"
    )
    days = [date.fromisoformat(one) for one in await tx.scalars(told)]
    if days:
        policy = update(PolicyReference).where(PolicyReference.policy_id == policy_id)
        await tx.execute(policy.values(cancelled_on=min(days)))


@consumes("policy.policy.issued.v1")
async def policy_issued(tx: Transaction, event: Received[PolicyVersion]) -> None:
    await _version(tx, event)
    await _end_early(tx, event.data.policy_id)
    if rebuilding(tx):
        return
    await after_issue(tx, event.data.policy_id)
    await after_receipt(tx, event.data.policy_id)


@consumes("policy.policy.endorsed.v1")
async def policy_endorsed(tx: Transaction, event: Received[PolicyVersion]) -> None:
    await _version(tx, event)


@consumes("policy.policy.cancelled.v1")
async def policy_cancelled(tx: Transaction, event: Received[PolicyCancelled]) -> None:
    told = event.data
    summary = {"kind": told.kind, "effective_on": told.effective_on}
    fact = fact_of(event, "policy", told.policy_id, summary=summary, amounts={"refund_amount": told.refund_amount})
    await tell(tx, fact)
    await _end_early(tx, told.policy_id)


@consumes("policy.policy.expiring.v1")
async def policy_expiring(tx: Transaction, event: Received[PolicyExpiring]) -> None:
    """The account manager is asked to renew, once per policy; that of a key account at every step."""
    told = event.data
    customer = await tell(tx, fact_of(event, "policy", told.policy_id, summary={"days": told.days}))
    policy = await tx.scalar(select(PolicyReference).where(PolicyReference.policy_id == told.policy_id))
    if customer is None or policy is None or rebuilding(tx):
        return
    if customer.key_account_tier is not None and await renewal_alert(tx, customer, policy, told.days):
        return
    await ask_manager(
        tx, "renewal", customer, Text("保单即将到期，联系续保", "The policy ends soon: speak about renewal"),
        record=("policy", told.policy_id), href=f"/v1/policies/{told.policy_id}", number=policy.policy_no,
        due_at=at_midnight(policy.ends_on),
    )  # fmt: skip


@consumes("policy.document.delivered.v1")
async def document_delivered(tx: Transaction, event: Received[DocumentDelivered]) -> None:
    told = event.data
    summary = told.model_dump(exclude={"policy_id"})
    await tell(tx, fact_of(event, "policy", told.policy_id, at=at_midnight(told.received_on), summary=summary))
    if told.item == "policy":
        row = insert(PolicyReceived).values(policy_id=told.policy_id, received_on=told.received_on)
        # sent again, it counts from the first day on which he had it
        earlier = {"received_on": func.least(PolicyReceived.received_on, told.received_on)}
        await tx.execute(row.on_conflict_do_update(index_elements=["policy_id"], set_=earlier))
        if not rebuilding(tx):
            await after_receipt(tx, told.policy_id)


CONSUMERS = (
    application_opened,
    application_decided,
    policy_issued,
    policy_endorsed,
    policy_cancelled,
    policy_expiring,
    document_delivered,
)
