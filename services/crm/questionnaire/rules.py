"""Questions as data: their forms, which of them follow from which answers, which answers are bad, what each is worth.

A scale runs from 1 to 5 and is worth 0 to 100 in even steps; a choice is worth what its edition says; words are worth
nothing. A question with a condition is asked where the question before it was answered so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from shared.errors import Fault, Refused, SeparationOfDuties, StateConflict, Text, ValidationFailed

FULL = 100
LONGEST = 2000
SURVEY = "survey"
_STEPS = ("1", "2", "3", "4", "5")


class Form(StrEnum):
    CHOICE = "choice"
    SCALE = "scale"
    TEXT = "text"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Status(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    RETIRED = "retired"


class QuestionnaireFaulty(Refused):
    """The faults name the questions."""

    code = "questionnaire_faulty"
    title = Text("问卷有误", "The questionnaire is faulty")
    detail = Text("问卷中的问题有误，见各项说明。", "Questions of the questionnaire are faulty; see each of them.")


class ItemsMissing(Refused):
    """Member: `missing`, the codes that the rule wants asked."""

    code = "required_items_missing"
    title = Text("缺少必问事项", "Items that must be asked are missing")
    detail = Text("缺少规定必问事项：{missing}。", "The rule wants these asked: {missing}.")


@dataclass(frozen=True)
class Branch:
    """Asked only where `question` was answered by one of `answers`."""

    question: str
    answers: frozenset[str]


@dataclass(frozen=True)
class Question:
    """A question: its answers, which of them are negative, and whose matter it is."""

    code: str
    answers: frozenset[str]
    negative: frozenset[str]
    area: str
    severity: Severity
    required: bool = True
    form: Form = Form.CHOICE
    asked_if: Branch | None = None


@dataclass(frozen=True)
class Asked:
    """A question with its words and the points (0 to 100) of its answers; without points it is not counted."""

    question: Question
    text: Text
    points: Mapping[str, int]
    options: tuple[tuple[str, Text], ...] = field(default=())
    """The answers in the order of the edition, with their words; a seed without words has the codes."""


def read_questionnaire(content: Mapping[str, Any], kind: str) -> tuple[Asked, ...]:
    """The questions of one kind of visit in a rule set. Raises `KeyError` for a kind without questions, `ValueError`
    for a question whose bad answers or points name an answer that it does not have.
    """
    return read_questions(content["kinds"][kind]["questions"])


def read_questions(rows: Iterable[Mapping[str, Any]]) -> tuple[Asked, ...]:
    """The questions of an edition, as they are stored."""
    return tuple(_read(row) for row in rows)


def _read(row: Mapping[str, Any]) -> Asked:
    form = Form(row.get("form", Form.CHOICE))
    given = {Form.SCALE: _STEPS, Form.TEXT: ()}.get(form, row.get("answers", ()))
    answers, negative = frozenset(given), frozenset(row.get("negative", ()))
    points = dict(row.get("points") or ({} if form is not Form.SCALE else _scaled()))
    if not negative <= answers or not set(points) <= answers or any(not 0 <= one <= FULL for one in points.values()):
        raise ValueError(f"question {row['code']}: negative answers and points must be among its answers, 0 to {FULL}")
    condition = row.get("asked_if")
    question = Question(
        code=row["code"], answers=answers, negative=negative, area=row["area"], severity=Severity(row["severity"]),
        required=row.get("required", True), form=form,
        asked_if=None if condition is None else Branch(condition["question"], frozenset(condition["answers"])),
    )  # fmt: skip
    labels = row.get("labels") or {}
    options = tuple((one, Text(*_words(labels.get(one), one))) for one in given)
    return Asked(question, Text(row["text_zh"], row["text_en"]), points, options)


def _words(label: Mapping[str, str] | None, code: str) -> tuple[str, str]:
    return (label["zh"], label["en"]) if label else (code, code)


def _scaled() -> dict[str, int]:
    return {step: n * FULL // (len(_STEPS) - 1) for n, step in enumerate(_STEPS)}


def check_edition(rows: Sequence[Mapping[str, Any]], *, must_ask: Collection[str] = (), counted: bool = False) -> None:
    """Refuse (422) an edition that cannot be asked: a code twice, a condition on what was not asked before, answers
    that a question does not have; one without what the rule wants asked; and, where an index is made of it, one in
    which nothing counts.
    """
    faults, before = [], {}
    for n, row in enumerate(rows):
        faults += _faults_of(row, before, f"#/questions/{n}")
        before[row["code"]] = row
    if faults:
        raise QuestionnaireFaulty(*faults)
    missing = sorted(set(must_ask) - set(before))
    if missing:
        raise ItemsMissing(missing=missing)
    if counted and not any(one.points for one in read_questions(rows)):
        words = Text("至少一题须可计分。", "At least one question must count.")
        raise QuestionnaireFaulty(Fault("nothing_counted", words, pointer="#/questions"))


def _faults_of(row: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]], place: str) -> Iterable[Fault]:
    if row["code"] in before:
        yield Fault("code_twice", Text("问题代码重复。", "This code stands twice."), pointer=f"{place}/code")
    if row.get("form", Form.CHOICE) == Form.CHOICE and len(set(row.get("answers", ()))) < 2:
        yield Fault("answers_missing", Text("至少两个选项。", "Give two answers or more."), pointer=f"{place}/answers")
    try:
        _read(row)
    except ValueError:
        words = Text("负面选项和分值须为本题选项。", "Negative answers and points must be among its answers.")
        yield Fault("answer_unknown", words, pointer=place)
    condition = row.get("asked_if")
    if condition is not None:
        known = before.get(condition["question"])
        if known is None or not set(condition["answers"]) <= _read(known).question.answers:
            words = Text(
                "条件须引用前面的问题及其选项。", "The condition names no earlier question with such an answer."
            )
            yield Fault("condition_unknown", words, pointer=f"{place}/asked_if")


def may_approve(status: Status, drafter: Any, persons: Collection[Any]) -> None:
    """Refuse (409) what is no draft, and (403) its own drafter."""
    if status is not Status.DRAFT:
        raise StateConflict(current_state=str(status), legal_moves=[])
    if drafter in persons:
        raise SeparationOfDuties(conflicting_duty="drafter")


def asked_of(questions: Sequence[Question], answers: Mapping[str, str]) -> list[Question]:
    """The questions that these answers lead to, in order."""
    found: dict[str, Question] = {}
    for one in questions:
        condition = one.asked_if
        if condition is None or (condition.question in found and answers.get(condition.question) in condition.answers):
            found[one.code] = one
    return list(found.values())


def check_answers(questions: Sequence[Question], answers: Mapping[str, str]) -> None:
    """Refuse (422), all together, what was not answered, was not asked, or is no answer."""
    faults = list(_answer_faults(questions, answers))
    if faults:
        raise ValidationFailed(*faults)


def _answer_faults(questions: Sequence[Question], answers: Mapping[str, str]) -> Iterable[Fault]:
    asked = {one.code: one for one in asked_of(questions, answers)}
    for code, one in asked.items():
        if one.required and not answers.get(code, "").strip():
            text = Text("该问题未回答。", "This question is not answered.")
            yield Fault("answer_required", text, pointer=f"#/answers/{code}")
    for code, answer in answers.items():
        if code not in asked or not _possible(asked[code], answer):
            text = Text("没有这一问题或选项。", "There is no such question or answer.")
            yield Fault("answer_unknown", text, pointer=f"#/answers/{code}")


def _possible(question: Question, answer: str) -> bool:
    if question.form is Form.TEXT:
        return len(answer) <= LONGEST
    # what was left empty is told as not answered
    return answer in question.answers or not answer.strip()


def points_of(asked: Sequence[Asked], answers: Mapping[str, str]) -> list[int]:
    """The points of what was answered and counts."""
    return [one.points[answers[one.question.code]] for one in asked if answers.get(one.question.code) in one.points]


def mean(points: Sequence[int]) -> int:
    """Halves up. Of at least one."""
    return int((Decimal(sum(points)) / len(points)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def score(asked: Sequence[Asked], answers: Mapping[str, str]) -> int:
    """How satisfied the customer is, 0 to 100: the mean of the points of what was answered, halves up; nothing
    answered that counts: 100, since nothing was found wanting.
    """
    given = points_of(asked, answers)
    return mean(given) if given else FULL
