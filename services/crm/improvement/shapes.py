"""How improvements are shown."""

from __future__ import annotations

from collections.abc import Sequence

from services.crm.improvement.schemas import ActionItem
from services.crm.improvement.tables import SurveyAction
from services.crm.questionnaire.shapes import person
from shared.clock import legal_day
from shared.database import Transaction
from shared.directory import staff_numbers


async def items(tx: Transaction, rows: Sequence[SurveyAction]) -> list[ActionItem]:
    """These improvements, late or not as of today."""
    staff, today = await staff_numbers(tx, [one.owner_id for one in rows]), legal_day(tx.now)
    names = ("id", "version", "created_at", "status", "text", "unit_code", "due_on", "result", "done_at")
    return [
        ActionItem(
            **{name: getattr(one, name) for name in names},
            owner=person(one.owner_id, staff),
            overdue=one.status == "open" and one.due_on < today,
        )
        for one in rows
    ]
