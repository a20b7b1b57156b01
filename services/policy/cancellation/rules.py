"""Whether a cancellation may be carried out. Pure."""

from __future__ import annotations

from services.policy.application.rules import CompulsoryCover
from shared.errors import StateConflict

READY = "accepted"


def may_cancel(kind: str, status: str) -> None:
    """Refuse (409) to carry out what is no accepted cancellation."""
    if kind != "cancellation" or status != READY:
        raise StateConflict(current_state=status, legal_moves=[])


def refuse_compulsory(*, work_safety: bool, proven: bool) -> None:
    """Refuse (409) to end compulsory work-safety cover without proof of closure or of a full stop of production
    (安全生产责任保险实施办法 2025 art. 16)."""
    if work_safety and not proven:
        raise CompulsoryCover()
