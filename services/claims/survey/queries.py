"""What the survey room knows of a claim, for its actions and for what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.claims.claim.queries import facts_of
from services.claims.claim.rules import Duty, refuse_person
from services.claims.claim.tables import Claim
from services.claims.survey import rules
from services.claims.survey.tables import Dispatch, LossSurvey
from shared import directory
from shared.assignees import Check
from shared.database import Transaction


async def surveys_of(tx: Transaction, claim_id: UUID) -> Sequence[LossSurvey]:
    """Every survey of a claim, the first one first."""
    statement = select(LossSurvey).where(LossSurvey.claim_id == claim_id)
    return await tx.scalars(statement.order_by(LossSurvey.created_at))


async def dispatches_of(tx: Transaction, claim_id: UUID) -> Sequence[Dispatch]:
    """Everybody who was sent, the first one first."""
    statement = select(Dispatch).where(Dispatch.claim_id == claim_id)
    return await tx.scalars(statement.order_by(Dispatch.created_at))


async def who_may_survey(tx: Transaction, claim_id: UUID, state: Any) -> Check:
    """For pickers: the refusal that sending this person would get."""
    facts = await facts_of(tx, await tx.find(Claim, claim_id), state)

    async def check(person_id: UUID) -> None:
        rules.check_eligible(await surveyor_paths(tx, person_id), facts.claim.org_path)
        refuse_person(facts.duties, person_id, Duty.SURVEYOR, facts.interested)

    return check


async def surveyor_paths(tx: Transaction, person_id: UUID) -> list[str]:
    """The units at which this person is a surveyor today."""
    return [row["path"] for row in await directory.appointments(tx, position="surveyor", person_id=person_id)]
