"""A record's time of change never goes back, whichever transaction comes last."""

from __future__ import annotations

from datetime import timedelta

from services.claims.claim.tables import Claim
from services.risk.key_risk.tables import KeyRiskFile
from shared.clock import process_now


def test_a_transaction_that_began_earlier_and_came_last_leaves_the_later_time() -> None:
    now = process_now()
    for kind in (Claim, KeyRiskFile):
        record = kind(updated_at=now)
        record.updated_at = now - timedelta(seconds=1)
        assert record.updated_at == now
        record.updated_at = now + timedelta(seconds=1)
        assert record.updated_at == now + timedelta(seconds=1)
