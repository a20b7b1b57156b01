"""What the receipt of a claim's letter means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.claims.agreement import handlers as agreement
from services.claims.claim.tables import Claim
from services.claims.correspondence.rules import TELLS, LetterKind
from shared.database import Transaction


async def served(
    tx: Transaction, claim: Claim, letter: Mapping[str, Any], at: datetime, method: str, _state: Any
) -> None:
    """The receipt of the letter that tells the result is the service of the notice: a refusal stands from then on."""
    kind = LetterKind(letter["kind"])
    if kind in TELLS:
        await agreement.serve_by_letter(tx, claim, TELLS[kind], at, method)
