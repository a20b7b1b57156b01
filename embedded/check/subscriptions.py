"""Who listens to what, which lives records may have, and which positions exclude each other: written from the product,
compared with it by a test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent

OFF_THE_TIMELINE = frozenset(("claims.duty.taken.v1", "complaints.complaint.recused.v1", "risk.hazard.found.v1"))
"""What crm hears and does not show a customer: who worked on his claim, who stays out of his complaint, and what only
tells whose hazard it is."""


@cache
def subscriptions() -> Mapping[str, Sequence[str]]:
    """Service → subjects that it consumes."""
    return json.loads((_HERE / "subscriptions.json").read_text(encoding="ascii"))


@cache
def consumers_of(subject: str) -> frozenset[str]:
    """The services that consume `subject`."""
    return frozenset(name for name, subjects in subscriptions().items() if subject in subjects)


@cache
def lifecycles() -> Sequence[Mapping[str, Any]]:
    """Each: `database`, `table`, `record_type`, `column`, and `next`: state → states that may follow it."""
    return json.loads((_HERE / "lifecycles.json").read_text(encoding="ascii"))


@cache
def forbidden_pairs() -> frozenset[frozenset[str]]:
    """Positions that one person may not hold at once."""
    return frozenset(map(frozenset, json.loads((_HERE / "forbidden_pairs.json").read_text(encoding="ascii"))))
