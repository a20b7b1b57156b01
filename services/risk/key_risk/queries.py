"""Reading risk control files, and the facts that open and close them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import PolicySeen, Site
from services.risk.key_risk import rules
from services.risk.key_risk.tables import ContactLog, KeyAccount, KeyRiskFile, KeyRiskReview
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Transaction
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force

FILES = Listing(
    model=KeyRiskFile,
    filters={
        "status": Filter(KeyRiskFile.status),
        "customer_id": Filter(KeyRiskFile.customer_id, UUID),
    },
    sorts={"opened_at": KeyRiskFile.opened_at},
    default_sort="-opened_at",
    conditions={"criterion": lambda text: KeyRiskFile.criteria.contains([rules.Criterion(text)])},
)


async def criteria_of(tx: Transaction, customer_id: UUID) -> list[rules.Criterion]:
    """The criteria that a customer meets today, by policies in force, insured sites and claims."""
    thresholds = rules.read_thresholds(await exposure.thresholds(tx, "key_risk"))
    current = [one for one in await exposure.policies_of(tx, customer_id) if _in_force(one, tx.now)]
    covers = [
        rules.Cover(one.limit_per_accident, one.aggregate_limit, liability=one.line == "liability") for one in current
    ]
    sites = await sites_of(tx, customer_id) if current else []
    covers += [rules.Cover(None, industry=one.industry, liability=False) for one in sites]
    people = Counter[str]()
    for site in sites:
        people[site.address_key] += site.insured_count
    # A customer's policies of one place cover the same people: the largest list counts, not the sum.
    in_one_place = [max((one.insured_count for one in current), default=0), *people.values()]
    claims = [
        rules.ClaimSeen(one.loss_on, bool((one.injured_count or 0) + (one.death_count or 0)))
        for one in await exposure.claims_of(tx, customer_id)
        if one.loss_on is not None
    ]
    return rules.criteria(covers, in_one_place, claims, legal_day(tx.now), thresholds)


def _in_force(policy: PolicySeen, now: datetime) -> bool:
    return policy.starts_at <= now < min(policy.ended_at or policy.ends_at, policy.ends_at)


async def sites_of(tx: Transaction, customer_id: UUID) -> Sequence[Site]:
    """The insured sites of a customer that are still worked at."""
    statement = select(Site).where(Site.customer_id == customer_id, Site.status == "active").order_by(Site.id)
    return await tx.scalars(statement)


async def place_of(tx: Transaction, customer_id: UUID) -> tuple[str, str]:
    """Path and code of the unit that keeps a customer's file: that of the newest policy, else head office."""
    policies = await exposure.policies_of(tx, customer_id)
    newest = max(policies, key=lambda one: (one.starts_at, str(one.policy_id)), default=None)
    return ("00", "00") if newest is None else (newest.path, newest.unit_code)


async def contact_gap(tx: Transaction) -> timedelta:
    """How long a customer with a file may go without a talk."""
    return timedelta(days=(await exposure.thresholds(tx, "inspection"))["contact_gap_days"])


async def review_months(tx: Transaction) -> int:
    """The cycle in which files are looked through."""
    return int((await in_force(tx, "loss_prevention")).content["key_risk"]["review_months"])


async def last_contact(tx: Transaction, customer_id: UUID) -> datetime | None:
    """When somebody spoke to the customer last."""
    return await tx.scalar(select(func.max(ContactLog.contacted_at)).where(ContactLog.customer_id == customer_id))


async def contacts_of(tx: Transaction, customer_id: UUID) -> Sequence[ContactLog]:
    """The newest talks with a customer."""
    statement = select(ContactLog).where(ContactLog.customer_id == customer_id)
    return await tx.scalars(statement.order_by(ContactLog.contacted_at.desc(), ContactLog.id).limit(50))


async def reviews_of(tx: Transaction, file: KeyRiskFile) -> Sequence[KeyRiskReview]:
    statement = select(KeyRiskReview).where(KeyRiskReview.file_id == file.id)
    return await tx.scalars(statement.order_by(KeyRiskReview.id.desc()))


async def key_account(tx: Transaction, customer_id: UUID) -> KeyAccount | None:
    """The customer's mark, if it is a key account now."""
    found = await tx.session.get(KeyAccount, customer_id)
    return None if found is None or found.tier is None else found


async def is_key_account(tx: Transaction, customer_id: UUID) -> bool:
    return await key_account(tx, customer_id) is not None


def may_close(_actor: Actor, file: KeyRiskFile) -> None:
    """Refuse (409) what the handler would refuse by what the file itself says."""
    rules.close_file(rules.FileStatus(file.status), [rules.Criterion(one) for one in file.criteria])


def may_review(_actor: Actor, file: KeyRiskFile) -> None:
    """Refuse (409) looking through a closed file."""
    rules.review(rules.FileStatus(file.status))


_BASE = "/v1/key-risk-files/{id}/"
ACTIONS: tuple[Action[KeyRiskFile], ...] = (
    Action("close", "POST", _BASE + "closures", "risk.key_risk_file.close", may_close),
    Action("review", "POST", _BASE + "reviews", "risk.key_risk_file.review", may_review),
)
