"""What the other services are told of a version made here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from services.policy import events
from services.policy.policy.tables import InsuredPerson, Policy, PolicyVersion
from shared.clock import legal_day
from shared.database import Transaction

PART = 500
ENDINGS = {"cancelled": "cancel", "rescinded": "rescind"}


def version_told(tx: Transaction, policy: Policy, version: PolicyVersion, people: Sequence[InsuredPerson]) -> None:
    """Stage the events of a version just appended: the whole version, its list in parts, and an end of cover."""
    kind = events.PolicyIssued if version.number == 1 else events.PolicyEndorsed
    tx.publish(kind(**_version(policy, version)), policy)
    parts = [people[i : i + PART] for i in range(0, len(people), PART)]
    for n, part in enumerate(parts, start=1):
        entries = [_listed(one) for one in part]
        told = events.InsuredListed(
            policy_id=policy.id, policy_version=version.number, part=n, parts=len(parts), entries=entries
        )
        tx.publish(told, policy)
    if version.status in ENDINGS and version.ended_at is not None:
        tx.publish(_ended(policy, version), policy)


def _ended(policy: Policy, version: PolicyVersion) -> events.PolicyCancelled:
    at = version.ended_at or version.effective_at
    return events.PolicyCancelled(
        policy_id=policy.id, effective_on=legal_day(at), effective_at=at, kind=ENDINGS[version.status],
        refund_amount=version.refund_amount, losses_paid=version.change.get("losses_paid"),
    )  # fmt: skip


def _version(policy: Policy, version: PolicyVersion) -> dict[str, Any]:
    limit = version.cover.get("sum_insured") or version.cover.get("limit_per_accident")
    same = (
        "policy_no", "customer_id", "product", "line", "business", "compulsory", "seller_id", "underwriter_id",
        "risk_level", "reinsured", "unit_code", "issued_on",
    )  # fmt: skip
    own = ("made_at", "effective_at", "ended_at", "status", "cover", "premium", "premium_delta", "insured_count")
    return {
        "policy_id": policy.id,
        "policy_version": version.number,
        "period": events.Period(starts_at=version.starts_at, ends_at=version.ends_at),
        "exclusions": [events.ExclusionTold(**one) for one in version.exclusions],
        "sum_insured": None if limit is None else Decimal(limit),
        "change_kind": version.change["kind"],
        "imported": False,
        **{name: getattr(policy, name) for name in same},
        **{name: getattr(version, name) for name in own},
    }


def _listed(one: InsuredPerson) -> events.ListedPerson:
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
