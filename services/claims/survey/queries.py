"""What the survey room knows of a claim, for its actions and for what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.claims.survey.tables import Dispatch, LossSurvey
from shared import directory
from shared.database import Transaction


async def surveys_of(tx: Transaction, claim_id: UUID) -> Sequence[LossSurvey]:
    """Every survey of a claim, the first one first."""
    statement = select(LossSurvey).where(LossSurvey.claim_id == claim_id)
    return await tx.scalars(statement.order_by(LossSurvey.created_at))


async def dispatches_of(tx: Transaction, claim_id: UUID) -> Sequence[Dispatch]:
    """Everybody who was sent, the first one first."""
    statement = select(Dispatch).where(Dispatch.claim_id == claim_id)
    return await tx.scalars(statement.order_by(Dispatch.created_at))


async def surveyor_paths(tx: Transaction, person_id: UUID) -> list[str]:
    """The units at which this person is a surveyor today."""
    return [row["path"] for row in await directory.appointments(tx, position="surveyor", person_id=person_id)]
