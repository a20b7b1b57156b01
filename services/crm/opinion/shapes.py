"""How opinions and demands are shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.crm.opinion.schemas import DemandItem, DemandOut, OpinionItem, OpinionOut, StateOut
from services.crm.opinion.tables import Demand, Opinion
from services.crm.questionnaire.shapes import person
from shared.actions import Action, judged
from shared.database import Transaction
from shared.directory import staff_numbers


def state_of(row: Opinion | Demand) -> StateOut:
    return StateOut(id=row.id, version=row.version, status=row.status)


def opinion(row: Opinion) -> OpinionItem:
    return OpinionItem(**{name: getattr(row, name) for name in OpinionItem.model_fields})


def demand(row: Demand) -> DemandItem:
    return DemandItem(**{name: getattr(row, name) for name in DemandItem.model_fields})


async def _by(tx: Transaction, person_id: UUID | None) -> dict[str, str] | None:
    return None if person_id is None else person(person_id, await staff_numbers(tx, [person_id]))


async def opinion_alone(tx: Transaction, row: Opinion, actions: tuple[Action[Any], ...], language: str) -> OpinionOut:
    return OpinionOut(
        **opinion(row).model_dump(), answered_by=await _by(tx, row.answered_by), notice_id=row.notice_id,
        available_actions=judged(actions, tx.actor, row, row.id, language),
    )  # fmt: skip


async def demand_alone(tx: Transaction, row: Demand, actions: tuple[Action[Any], ...], language: str) -> DemandOut:
    return DemandOut(
        **demand(row).model_dump(), reviewed_by=await _by(tx, row.reviewed_by), notice_id=row.notice_id,
        available_actions=judged(actions, tx.actor, row, row.id, language),
    )  # fmt: skip
