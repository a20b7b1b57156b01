"""When the complainant can have been told. Pure."""

from __future__ import annotations

from datetime import datetime

from shared.errors import Fault, Refused, Text


class NotifiedBeforeDecision(Refused):
    code = "notified_before_decision"
    title = Text("告知早于决定", "Told before it was decided")
    detail = Text("告知时间不能早于作出决定的时间。", "The complainant cannot have been told before the decision.")


def refuse_before_decision(notified_at: datetime, decided_at: datetime | None) -> None:
    """Refuse (422) a telling dated before the decision."""
    if decided_at is None or notified_at < decided_at:
        fault = Fault(NotifiedBeforeDecision.code, NotifiedBeforeDecision.detail, pointer="#/notified_at")
        raise NotifiedBeforeDecision(fault)
