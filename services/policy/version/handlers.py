"""Append a version to a policy that is issued here, and tell the others."""

from __future__ import annotations

from services.policy.policy.rules import content_digest
from services.policy.policy.tables import InsuredPerson, Policy, PolicyVersion
from services.policy.version import shapes
from services.policy.version.schemas import Draft, Insured
from shared.clock import rfc3339
from shared.database import Transaction
from shared.money import ZERO, yuan


async def append(tx: Transaction, policy: Policy, draft: Draft) -> PolicyVersion:
    """Add the version after the newest one, make the policy's row say it, and stage its events.

    The policy's row is locked and counted up, or new; the caller has judged whether this may be and writes the note.
    """
    number = 1 if policy.policy_version is None else policy.policy_version + 1
    _state(policy, draft, number)
    tx.add(policy)
    row = _version(tx, policy, draft, number)
    tx.add(row)
    await tx.flush()
    people = [_person(policy, number, one) for one in draft.people or ()]
    tx.add_all(people)
    shapes.version_told(tx, policy, row, people)
    return row


def _state(policy: Policy, draft: Draft, number: int) -> None:
    policy.policy_version = number
    policy.stated_status, policy.ended_at = draft.status, draft.ended_at
    policy.premium = (policy.premium or ZERO) + draft.premium_delta
    if draft.ends_at is not None:
        policy.ends_at = draft.ends_at
    if draft.cover is not None:
        policy.cover = draft.cover
    if draft.exclusions is not None:
        policy.exclusions = draft.exclusions
    if draft.insured_count is not None:
        policy.insured_count = draft.insured_count


def _version(tx: Transaction, policy: Policy, draft: Draft, number: int) -> PolicyVersion:
    parts = [
        {"amount": yuan(amount), "net": net, "starts_at": None if begins is None else rfc3339(begins)}
        for amount, net, begins in draft.instalments
    ]
    change = {"kind": draft.kind, "no": draft.no, "reason": draft.reason, "instalments": parts, **draft.more}
    said = {
        "effective_at": draft.effective_at, "status": draft.status, "starts_at": policy.starts_at,
        "ends_at": policy.ends_at, "ended_at": draft.ended_at, "premium": policy.premium,
        "premium_delta": draft.premium_delta, "refund_amount": draft.refund_amount,
        "insured_count": policy.insured_count, "cover": policy.cover, "exclusions": policy.exclusions,
    }  # fmt: skip
    return PolicyVersion(
        policy_id=policy.id, org_path=policy.org_path, number=number, change=change, made_at=tx.now,
        digest=content_digest({"change": change, **said}), applied="current", **said,
    )  # fmt: skip


def _person(policy: Policy, number: int, one: Insured) -> InsuredPerson:
    told = {name: getattr(one, name) for name in Insured.__dataclass_fields__}
    return InsuredPerson(policy_id=policy.id, org_path=policy.org_path, number=number, **told)
