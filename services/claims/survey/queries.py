"""What the survey room knows of a claim, for its actions and for what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.claims.claim.queries import ClaimFacts, facts_of
from services.claims.claim.rules import FORBIDDEN, Duty, conflicts, refuse_person
from services.claims.claim.tables import Claim
from services.claims.survey import rules
from services.claims.survey.tables import Dispatch, DispatchAnswer, LossSurvey
from shared import directory
from shared.assignees import Check
from shared.database import Transaction
from shared.directory import directory_units
from shared.work_items import open_counts


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


async def declined(tx: Transaction, claim_id: UUID) -> frozenset[UUID]:
    """Who was sent to this claim and said no: nobody is chosen for it twice."""
    no = select(DispatchAnswer.person_id).where(DispatchAnswer.claim_id == claim_id, DispatchAnswer.accepted.is_(False))
    return frozenset(await tx.scalars(no))


async def surveyor_paths(tx: Transaction, person_id: UUID) -> list[str]:
    """The units at which this person is a surveyor today."""
    return [row["path"] for row in await directory.appointments(tx, position="surveyor", person_id=person_id)]


async def candidates(tx: Transaction, facts: ClaimFacts) -> list[rules.Candidate]:
    """The surveyors of the claim's branch, as a dispatcher sees them: who is near, who has how much to do, who may
    not go and why."""
    claim = facts.claim
    branch = ".".join(claim.org_path.split(".")[:2])
    held = [
        row
        for row in await directory.appointments(tx, position="surveyor")
        if branch == "00" or row["path"] == branch or row["path"].startswith(branch + ".")
    ]
    units = directory_units.c
    areas = select(units.code, units.area_codes).where(units.code.in_({row["unit_code"] for row in held}))
    codes = {code: found for code, found in await tx.execute(areas)}
    refused = await declined(tx, claim.id)
    counts = await open_counts(tx, [row["person_id"] for row in held])
    found = [
        rules.Candidate(
            person_id=row["person_id"], staff_no=row["staff_no"], unit_code=row["unit_code"],
            near=_near(claim, row["unit_code"], codes.get(row["unit_code"], [])),
            open_items=counts.get(row["person_id"], 0), conflict=_conflict(facts, row["person_id"], refused),
        )
        for row in held
    ]  # fmt: skip
    return rules.in_order(found)


def _near(claim: Claim, unit_code: str, area_codes: Sequence[str]) -> bool:
    return rules.covers(area_codes, claim.area_code) if claim.area_code else unit_code == claim.unit_code


def _conflict(facts: ClaimFacts, person_id: UUID, refused: frozenset[UUID]) -> str | None:
    if person_id in facts.interested:
        return "interested_party"
    held = conflicts(facts.duties, person_id, FORBIDDEN[Duty.SURVEYOR])
    return next((str(one) for one in held), "declined" if person_id in refused else None)


async def unaccepted(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Claims whose surveyor has not said in time that he goes."""
    late = select(Claim.id).where(Claim.survey_due_at.is_not(None), Claim.survey_accept_due_at <= tx.now)
    return await tx.scalars(late.order_by(Claim.survey_accept_due_at, Claim.id).limit(limit))


async def overdue(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Claims whose survey is due and not in, and whose level above has not been told."""
    late = select(Claim.id).where(Claim.survey_due_at <= tx.now, Claim.survey_overdue_at.is_(None))
    return await tx.scalars(late.order_by(Claim.survey_due_at, Claim.id).limit(limit))
