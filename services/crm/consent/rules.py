"""When a statement of a customer can be written down. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.crm.customer.rules import CustomerKind, age_on, born_on
from shared.clock import legal_day
from shared.errors import Fault, OccurredInFuture, ReasonRequired, Refused, Text, ValidationFailed

GUARDED_BELOW = 14
"""Years of age below which the guardian speaks (PIPL art. 31)."""


class Purpose(StrEnum):
    """`ALL` speaks of every contact that no contract and no law obliges us to."""

    ALL = "all"
    MARKETING = "marketing"
    SURVEY = "survey"
    RETURN_VISIT = "return_visit"
    VALUE_ADDED = "value_added"
    SENSITIVE_DATA = "sensitive_data"


class GuardianConsentRequired(Refused):
    """PIPL art. 31. Member: `age`."""

    code = "guardian_consent_required"
    title = Text("须由监护人同意", "The guardian must consent")
    detail = Text("客户 {age} 岁，不满十四周岁，须由监护人表示。", "The customer is {age}: the guardian must speak.")


class EvidenceRequired(Refused):
    """PIPL arts. 14, 29: a consent to sensitive data is separate and can be shown."""

    code = "consent_evidence_required"
    title = Text("须有单独同意的凭证", "The separate consent must be shown")
    detail = Text(
        "处理敏感个人信息须取得单独同意，并注明凭证和文本版本。",
        "Sensitive data need a separate consent: name its evidence and the version of its text.",
    )


@dataclass(frozen=True)
class Statement:
    purpose: Purpose
    channel: str | None
    granted: bool
    given_by: str
    given_at: datetime
    until_on: date | None
    evidence: str | None
    text_version: str | None
    reason: str | None


@dataclass(frozen=True)
class Speaker:
    """As far as it matters who may speak for the customer."""

    kind: CustomerKind | None
    id_no: str | None


def check_statement(given: Statement, speaker: Speaker, now: datetime, grace: timedelta) -> None:
    """Refuse (422) a statement of the future, an old one without a reason, an end in the past, a consent to sensitive
    data that cannot be shown or names a channel, and a child's own consent.
    """
    if given.given_at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/given_at"))
    if given.given_at < now - grace and not (given.reason or "").strip():
        raise ReasonRequired(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason"))
    if given.until_on is not None and given.until_on < legal_day(now):
        words = Text("有效期已过。", "Its time is over already.")
        raise ValidationFailed(Fault("until_in_past", words, pointer="#/until_on"))
    if given.purpose is Purpose.SENSITIVE_DATA:
        _check_sensitive(given)
    _check_child(given, speaker, legal_day(now))


def _check_sensitive(given: Statement) -> None:
    if given.channel is not None:
        words = Text("此目的与渠道无关。", "This purpose has no channel.")
        raise ValidationFailed(Fault("channel_not_possible", words, pointer="#/channel"))
    if given.granted and not (given.evidence and given.text_version):
        raise EvidenceRequired()


def _check_child(given: Statement, speaker: Speaker, today: date) -> None:
    if (
        not given.granted
        or given.given_by == "guardian"
        or speaker.kind is not CustomerKind.PERSON
        or not speaker.id_no
    ):
        return
    birthday = born_on(speaker.id_no)
    if birthday is not None and (age := age_on(birthday, today)) < GUARDED_BELOW:
        raise GuardianConsentRequired(age=age)
