"""What the customer must be told, must acknowledge and must answer before he applies. Pure.

The clauses are handed over before the application is submitted; exclusions and every clause that pays less are
acknowledged separately from the insured's duties, in the wording that was shown, by the customer and never by whoever
sells (保险法 art. 17; 保险销售行为管理办法 art. 25 to 29).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from services.policy.application.rules import ApplicationStatus, Missing
from services.policy.product.rules import Clause, Question, Terms
from shared.errors import Conflict, Fault, Refused, Text, ValidationFailed

_S = ApplicationStatus
BEFORE_SUBMISSION = frozenset({_S.DRAFT, _S.DISCLOSED, _S.RETURNED})
Key = tuple[str, str]
"""A clause in one wording: its id and text version."""


class AckKind(StrEnum):
    EXCLUSIONS = "exclusions"
    DUTIES = "duties"
    SPECIAL_AGREEMENT = "special_agreement"
    DEATH_COVER_CONSENT = "death_cover_consent"


CUSTOMER_ROLES = frozenset({"policyholder", "legal_representative", "authorised_person", "insured", "guardian"})
CONSENT_ROLES = frozenset({"insured", "guardian"})


class OnlyForProposals(Conflict):
    """Member: `kind`."""

    code = "only_for_proposals"
    title = Text("仅适用于投保", "Only proposals are disclosed")
    detail = Text("该申请为 {kind}，没有投保告知环节。", "The application is a {kind}: this belongs to proposals.")


class PackOfOtherVersion(Refused):
    """Member: `version`, the one that counts."""

    code = "pack_of_other_version"
    title = Text("告知的条款不是现行版本", "Other clauses than those in force")
    detail = Text("现行条款版本为 {version}。", "The clauses in force are those of version {version}.")


class SimplifiedPackRefused(Refused):
    code = "simplified_pack_refused"
    title = Text("不得简化告知", "The pack may not be simplified")
    detail = Text(
        "仅在三个月内再次投保同一产品时可以简化。",
        "It may be simplified only where the same product was bought within three months.",
    )


class PackNotDelivered(Refused):
    code = "pack_not_delivered"
    title = Text("尚未送达投保告知材料", "The disclosure pack was not handed over")
    detail = Text(
        "提交前须将条款与告知材料送达投保人。", "The customer gets the clauses before the application is submitted."
    )


class SignedForCustomer(Refused):
    code = "signed_for_customer"
    title = Text("不得代客户签字", "Nobody signs for the customer")
    detail = Text(
        "确认须由客户本人作出，销售人员不得代签(保险销售行为管理办法第二十九条)。",
        "The customer acknowledges himself; whoever sells never signs for him (保险销售行为管理办法 art. 29).",
    )


class AcknowledgedBeforeDelivery(Refused):
    """Member: `delivered_at`."""

    code = "acknowledged_before_delivery"
    title = Text("确认早于告知", "Acknowledged before it was delivered")
    detail = Text("告知材料于 {delivered_at} 送达，确认时间不得更早。", "The pack was handed over at {delivered_at}.")


class OtherTextAcknowledged(Refused):
    """Member: `clauses`."""

    code = "other_text_acknowledged"
    title = Text("确认的条款不是所示文本", "Another wording was acknowledged")
    detail = Text("下列条款不属于所示版本：{clauses}。", "Not of the wording that was shown: {clauses}.")


class ExclusionsNotAcknowledged(Refused):
    """Member: `clauses`."""

    code = "exclusions_not_acknowledged"
    title = Text("免责条款未经确认", "Exclusions are not acknowledged")
    detail = Text(
        "下列减免保险人责任的条款未经投保人单独确认：{clauses}。",
        "The customer has not acknowledged clauses that reduce liability: {clauses}.",
    )


class DutiesNotAcknowledged(Refused):
    """Member: `clauses`."""

    code = "duties_not_acknowledged"
    title = Text("被保险人义务未经确认", "The insured's duties are not acknowledged")
    detail = Text("下列义务条款未经确认：{clauses}。", "The customer has not acknowledged the duties: {clauses}.")


class QuestionsUnanswered(Refused):
    """Member: `questions`."""

    code = "questions_unanswered"
    title = Text("询问尚未全部回答", "Questions are not answered")
    detail = Text("尚未回答：{questions}。", "Not answered yet: {questions}.")


class QuestionsOfOtherVersion(Refused):
    """Member: `version`, the one that is asked now."""

    code = "questions_of_other_version"
    title = Text("询问版本不符", "Other questions than those asked")
    detail = Text("现行询问版本为 {version}。", "The questions asked are those of version {version}.")


class ConsentNotByInsured(Refused):
    code = "consent_not_by_insured"
    title = Text("须由被保险人本人同意", "The insured person consents himself")
    detail = Text(
        "死亡给付须经被保险人本人(未成年人由监护人)同意并认可金额(保险法第三十四条)。",
        "The insured person, for a minor the guardian, consents to death cover and its amount (保险法 art. 34).",
    )


@dataclass(frozen=True)
class Acknowledged:
    """One acknowledgement as it was stored."""

    kind: str
    clauses: tuple[Key, ...]
    insured_refs: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Disclosure:
    """What was handed over, acknowledged and answered so far. `delivered_at`: the pack of the present terms."""

    delivered_at: datetime | None
    acknowledged: tuple[Acknowledged, ...]
    answers: Mapping[str, str]
    """To the present questions, by code."""

    def keys(self, kind: AckKind) -> frozenset[Key]:
        return frozenset(key for one in self.acknowledged if one.kind == kind for key in one.clauses)

    @property
    def consented(self) -> frozenset[str]:
        """References of those who consented to death cover."""
        consents = (one for one in self.acknowledged if one.kind == AckKind.DEATH_COVER_CONSENT)
        return frozenset(ref for one in consents for ref in one.insured_refs)


def unacknowledged(terms: Terms, held: Disclosure, kind: AckKind) -> list[Clause]:
    """Clauses of the present wording that the customer has not acknowledged."""
    wanted = terms.reducing_clauses if kind is AckKind.EXCLUSIONS else terms.duty_clauses
    known = held.keys(kind)
    return [one for one in wanted if one.key not in known]


def unanswered(terms: Terms, held: Disclosure) -> list[Question]:
    return [one for one in terms.questions if one.code not in held.answers]


def lacking(terms: Terms, held: Disclosure) -> list[Missing]:
    """What of the disclosure is missing, for the one list that the customer gets."""
    found = [] if held.delivered_at else [Missing("disclosure", "pack", Text("投保告知材料", "Disclosure pack"))]
    for kind in (AckKind.EXCLUSIONS, AckKind.DUTIES):
        found += [
            Missing("acknowledgement", f"{kind}.{one.clause_id}", Text(one.title["zh"], one.title["en"]))
            for one in unacknowledged(terms, held, kind)
        ]
    return found + [
        Missing("answer", one.code, Text(one.text["zh"], one.text["en"])) for one in unanswered(terms, held)
    ]


def refuse_undisclosed(terms: Terms, held: Disclosure) -> None:
    """Refuse (422) a submission before the pack, the two acknowledgements and all answers, in this order."""
    if held.delivered_at is None:
        raise PackNotDelivered()
    refuse_unacknowledged(terms, held)
    open_questions = unanswered(terms, held)
    if open_questions:
        raise QuestionsUnanswered(questions=", ".join(one.code for one in open_questions))


def refuse_unacknowledged(terms: Terms, held: Disclosure) -> None:
    """Refuse (422) where exclusions or duties in their present wording are not acknowledged."""
    clauses = unacknowledged(terms, held, AckKind.EXCLUSIONS)
    if clauses:
        raise ExclusionsNotAcknowledged(clauses=", ".join(one.clause_id for one in clauses))
    clauses = unacknowledged(terms, held, AckKind.DUTIES)
    if clauses:
        raise DutiesNotAcknowledged(clauses=", ".join(one.clause_id for one in clauses))


def may_acknowledge(
    kind: AckKind, clauses: Collection[Key], at: datetime, held: Disclosure, shown: Iterable[Key]
) -> None:
    """Refuse (422) an acknowledgement before the pack, and of another wording than that of `shown`."""
    if kind in (AckKind.EXCLUSIONS, AckKind.DUTIES):
        if held.delivered_at is None:
            raise PackNotDelivered()
        if at < held.delivered_at:
            raise AcknowledgedBeforeDelivery(delivered_at=held.delivered_at.isoformat())
    other = sorted(f"{clause} ({text})" for clause, text in set(clauses) - set(shown))
    if other:
        raise OtherTextAcknowledged(clauses=", ".join(other))


def check_answers(questions: Iterable[Question], answers: Sequence[tuple[str, str]], root: str = "#/answers") -> None:
    """Refuse (422), all at once, answers to what was not asked, twice, or not in the question's format."""
    known = {one.code: one for one in questions}
    faults, seen = [], set()
    for n, (code, value) in enumerate(answers):
        question = known.get(code)
        if question is None or code in seen:
            text = Text("没有这一询问，或者重复回答。", "There is no such question, or it is answered twice.")
            faults.append(Fault("unknown_question", text, pointer=f"{root}/{n}/code"))
        elif not _fits(question, value):
            text = Text("回答格式不符。", "The answer is not of the question's kind.")
            faults.append(Fault("answer_format", text, pointer=f"{root}/{n}/value"))
        seen.add(code)
    if faults:
        raise ValidationFailed(*faults)


def _fits(question: Question, value: str) -> bool:
    if question.kind == "yes_no":
        return value in ("yes", "no")
    if question.kind == "choice":
        return value in question.choices
    if question.kind in ("number", "amount"):
        number = _number(value)
        return number is not None and number >= 0
    return bool(value.strip())


def _number(value: str) -> Decimal | None:
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def effects(questions: Iterable[Question], answers: Mapping[str, str]) -> dict[str, list[str]]:
    """What the material answers lead to: effect → codes of the questions."""
    found: dict[str, list[str]] = {}
    for question in questions:
        value = answers.get(question.code)
        for rule in question.material if value is not None else ():
            if _matches(rule["when"], value or ""):
                for effect in rule["effects"]:
                    found.setdefault(effect, []).append(question.code)
    return found


def _matches(when: Mapping[str, Any], value: str) -> bool:
    if when.get("equals") is not None:
        return value == when["equals"]
    if when.get("one_of") is not None:
        return value in when["one_of"]
    number = _number(value)
    if number is None:
        return False
    above, below = when.get("above"), when.get("below")
    return (above is not None and number > above) or (below is not None and number < below)
