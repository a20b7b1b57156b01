"""Who asks for the destruction of a volume and who confirms it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from services.policy.archive.rules import VolumeStatus, may_destroy
from shared.errors import Conflict, Fault, ReasonRequired, SeparationOfDuties, Text


class DestructionRequested(Conflict):
    """Member: `destruction_id`."""

    code = "destruction_requested"
    title = Text("已有销毁申请", "Destruction is requested already")
    detail = Text(
        "销毁申请 {destruction_id} 尚待另一人确认。", "Request {destruction_id} waits for another person's decision."
    )


class DestructionDecided(Conflict):
    """Member: `status`."""

    code = "destruction_decided"
    title = Text("销毁申请已处理", "The request has been decided")
    detail = Text("该销毁申请状态为 {status}。", "The request is {status}.")


def may_request(
    status: VolumeStatus, today: date, keep_until: date, frozen_by: Sequence[str], waiting: UUID | None
) -> None:
    """Refuse (409) a second request, and a volume that may not be destroyed."""
    if waiting is not None:
        raise DestructionRequested(destruction_id=str(waiting))
    may_destroy(status, today, keep_until, frozen_by)


def may_decide(status: str, requested_by: UUID, persons: Collection[UUID]) -> None:
    """Refuse (403) whoever asked for it, also through a delegate, and (409) a request that was decided."""
    if requested_by in persons:
        raise SeparationOfDuties(conflicting_duty="destruction")
    if status != "requested":
        raise DestructionDecided(status=status)


def check_reason(reason: str | None) -> None:
    """Refuse (422) a rejection without its reason."""
    if reason is None or not reason.strip():
        words = Text("须说明理由。", "Say why.")
        raise ReasonRequired(Fault(ReasonRequired.code, words, pointer="#/reason"))
