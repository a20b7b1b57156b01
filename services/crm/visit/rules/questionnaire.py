"""The questions of a visit as dated data: which there are, which answers are bad, and what the answers are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from services.crm.visit.rules import Question, Severity
from shared.errors import Text

FULL = 100


@dataclass(frozen=True)
class Asked:
    """A question with its words and the points (0 to 100) of its answers; without points it is not counted."""

    question: Question
    text: Text
    points: Mapping[str, int]


def read_questionnaire(content: Mapping[str, Any], kind: str) -> tuple[Asked, ...]:
    """The questions of one kind of visit. Raises `KeyError` for a kind without questions, `ValueError` for a question
    whose bad answers or points name an answer that it does not have.
    """
    return tuple(_read(row) for row in content["kinds"][kind]["questions"])


def _read(row: Mapping[str, Any]) -> Asked:
    answers, negative = frozenset(row["answers"]), frozenset(row.get("negative", ()))
    points = dict(row.get("points", {}))
    if not negative <= answers or not set(points) <= answers or any(not 0 <= one <= FULL for one in points.values()):
        raise ValueError(f"question {row['code']}: negative answers and points must be among its answers, 0 to {FULL}")
    question = Question(
        code=row["code"], answers=answers, negative=negative, area=row["area"], severity=Severity(row["severity"]),
        required=row.get("required", True),
    )  # fmt: skip
    return Asked(question, Text(row["text_zh"], row["text_en"]), points)


def score(asked: Sequence[Asked], answers: Mapping[str, str]) -> int:
    """How satisfied the customer is, 0 to 100: the mean of the points of what was answered, halves up; nothing
    answered that counts: 100, since nothing was found wanting.
    """
    given = [one.points[answers[one.question.code]] for one in asked if answers.get(one.question.code) in one.points]
    if not given:
        return FULL
    return int((Decimal(sum(given)) / len(given)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
