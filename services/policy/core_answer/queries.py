"""Applications that the core answers, and what was acknowledged for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from services.policy.application.tables import Application
from services.policy.issue.queries import acknowledged
from shared.database import Transaction


async def find(tx: Transaction, application_id: UUID | None) -> Application | None:
    """The application that a version names, locked; None where it names none or there is none."""
    if application_id is None:
        return None
    return await tx.scalar(select(Application).where(Application.id == application_id).with_for_update())


async def acknowledged_here(
    tx: Transaction, application_ids: Iterable[UUID | None]
) -> dict[tuple[str, str], datetime] | None:
    """(clause, text version) → when the customer acknowledged it here; None where no application was made here."""
    known = [one for one in dict.fromkeys(application_ids) if one is not None]
    if not known:
        return None
    found: dict[tuple[str, str], datetime] = {}
    for one in known:
        found = {**await acknowledged(tx, one), **found}
    return found
