"""Reading a chain: where it ends."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from services.policy.policy.tables import InsuredPerson, Policy, PolicyVersion
from services.policy.version.schemas import Insured
from shared.database import Transaction


async def latest_at(tx: Transaction, policy: Policy) -> datetime:
    """From when the newest version holds."""
    newest = select(PolicyVersion.effective_at).where(PolicyVersion.policy_id == policy.id)
    return await tx.scalar(newest.order_by(PolicyVersion.number.desc()).limit(1))


def as_insured(row: InsuredPerson) -> Insured:
    """Somebody on a list, as he stands on the next one too."""
    return Insured(**{name: getattr(row, name) for name in Insured.__dataclass_fields__})
