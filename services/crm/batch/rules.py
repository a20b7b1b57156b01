"""What may be asked about in a batch."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from shared.errors import Fault, Refused, Text


class Outcome(StrEnum):
    PLANNED = "planned"
    LEFT_ALONE = "left_alone"
    ALREADY_PLANNED = "already_planned"
    NOT_FOUND = "not_found"


class DueInPast(Refused):
    code = "due_in_past"
    title = Text("期限已过", "The due day is over")
    detail = Text("回访期限须为今天或以后。", "A visit is due today or later.")


ABOUT = {
    "underwriting": "policy", "cooling_off": "policy", "claim_settlement": "claim", "survey_promptness": "claim",
    "complaint": "complaint",
}  # fmt: skip
"""What each kind of visit is about."""


def refuse_past(due_on: date, today: date) -> None:
    """Refuse (422) a batch that is due before it is planned."""
    if due_on < today:
        raise DueInPast(Fault(DueInPast.code, DueInPast.detail, pointer="#/due_on"))
