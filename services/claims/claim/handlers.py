"""What every room does to the claim alike: take a duty on it."""

from __future__ import annotations

from uuid import UUID

from services.claims import events
from services.claims.claim import rules
from services.claims.claim.tables import Claim, ClaimDuty
from shared.database import Transaction


def take_duty(tx: Transaction, claim: Claim, duty: rules.Duty, person_id: UUID | None = None) -> None:
    """Write down that a person (default: the caller) took a duty, and tell the services that recuse by it."""
    person = person_id or tx.actor.person_id
    tx.add(ClaimDuty(claim_id=claim.id, org_path=claim.org_path, duty=str(duty), person_id=person))
    tx.publish(events.DutyTaken(claim_id=claim.id, duty=str(duty), person_id=person), claim)
