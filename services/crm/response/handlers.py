"""Read a survey by its link, and take the one answer that a link may give.

An anonymous answer is stored in a transaction that touches nothing else but the link, which is gone with it: no row
that stays says who answered what, nor when, nor in which order.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select

from services.crm.invitation.rules import digest_of, survey_of
from services.crm.invitation.tables import SurveyInvitation, SurveyLink
from services.crm.questionnaire.rules import Asked, asked_of, check_answers, points_of
from services.crm.response.rules import SurveyAnswered, refuse_closed
from services.crm.response.schemas import FormOut, ReceivedOut
from services.crm.response.tables import SurveyAnswer
from services.crm.survey.queries import questionnaire_of
from services.crm.survey.tables import Survey
from services.crm.visit.queries import sampling_key
from services.crm.visit.shapes import asked_out
from shared.actor import machine
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import NotFound


async def form(db: Database, survey_id: UUID, token: str, answers: Mapping[str, str]) -> FormOut:
    """What the holder of a link is asked, after what he has answered so far. Raises `NotFound`, `SurveyClosed`,
    `SurveyAnswered`.
    """
    async with db.transaction(machine("crm")) as tx:
        survey = await _open(tx, survey_id, token)
        held = select(SurveyLink.digest).where(SurveyLink.digest == digest_of(token))
        if await tx.scalar(held) is None:
            raise SurveyAnswered()
        asked = (await questionnaire_of(tx, survey)).asked
        due = {one.code for one in asked_of([one.question for one in asked], answers)}
        return FormOut(
            title={"zh": survey.title_zh, "en": survey.title_en}, anonymous=survey.anonymous,
            closes_on=survey.closes_on, questions=[asked_out(one) for one in asked if one.question.code in due],
        )  # fmt: skip


async def _open(tx: Transaction, survey_id: UUID, token: str) -> Survey:
    if survey_of(token, await sampling_key(tx)) != survey_id:
        raise NotFound()
    survey = await tx.find(Survey, survey_id)
    refuse_closed(survey.state, survey.closes_on, legal_day(tx.now))
    return survey


async def respond(db: Database, survey_id: UUID, token: str, answers: Mapping[str, str]) -> ReceivedOut:
    """Take the answer of a link, once. Raises as `form`, and `ValidationFailed` for what is no answer."""
    async with db.transaction(machine("crm")) as tx:
        survey = await _open(tx, survey_id, token)
        # of two at once the second waits here, and finds nothing
        used = delete(SurveyLink).where(SurveyLink.digest == digest_of(token), SurveyLink.survey_id == survey.id)
        link = (await tx.execute(used.returning(SurveyLink))).scalar_one_or_none()
        if link is None:
            raise SurveyAnswered()
        asked = (await questionnaire_of(tx, survey)).asked
        given = {code: said.strip() for code, said in answers.items() if said.strip()}
        check_answers([one.question for one in asked], given)
        tx.add(await _answer(tx, link, asked, given))
        return ReceivedOut()


async def _answer(tx: Transaction, link: SurveyLink, asked: tuple[Asked, ...], given: dict[str, str]) -> SurveyAnswer:
    points = points_of(asked, given)
    row = SurveyAnswer(
        org_path=link.unit_path, survey_id=link.survey_id, product=link.product, touch_point=link.touch_point,
        answers=given,
        points=Decimal(sum(points)) / len(points) if points else None,
    )  # fmt: skip
    if link.invitation_id is not None:
        whose = select(SurveyInvitation.customer_id).where(SurveyInvitation.id == link.invitation_id)
        row.invitation_id, row.answered_at = link.invitation_id, tx.now
        row.customer_id = await tx.scalar(whose)
    return row
