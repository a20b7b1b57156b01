"""What the other services are told of a version: the complete version, its list in parts, and an end of cover."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from services.policy import events
from services.policy.core.schemas import CorePolicy
from services.policy.policy.tables import InsuredPerson, Policy, PolicyVersion
from shared.clock import legal_day
from shared.database import Transaction

if TYPE_CHECKING:
    from services.policy.core.handlers import Told

PART = 500


def version_told(
    tx: Transaction, policy: Policy, version: PolicyVersion, told: Told, people: Sequence[InsuredPerson], *, first: bool
) -> None:
    """Stage the events of one stored version."""
    kind = events.PolicyIssued if first else events.PolicyEndorsed
    tx.publish(kind(**_version(policy, version, told)), policy)
    parts = [people[i : i + PART] for i in range(0, len(people), PART)]
    for n, part in enumerate(parts, start=1):
        entries = [listed(one) for one in part]
        part_told = events.InsuredListed(
            policy_id=policy.id, policy_version=version.number, part=n, parts=len(parts), entries=entries
        )
        tx.publish(part_told, policy)
    if version.applied == "current" and version.status in ("cancelled", "rescinded") and version.ended_at is not None:
        ended = events.PolicyCancelled(
            policy_id=policy.id, effective_on=legal_day(version.ended_at), effective_at=version.ended_at,
            kind="rescind" if version.status == "rescinded" else "cancel", refund_amount=version.refund_amount,
        )  # fmt: skip
        tx.publish(ended, policy)


_MEMBERS = (
    "status", "effective_at", "starts_at", "ends_at", "ended_at", "premium", "premium_delta", "refund_amount",
    "insured_count", "cover",
)  # fmt: skip


def comparable(version: PolicyVersion | CorePolicy) -> dict[str, Any]:
    """The members in which a version as stored and one as sent can be set side by side."""
    return {name: getattr(version, name) for name in _MEMBERS}


def _version(policy: Policy, version: PolicyVersion, told: Told) -> dict[str, Any]:
    limit = told.body.cover.get("sum_insured") or told.body.cover.get("limit_per_accident")
    return {
        "policy_id": policy.id,
        "policy_no": policy.policy_no,
        "policy_version": version.number,
        "made_at": version.made_at,
        "effective_at": version.effective_at,
        "ended_at": version.ended_at,
        "status": version.status,
        "customer_id": told.customer,
        "product": told.body.product,
        "line": told.body.line,
        "business": policy.business,
        "compulsory": policy.compulsory,
        "period": events.Period(starts_at=version.starts_at, ends_at=version.ends_at),
        "cover": version.cover,
        "exclusions": [events.ExclusionTold(**one) for one in version.exclusions],
        "sum_insured": None if limit is None else Decimal(limit),
        "premium": version.premium,
        "premium_delta": version.premium_delta,
        "change_kind": version.change["kind"],
        "insured_count": version.insured_count,
        "seller_id": told.seller,
        "underwriter_id": told.application.underwriter_id if told.application else policy.underwriter_id,
        "risk_level": told.body.risk_level or told.product["risk_level"],
        "reinsured": told.body.reinsured,
        "unit_code": told.body.unit_code,
        "issued_on": policy.issued_on,
        "imported": told.imported,
    }


def listed(one: Any) -> events.ListedPerson:
    """Somebody on a list as listeners hear it: without name and number."""
    return events.ListedPerson.model_validate(
        {
            "insured_ref": one.ref,
            "id_digest": one.id_digest,
            "from": one.covered_from,
            "to": one.covered_to,
            "occupation_class": one.occupation_class,
            "sum_insured": one.sum_insured,
        }
    )
