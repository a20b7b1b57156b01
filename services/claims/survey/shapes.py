"""How surveys read, on the claim and in its timeline."""

from __future__ import annotations

from typing import Any

from services.claims.claim.queries import ClaimFacts
from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim
from services.claims.survey import queries
from services.claims.survey.rules import Candidate
from services.claims.survey.schemas import CandidateOut, SurveyOut
from services.claims.survey.tables import LossSurvey
from shared.database import Transaction
from shared.masking import masked_name


def survey(row: LossSurvey, claim: Claim) -> SurveyOut:
    """A survey alone; participants are persons and therefore masked."""
    return SurveyOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), surveyor_person_id=row.surveyor_person_id,
        surveyed_at=row.surveyed_at, place=row.place, participants=[masked_name(one) for one in row.participants],
        findings=row.findings, liability_opinion=_opinion(row), photos=row.photos,
        masked=["participants"] if row.participants else [],
    )  # fmt: skip


def candidate(one: Candidate) -> CandidateOut:
    """A surveyor as the dispatcher chooses him."""
    return CandidateOut(
        person_id=one.person_id, staff_no=one.staff_no, unit_code=one.unit_code, near=one.near,
        open_items=one.open_items, eligible=one.conflict is None, reason=one.conflict,
    )  # fmt: skip


def _opinion(row: LossSurvey) -> dict[str, Any] | None:
    if row.fault_ratio is None and row.opinion is None:
        return None
    told = {"fault_ratio": None if row.fault_ratio is None else format(row.fault_ratio.normalize(), "f")}
    return {name: value for name, value in {**told, "text": row.opinion}.items() if value is not None}


async def shown(tx: Transaction, facts: ClaimFacts) -> dict[str, Any]:
    """The part of the claim that tells its surveys."""
    rows = await queries.surveys_of(tx, facts.claim.id)
    shaped = [survey(row, facts.claim).model_dump(mode="json", exclude_none=True, exclude={"claim"}) for row in rows]
    return {
        "surveys": shaped,
        "masked": [f"surveys.{n}.participants" for n, row in enumerate(rows) if row.participants],
    }


async def plain_values(tx: Transaction, claim: Claim) -> dict[str, str | None]:
    """What a reveal can show of surveys: who took part."""
    rows = await queries.surveys_of(tx, claim.id)
    return {f"surveys.{n}.participants": "、".join(row.participants) for n, row in enumerate(rows)}


async def timeline(tx: Transaction, claim: Claim) -> list[dict[str, Any]]:
    """Surveys by the time at which they were made."""
    return [
        {
            "at": row.surveyed_at, "kind": "survey", "recorded_at": row.created_at, "facts": {"survey_id": str(row.id)},
            "person": {"person_id": str(row.surveyor_person_id)},
        }
        for row in await queries.surveys_of(tx, claim.id)
    ]  # fmt: skip
