"""The terms of a product, and what a version may say before it is published. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from services.policy.policy.rules import cover_faults
from shared.errors import Conflict, Fault, Refused, Text, ValidationFailed

REDUCING = ("exclusion", "deductible", "deductible_rate", "proportional_payment", "co_pay")
"""Kinds of clause that free the insurer or pay less: the customer acknowledges each of them separately (保险法 art. 17,
保险销售行为管理办法 art. 26)."""
CLAUSE_KINDS = (*REDUCING, "cover", "duty", "procedure", "cancellation")
QUESTION_KINDS = ("yes_no", "choice", "number", "amount", "date", "text")
EFFECTS = ("survey", "special_agreement", "rate", "decline", "refer")
"""What a material answer leads to (保险法 art. 16)."""


@dataclass(frozen=True)
class Clause:
    """A clause of the standard terms in one wording; `text_version` changes with every word."""

    clause_id: str
    text_version: str
    kind: str
    title: Mapping[str, str]
    text: str

    @property
    def reducing(self) -> bool:
        return self.kind in REDUCING

    @property
    def key(self) -> tuple[str, str]:
        return self.clause_id, self.text_version


@dataclass(frozen=True)
class Question:
    """One concrete question. `material` says which answers matter and what they lead to: a list of
    `{when: {equals|one_of|above|below}, effects: [...]}`."""

    code: str
    text: Mapping[str, str]
    kind: str
    choices: tuple[str, ...]
    material: tuple[Mapping[str, Any], ...]
    asks_detail: bool


@dataclass(frozen=True)
class Item:
    """One thing on a document checklist; `condition` names the circumstance in which it is needed, "" always."""

    code: str
    text: Mapping[str, str]
    condition: str


@dataclass(frozen=True)
class Terms:
    """One version of a product's terms, read from its stored content."""

    code: str
    number: int
    name: str
    effective_from: date
    content: Mapping[str, Any]

    @property
    def line(self) -> str:
        return self.content["line"]

    @property
    def business(self) -> str:
        return self.content["business"]

    @property
    def issued_by(self) -> str:
        """`core`: the core policy system issues and numbers; `anlan`: this system does."""
        return self.content["issued_by"]

    @property
    def compulsory(self) -> bool:
        return self.content["compulsory"]

    @property
    def work_safety(self) -> bool:
        """Compulsory work-safety liability: cancelled only with proof of closure, renewed without delay."""
        return self.content["work_safety"]

    @property
    def cash_before_cover(self) -> bool:
        """见费出单: no policy before the premium is paid."""
        return self.content["cash_before_cover"]

    @property
    def risk_level(self) -> str:
        return self.content["risk_level"]

    @property
    def term_months(self) -> int:
        """The longest term in months; accident cover of a property insurer runs at most one year (art. 95)."""
        return self.content["term_months"]

    @property
    def cover_template(self) -> Mapping[str, Any]:
        """By term: `{required?, default?, lowest?, highest?}`; a term that is not named is not offered."""
        return self.content["cover_template"]

    @property
    def rating(self) -> Mapping[str, Any]:
        """What was filed: number, basis, rate (‰) or amount per head, factors by class, range, minimum."""
        return self.content["rating"]

    @property
    def factor_range(self) -> tuple[Decimal, Decimal]:
        """The filed range of the adjustment factor, both ends included."""
        return Decimal(self.rating["lowest_factor"]), Decimal(self.rating["highest_factor"])

    @property
    def refund(self) -> Mapping[str, Any]:
        """`{rule: pro_rata|net_premium, loading?, handling_fee_rate?}`, rates as strings."""
        return self.content["refund"]

    @property
    def forms(self) -> Mapping[str, str]:
        """Version of each form by kind: `proposal, endorsement, cancellation, policy_schedule, receipt`."""
        return self.content["forms"]

    @property
    def death_cover(self) -> bool:
        """Whether it pays on death of a listed person, so that the insured's consent is needed (art. 34)."""
        return self.content["death_cover"]

    @property
    def question_version(self) -> str:
        return self.content["questions"]["version"]

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        return tuple(Clause(**one) for one in self.content["clauses"])

    @cached_property
    def reducing_clauses(self) -> tuple[Clause, ...]:
        """Exclusions and every clause that pays less."""
        return tuple(one for one in self.clauses if one.reducing)

    @cached_property
    def duty_clauses(self) -> tuple[Clause, ...]:
        return tuple(one for one in self.clauses if one.kind == "duty")

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        return tuple(
            Question(
                code=one["code"], text=one["text"], kind=one["kind"], choices=tuple(one.get("choices", ())),
                material=tuple(one.get("material", ())), asks_detail=one.get("asks_detail", False),
            )
            for one in self.content["questions"]["items"]
        )  # fmt: skip

    def checklist(self, kind: str) -> tuple[Item, ...]:
        """What a `proposal`, `endorsement` or `cancellation` has to bring along."""
        rows = self.content["checklists"].get(kind, ())
        return tuple(Item(one["code"], one["text"], one.get("condition", "")) for one in rows)

    def agreement(self, code: str) -> Mapping[str, Any] | None:
        """A special agreement of the product's library; None: it stands outside the library."""
        return next((one for one in self.content["agreements"] if one["code"] == code), None)


