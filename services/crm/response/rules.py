"""Why a link takes no answer."""

from __future__ import annotations

from datetime import date

from services.crm.survey.rules import SurveyStatus
from shared.errors import Conflict, Text


class SurveyClosed(Conflict):
    code = "survey_closed"
    title = Text("调查已结束", "The survey is closed")
    detail = Text("感谢您的关注，本次调查已结束。", "Thank you for your interest; this survey has ended.")


class SurveyAnswered(Conflict):
    code = "survey_answered"
    title = Text("已收到您的回答", "Your answer has been received")
    detail = Text("感谢您，您的回答已收到，每个链接只能填写一次。", "Thank you: your answer is here. A link takes one.")


def refuse_closed(status: SurveyStatus, closes_on: date, today: date) -> None:
    """Refuse (409) an answer to a survey that does not run, or whose last day is over."""
    if status is not SurveyStatus.RUNNING or today > closes_on:
        raise SurveyClosed()
