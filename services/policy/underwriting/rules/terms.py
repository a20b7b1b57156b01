"""The terms of an answer: factor, changed cover, special agreements, another period. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from services.policy.application.rules import WHOLE, offer_faults
from services.policy.product.rules import Terms
from shared.errors import Fault, ReasonRequired, Refused, Text, ValidationFailed

Key = tuple[str, str]


class Answer(StrEnum):
    ACCEPT = "accept"
    ACCEPT_WITH_TERMS = "accept_with_terms"
    COUNTER_OFFER = "counter_offer"
    DECLINE = "decline"
    RETURN = "return"


WITH_TERMS = frozenset({Answer.ACCEPT_WITH_TERMS, Answer.COUNTER_OFFER})
ACCEPTING = frozenset({Answer.ACCEPT, *WITH_TERMS})
OUTCOMES: dict[Answer, str] = {
    Answer.ACCEPT: "accepted",
    Answer.ACCEPT_WITH_TERMS: "accepted_with_terms",
    Answer.COUNTER_OFFER: "counter_offered",
    Answer.DECLINE: "declined",
    Answer.RETURN: "returned",
}
"""How a final answer is told to the others."""


class MaterialAnswersUnanswered(Refused):
    """Members: `effects` that the answers ask for, and `questions`."""

    code = "material_answers_unanswered"
    title = Text("重要事实未处理", "Material answers were not acted on")
    detail = Text(
        "询问 {questions} 的回答要求 {effects}；不采取的须说明理由。",
        "The answers to {questions} ask for {effects}; give a reason for leaving it.",
    )


class AgreementNotAcknowledged(Refused):
    """Member: `agreements`."""

    code = "agreement_not_acknowledged"
    title = Text("特别约定未经确认", "The special agreement is not acknowledged")
    detail = Text(
        "特别约定 {agreements} 未经投保人单独确认；扩大免责的须一并确认免责。",
        "The customer has not acknowledged {agreements}; where it widens exclusions, as an exclusion too.",
    )


class CancellationNotDeclined(Refused):
    code = "cancellation_not_declined"
    title = Text("不得拒绝退保", "A cancellation is not declined")
    detail = Text(
        "投保人可以解除合同(保险法第十五条)，只能退回补正。",
        "The policyholder may cancel (保险法 art. 15): it can only be returned to be corrected.",
    )


@dataclass(frozen=True)
class Agreement:
    """A special agreement; `library` False: written for this risk."""

    code: str
    text_version: str
    title: Mapping[str, str]
    text: str
    widens_exclusions: bool
    library: bool

    @property
    def key(self) -> Key:
        return self.code, self.text_version

    def stored(self) -> dict[str, Any]:
        return {
            "code": self.code, "text_version": self.text_version, "title": dict(self.title), "text": self.text,
            "widens_exclusions": self.widens_exclusions, "library": self.library,
        }  # fmt: skip


@dataclass(frozen=True)
class Offered:
    """What the underwriter offers; the plain acceptance offers nothing else than what was asked for."""

    factor: Decimal = WHOLE
    cover: Mapping[str, Any] = field(default_factory=dict)
    agreements: tuple[Agreement, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def outside_library(self) -> bool:
        return any(not one.library for one in self.agreements)

    @property
    def empty(self) -> bool:
        return self == Offered()


def check_offer(answer: Answer, offered: Offered, product: Terms, cover: Mapping[str, Any]) -> None:
    """Refuse (422) terms that are missing, unexpected, or not offered by the product."""
    if (answer in WITH_TERMS) == offered.empty:
        words = (
            Text("附条件或者反要约须写明条件。", "State the terms.")
            if offered.empty
            else Text("该答复不附条件。", "This answer carries no terms.")
        )
        raise ValidationFailed(Fault("terms", words, pointer="#/terms"))
    faults = offer_faults(product, {**cover, **offered.cover}, "#/terms/cover") if offered.cover else []
    codes = [one.code for one in offered.agreements]
    if len(codes) != len(set(codes)):
        twice = Text("特别约定重复。", "A special agreement stands here twice.")
        faults.append(Fault("agreement_twice", twice, pointer="#/terms/agreements"))
    if faults:
        raise ValidationFailed(*faults)


def refuse_ignored(effects: Mapping[str, Sequence[str]], answer: Answer, offered: Offered, reason: str | None) -> None:
    """Refuse (422) to accept without a reason what the material answers speak against (保险法 art. 16)."""
    if answer not in ACCEPTING or (reason or "").strip():
        return
    left = {
        "decline": True,
        "special_agreement": not offered.agreements,
        "rate": offered.factor == WHOLE,
    }
    ignored = [name for name, open_ in left.items() if open_ and effects.get(name)]
    if ignored:
        codes = sorted({code for name in ignored for code in effects[name]})
        raise MaterialAnswersUnanswered(effects=", ".join(ignored), questions=", ".join(codes))


def refuse_unreasoned(answer: Answer, code: str | None, reason: str | None, known: Mapping[str, Any]) -> None:
    """Refuse (422) to decline or return without one of the codes, and without words."""
    if answer not in (Answer.DECLINE, Answer.RETURN):
        return
    codes = {one["code"] for one in known["decline" if answer is Answer.DECLINE else "return"]}
    faults = []
    if code not in codes:
        faults.append(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason_code"))
    if not (reason or "").strip():
        faults.append(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason"))
    if faults:
        raise ReasonRequired(*faults)


def refuse_unconfirmed(
    agreements: Sequence[Mapping[str, Any]], acknowledged: Collection[Key], as_exclusion: Collection[Key]
) -> None:
    """Refuse (422) agreed special agreements that were not acknowledged, and those that widen exclusions where they
    were not acknowledged as exclusions too (保险法 art. 17)."""
    missing = [
        one["code"]
        for one in agreements
        if (one["code"], one["text_version"]) not in acknowledged
        or (one["widens_exclusions"] and (one["code"], one["text_version"]) not in as_exclusion)
    ]
    if missing:
        raise AgreementNotAcknowledged(agreements=", ".join(missing))
