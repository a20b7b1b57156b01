"""Which findings concern loss prevention, and when one may be put right. Pure."""

from __future__ import annotations

from datetime import datetime

from shared.errors import Conflict, Text

AREAS = frozenset({"risk", "prevention", "loss_prevention"})
"""What a questionnaire calls our work."""
GRAVE = frozenset({"high"})


def concerns_us(area: str) -> bool:
    """Whether a finding of this area is ours to put right."""
    return area in AREAS


class FindingCorrectedAlready(Conflict):
    """Member: `corrected_at`."""

    code = "finding_corrected_already"
    title = Text("该问题已整改", "The finding was put right already")
    detail = Text("该问题已于 {corrected_at} 整改。", "This finding was put right at {corrected_at}.")


def refuse_corrected(corrected_at: datetime | None) -> None:
    """Refuse (409) putting a finding right twice."""
    if corrected_at is not None:
        raise FindingCorrectedAlready(corrected_at=corrected_at.isoformat(timespec="seconds"))
