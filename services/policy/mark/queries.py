"""Keeping marks and signals, and how many of a policy's are open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.policy.mark.tables import PolicyMark, RiskSignal
from services.policy.policy.tables import Policy
from shared.database import Transaction


async def keep_mark(
    tx: Transaction, kind: str, subject_id: UUID, policy_id: UUID | None, *, is_open: bool, since: datetime,
    record_version: int, kept_out: Sequence[UUID] = (), area: str | None = None,
) -> None:  # fmt: skip
    """The newest word about a complaint, case or finding; an older one that comes later changes nothing but fills in
    the policy that the newer one did not name.
    """
    statement = insert(PolicyMark).values(
        kind=kind, subject_id=subject_id, policy_id=policy_id, is_open=is_open, since=since,
        record_version=record_version, kept_out=list(kept_out), area=area,
    )  # fmt: skip
    told = statement.excluded
    newer = told.record_version > PolicyMark.record_version
    kept = {
        "policy_id": func.coalesce(PolicyMark.policy_id, told.policy_id),
        "is_open": case((newer, told.is_open), else_=PolicyMark.is_open),
        "kept_out": PolicyMark.kept_out + told.kept_out,
        "since": func.least(PolicyMark.since, told.since),
        "record_version": func.greatest(PolicyMark.record_version, told.record_version),
    }
    await tx.execute(statement.on_conflict_do_update(index_elements=["kind", "subject_id"], set_=kept))


async def keep_out(tx: Transaction, kind: str, subject_id: UUID, persons: Sequence[UUID], since: datetime) -> None:
    """More persons must not hear of it; told before the thing itself, it waits for that."""
    statement = insert(PolicyMark).values(
        kind=kind, subject_id=subject_id, policy_id=None, is_open=False, since=since, record_version=0,
        kept_out=list(persons),
    )  # fmt: skip
    more = {"kept_out": PolicyMark.kept_out + statement.excluded.kept_out}
    await tx.execute(statement.on_conflict_do_update(index_elements=["kind", "subject_id"], set_=more))


async def keep_signal(tx: Transaction, row: dict[str, Any]) -> None:
    """The newest word of risk about one inspection or file; an older one that comes later changes nothing."""
    statement = insert(RiskSignal).values(**row)
    kept: dict[str, Any] = {name: statement.excluded[name] for name in row if name not in ("kind", "subject_id")}
    for name in ("policy_id", "customer_id"):
        if name in kept:
            kept[name] = func.coalesce(kept[name], getattr(RiskSignal, name))
    newer = RiskSignal.record_version < statement.excluded.record_version
    await tx.execute(
        statement.on_conflict_do_update(index_elements=["kind", "subject_id"], set_=kept, where=newer)
    )  # fmt: skip


async def open_marks(tx: Transaction, policy_id: UUID) -> dict[str, int]:
    """How many marks of each kind are open on a policy, for this caller: who is kept out of one is not told of it.

    Kinds without any are left out.
    """
    statement = select(PolicyMark.kind, func.count()).where(
        PolicyMark.policy_id == policy_id, PolicyMark.is_open.is_(True),
        ~PolicyMark.kept_out.contains([tx.actor.person_id]),
    )  # fmt: skip
    return {kind: count for kind, count in await tx.execute(statement.group_by(PolicyMark.kind))}


async def open_signals(tx: Transaction, policy: Policy) -> Sequence[RiskSignal]:
    """What risk has open about a policy or its customer."""
    mine = or_(RiskSignal.policy_id == policy.id, RiskSignal.customer_id == policy.customer_id)
    about = or_(RiskSignal.policy_id.is_(None), RiskSignal.policy_id == policy.id)
    return await tx.scalars(select(RiskSignal).where(mine, about, RiskSignal.is_open.is_(True)))


async def shown(tx: Transaction, policy: Policy) -> dict[str, int]:
    """How many things of each kind are open about a policy: complaints, cases, findings, and what risk has open."""
    counts = await open_marks(tx, policy.id)
    for one in await open_signals(tx, policy):
        name = one.kind if one.kind != "inspection" else "overdue_inspection"
        if one.kind != "inspection" or one.overdue:
            counts[name] = counts.get(name, 0) + 1
    return counts
