"""Policies to plan visits for, their ends, and applications that want a place seen before they are decided."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.dialects.postgresql import insert

from services.risk.correction.handlers import give_to_plan
from services.risk.exposure import queries as exposure
from services.risk.exposure.queries import kept_customer
from services.risk.exposure.tables import PolicyEndSeen, PolicySeen
from services.risk.follow_up.handlers import cover_ended, terms_changed
from services.risk.key_risk.handlers import before_renewal, evaluate
from services.risk.plan.handlers import after_accident, plan_for, unplanned_visits
from services.risk.plan.queries import end_told
from services.risk.pre_bind.handlers import ENDED, Asked, application_ended, survey_for
from services.risk.prevention.handlers import prevention_for
from shared.database import Transaction
from shared.events import Consumer, Received, consumes


class Period(BaseModel):
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class PolicyTold(BaseModel):
    policy_id: UUID
    policy_no: str
    policy_version: int
    customer_id: UUID
    product: str
    line: str
    compulsory: bool = False
    risk_level: str
    period: Period
    ended_at: AwareDatetime | None = None
    cover: dict[str, Any]
    insured_count: int
    seller_id: UUID | None = None
    underwriter_id: UUID | None = None
    unit_code: str
    hazard_ids: list[UUID] = Field(default_factory=list)
    """Hazards over which the policyholder agreed to other terms."""


class PolicyEnded(BaseModel):
    policy_id: UUID
    effective_on: date
    effective_at: AwareDatetime


class PolicyExpires(BaseModel):
    policy_id: UUID
    days: int


class SurveyRequested(BaseModel):
    """`site`: where to go, as the application says: `{name, address, area_code, …}`, or the address alone."""

    application_id: UUID
    customer_id: UUID
    site: dict[str, Any] | str | None = None
    reasons: list[str] = Field(default_factory=list)
    unit_code: str | None = None
    seller_id: UUID | None = None


class ApplicationDecided(BaseModel):
    application_id: UUID
    outcome: str


def _amount(cover: dict[str, Any], name: str) -> Decimal | None:
    return Decimal(cover[name]) if cover.get(name) else None


async def _told(tx: Transaction, event: Received[PolicyTold]) -> None:
    """Keep the newest version, and bring everything to what is known now; an older version changes nothing."""
    told, end = event.data, await end_told(tx, event.data.policy_id)
    before = await tx.session.get(PolicySeen, told.policy_id)
    former = None if before is None else before.customer_id
    row = (
        told.model_dump(exclude={"period", "cover", "hazard_ids"})
        | told.period.model_dump()
        | {
            "path": event.org_path,
            "customer_id": await kept_customer(tx, told.customer_id),
            "limit_per_accident": _amount(told.cover, "limit_per_accident"),
            "aggregate_limit": _amount(told.cover, "aggregate_limit"),
            "ended_at": told.ended_at if end is None else end.ended_at,
        }
    )
    statement = insert(PolicySeen).values(**row)
    kept = {name: statement.excluded[name] for name in row if name != "policy_id"}
    newer = PolicySeen.policy_version < statement.excluded.policy_version
    written = statement.on_conflict_do_update(index_elements=["policy_id"], set_=kept, where=newer)
    if await tx.scalar(written.returning(PolicySeen.policy_id)) is not None:
        await _follow(tx, told.policy_id)
        if former not in (None, row["customer_id"]):
            await evaluate(tx, former)


async def _follow(tx: Transaction, policy_id: UUID) -> None:
    """Plans, visits and files say what is known of this policy now."""
    policy = await tx.session.get(PolicySeen, policy_id, populate_existing=True)
    if policy is None:
        return
    await plan_for(tx, policy)
    await unplanned_visits(tx, policy)
    await prevention_for(tx, policy)
    await give_to_plan(tx, policy_id)
    for claim in await exposure.claims_of_policy(tx, policy_id):
        await after_accident(tx, claim)
    await evaluate(tx, policy.customer_id)


@consumes("policy.policy.issued.v1")
async def policy_issued(tx: Transaction, event: Received[PolicyTold]) -> None:
    await _told(tx, event)


@consumes("policy.policy.endorsed.v1")
async def policy_endorsed(tx: Transaction, event: Received[PolicyTold]) -> None:
    await _told(tx, event)
    await terms_changed(tx, event.data.policy_id, event.data.hazard_ids)


@consumes("policy.policy.cancelled.v1")
async def policy_cancelled(tx: Transaction, event: Received[PolicyEnded]) -> None:
    """The end counts whether it is heard before or after the policy, and of two ends the one told last."""
    ended = event.data
    row = {
        "policy_id": ended.policy_id, "ended_at": ended.effective_at, "record_version": event.record_version,
    }  # fmt: skip
    statement = insert(PolicyEndSeen).values(**row)
    later = PolicyEndSeen.record_version < statement.excluded.record_version
    kept = {name: statement.excluded[name] for name in ("ended_at", "record_version")}
    await tx.execute(statement.on_conflict_do_update(index_elements=["policy_id"], set_=kept, where=later))
    end = await end_told(tx, ended.policy_id)
    policy = await tx.session.get(PolicySeen, ended.policy_id, with_for_update=True)
    if policy is not None and end is not None:
        policy.ended_at = end.ended_at
        await tx.flush()
        await _follow(tx, ended.policy_id)
        await cover_ended(tx, ended.policy_id)


@consumes("policy.policy.expiring.v1")
async def policy_expiring(tx: Transaction, event: Received[PolicyExpires]) -> None:
    """Before the renewal somebody works on the customer's risk control file; the renewal itself waits for nothing."""
    policy = await tx.session.get(PolicySeen, event.data.policy_id)
    if policy is not None:
        await before_renewal(tx, policy.customer_id, policy.ends_at)


@consumes("policy.survey.requested.v1")
async def survey_requested(tx: Transaction, event: Received[SurveyRequested]) -> None:
    """Somebody looks at the place before the application is decided."""
    told = event.data
    place = {"address": told.site} if isinstance(told.site, str) else told.site
    customer_id = await kept_customer(tx, told.customer_id)
    asked = Asked(told.application_id, customer_id, event.org_path, place, told.reasons, told.unit_code, told.seller_id)
    await survey_for(tx, asked)


@consumes("policy.application.decided.v1")
async def application_decided(tx: Transaction, event: Received[ApplicationDecided]) -> None:
    """Nobody goes for an application that will not become a policy."""
    if event.data.outcome in ENDED:
        await application_ended(tx, event.data.application_id, event.data.outcome)


CONSUMERS: tuple[Consumer, ...] = (
    policy_issued, policy_endorsed, policy_cancelled, policy_expiring, survey_requested, application_decided,
)  # fmt: skip
