"""The guide goes out with the report, from this service's own data: at 02:45, whatever else is down."""

from __future__ import annotations

from collections.abc import Iterable

from services.claims import events
from services.claims.claim.tables import Claim
from shared.database import Transaction
from shared.notices import send_notice


async def send_guide(tx: Transaction, claim: Claim, documents: Iterable[str], steps: Iterable[str]) -> None:
    """Tell the reporter what is needed and what happens next; without a phone it is kept as not sent, with the reason.

    `documents`, `steps`: their Chinese names, in order.
    """
    told = {"claim_no": claim.claim_no, "documents": "、".join(documents), "steps": "；".join(steps)}
    phone = claim.reporter.get("phone")
    await send_notice(tx, events.NoticeSent, claim, "guide", channel="sms", address=phone, facts=told)
