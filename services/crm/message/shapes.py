"""How notices are shown."""

from __future__ import annotations

from collections.abc import Sequence

from services.crm.message import queries
from services.crm.message.schemas import MessageItem
from services.crm.reference.tables import NoticeSeen
from services.crm.timeline.queries import numbers_of
from services.crm.timeline.schemas import About
from shared.database import Transaction


async def items(tx: Transaction, rows: Sequence[NoticeSeen]) -> list[MessageItem]:
    """These notices with what they are about, and whose it is as far as that is known."""
    ids = [one.about_id for one in rows]
    known, numbers = await queries.owners(tx, ids), await numbers_of(tx, ids)
    found = []
    for one in rows:
        kind, customer_id = known.get(one.about_id, ("unknown", None))
        about = About(kind=kind, id=one.about_id, number=numbers.get(one.about_id))
        found.append(
            MessageItem(
                id=one.id,
                version=one.record_version,
                org_path=one.org_path,
                created_at=one.created_at,
                updated_at=one.at,
                service=one.service,
                kind=one.kind,
                about=about,
                channel=one.channel,
                customer_id=customer_id,
                state=one.state,
            )
        )
    return found