class EffectiveDayNotLater(Refused):
    """Member: `earliest_on`, the first day on which a new version may begin."""

    code = "effective_day_not_later"
    title = Text("生效日必须晚于今天", "A version begins later than today")
    detail = Text("新版本最早自 {earliest_on} 起生效。", "A new version may begin on {earliest_on} or later.")


class VersionOverlaps(Conflict):
    """Members: `version` and `effective_from` of the latest one."""

    code = "product_version_overlaps"
    title = Text("与既有版本重叠", "It overlaps another version")
    detail = Text(
        "版本 {version} 自 {effective_from} 起生效，新版本须在其后。",
        "Version {version} begins on {effective_from}; a new one begins after it.",
    )


class ProductCodeTaken(Conflict):
    code = "product_code_taken"
    title = Text("产品代码已使用", "The product code is taken")
    detail = Text("该产品代码已存在，请发布其新版本。", "The code exists; publish a new version of it.")


class CatchAllQuestion(Refused):
    """Member: `questions`, the codes."""

    code = "catch_all_question"
    title = Text("询问不得概括", "A question may not be a catch-all")
    detail = Text(
        "投保询问须具体，概括性条款无效：{questions}。",
        "Questions are concrete; a catch-all binds nobody: {questions}.",
    )


_OTHER, _ALL = ("其他", "其它", "任何"), ("情况", "事项", "事实")
_CATCH_ALL_EN = ("anything else", "any other", "all other", "everything")


def refuse_catch_all(questions: Sequence[Question]) -> None:
    """Refuse (422) questions that ask for whatever there may be (保险法解释二 art. 6, 保险销售行为管理办法 art. 27)."""
    found = [one.code for one in questions if _asks_for_all(one)]
    if found:
        raise CatchAllQuestion(questions=", ".join(found))


def _asks_for_all(question: Question) -> bool:
    zh, en = question.text["zh"], question.text["en"].lower()
    general = any(a + b in zh for a in _OTHER for b in _ALL) or "一切" in zh
    return general or any(words in en for words in _CATCH_ALL_EN)


def may_begin(effective_from: date, today: date, latest: tuple[str, date] | None) -> None:
    """Refuse a version that begins today or earlier (422) or not after the latest one (409): what is in force stays."""
    if effective_from <= today:
        raise EffectiveDayNotLater(earliest_on=date.fromordinal(today.toordinal() + 1).isoformat())
    if latest is not None and effective_from <= latest[1]:
        raise VersionOverlaps(version=latest[0], effective_from=latest[1].isoformat())


def check_terms(terms: Terms, root: str = "#/content") -> None:
    """Refuse (422), all at once, terms that contradict themselves; then a catch-all question."""
    faults = [*_clause_faults(terms, root), *_question_faults(terms, root), *_cover_faults(terms, root)]
    low, high = terms.factor_range
    if not Decimal(0) < low <= 1 <= high:
        text = Text("费率浮动范围须包含 1。", "The filed range of factors contains 1.")
        faults.append(Fault("factor_range", text, pointer=f"{root}/rating"))
    if terms.line == "accident" and terms.term_months > 12:
        text = Text("短期意外险期间不超过一年。", "Short-term accident cover runs at most one year.")
        faults.append(Fault("term_too_long", text, pointer=f"{root}/term_months"))
    if terms.refund["rule"] == "net_premium" and "loading" not in terms.refund:
        text = Text("净保费退还须给出附加费用率。", "A refund of net premium states the loading.")
        faults.append(Fault("loading_missing", text, pointer=f"{root}/refund"))
    if faults:
        raise ValidationFailed(*faults)
    refuse_catch_all(terms.questions)


def _clause_faults(terms: Terms, root: str) -> list[Fault]:
    ids = [one.clause_id for one in terms.clauses]
    twice = Text("同一条款出现两次。", "A clause stands here twice.")
    faults = [
        Fault("clause_twice", twice, pointer=f"{root}/clauses/{n}") for n, one in enumerate(ids) if one in ids[:n]
    ]
    if not terms.reducing_clauses:
        none = Text("须标明责任免除条款。", "The exclusions are marked.")
        faults.append(Fault("exclusions_unmarked", none, pointer=f"{root}/clauses"))
    return faults


def _question_faults(terms: Terms, root: str) -> list[Fault]:
    faults, seen = [], set()
    for n, one in enumerate(terms.questions):
        if one.code in seen:
            twice = Text("询问代码重复。", "The code stands here twice.")
            faults.append(Fault("question_twice", twice, pointer=f"{root}/questions/items/{n}/code"))
        if one.kind == "choice" and len(one.choices) < 2:
            few = Text("选择题至少两个选项。", "A choice has at least two answers.")
            faults.append(Fault("choices_missing", few, pointer=f"{root}/questions/items/{n}/choices"))
        seen.add(one.code)
    return faults


def _cover_faults(terms: Terms, root: str) -> list[Fault]:
    """Every default stands for itself as cover terms of the line; so does every bound."""
    faults = []
    for name, rule in terms.cover_template.items():
        for value in (rule[key] for key in ("default", "lowest", "highest") if key in rule):
            base = {"limit_per_person": "1.00"} if terms.line == "liability" and name == "disability_scale" else {}
            given = base | {name: value}
            faults += cover_faults(terms.line, given, f"{root}/cover_template")
    return faults
