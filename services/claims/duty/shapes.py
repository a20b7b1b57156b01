"""How rosters and rates read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.claims.duty import queries, rules
from services.claims.duty.schemas import RateOut, RatesOut, RosterItem, RosterOut, ShiftOut
from services.claims.duty.tables import DutyRoster
from shared import directory
from shared.actions import Action, judged
from shared.database import Transaction


async def items(tx: Transaction, rows: Sequence[DutyRoster]) -> list[RosterItem]:
    """Rosters in a list, with staff numbers and who is on duty now."""
    people = {UUID(one["person_id"]) for row in rows for one in row.shifts}
    numbers = await directory.staff_numbers(tx, people)
    return [RosterItem(**_told(tx, row, numbers)) for row in rows]


async def alone(
    tx: Transaction, row: DutyRoster, actions: tuple[Action[Any], ...], facts: Any, language: str
) -> RosterOut:
    """One roster, and whether it may still change."""
    numbers = await directory.staff_numbers(tx, {UUID(one["person_id"]) for one in row.shifts})
    shown = judged(actions, tx.actor, facts, row.id, language)
    return RosterOut(**_told(tx, row, numbers), available_actions=shown)


def _told(tx: Transaction, row: DutyRoster, numbers: dict[UUID, str]) -> dict[str, Any]:
    shifts = queries.shifts_of(row)
    return {
        "id": row.id, "version": row.version, "org_path": row.org_path, "created_at": row.created_at,
        "updated_at": row.updated_at, "unit_code": row.unit_code, "month": row.month,
        "shifts": [
            ShiftOut(
                person_id=one.person_id, staff_no=numbers.get(one.person_id), starts_at=one.starts_at,
                ends_at=one.ends_at,
            )
            for one in shifts
        ],
        "on_duty": rules.on_duty(shifts, tx.now),
    }  # fmt: skip


def rates(from_on: date, to_on: date, rows: Sequence[queries.Counted], quick_s: int) -> RatesOut:
    """The answer rates of units, and of all of them together."""
    whole = queries.Counted(
        "", sum(one.calls for one in rows), sum(one.answered for one in rows), sum(one.quick for one in rows)
    )
    total = _rate(whole).model_dump(exclude_none=True, exclude={"unit_code"})
    return RatesOut(
        from_on=from_on, to_on=to_on, quick_answer_seconds=quick_s, items=[_rate(one) for one in rows], total=total
    )


def _rate(one: queries.Counted) -> RateOut:
    answered, quick = rules.rate(one.answered, one.calls), rules.rate(one.quick, one.calls)
    return RateOut(
        unit_code=one.unit_code, calls=one.calls, answered=one.answered, answered_quickly=one.quick,
        rate=None if answered is None else str(answered), quick_rate=None if quick is None else str(quick),
    )  # fmt: skip
