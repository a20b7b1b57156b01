"""What the receipt of a complaint's letter means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.complaints.complaint.queries import grounds_of
from services.complaints.complaint.rules import ComplaintStatus, refuse_recused
from services.complaints.complaint.tables import Complaint, ComplaintFact
from services.complaints.correspondence.rules import LetterKind
from services.complaints.decision.handlers import tell
from shared.database import Transaction


async def served(
    tx: Transaction, complaint: Complaint, letter: Mapping[str, Any], at: datetime, method: str, _state: Any
) -> None:
    """The receipt of the reply is the telling: it is the proof, and the period for a review begins with it."""
    refuse_recused(tx.actor.person_id, await grounds_of(tx, complaint), tx.actor.on_behalf_of)
    if LetterKind(letter["kind"]) is LetterKind.REPLY and complaint.state is ComplaintStatus.DECIDED:
        await tell(tx, complaint, at)
        told = {"method": method, "proof": str(letter["id"])}
        tx.add(
            ComplaintFact(
                complaint_id=complaint.id, org_path=complaint.org_path, kind="notify", person_id=tx.actor.person_id,
                occurred_at=at, told=told,
            )
        )  # fmt: skip
