"""How notices are shown."""

from __future__ import annotations

from services.risk.rectification.queries import ACTIONS
from services.risk.rectification.schemas import NoticeItem, NoticeOut
from services.risk.rectification.tables import RectificationNotice
from shared.actions import judged
from shared.actor import Actor


def item(row: RectificationNotice) -> NoticeItem:
    """The notice in a list."""
    return NoticeItem.model_validate(row)


def alone(row: RectificationNotice, actor: Actor, language: str) -> NoticeOut:
    """The notice read singly."""
    told = item(row).model_dump(by_alias=True)
    return NoticeOut(**told, available_actions=judged(ACTIONS, actor, row, row.id, language))
