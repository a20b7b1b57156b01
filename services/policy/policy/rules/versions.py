"""Versions of a policy that another system masters: which one counts, which one is history, which one is a question.

The core sends complete versions in any order and more than once. The highest number is the policy of today; every
number ever sent is kept, so that the policy can be read as it was on any day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from shared.clock import at_midnight, legal_day
from shared.errors import Fault, Text, ValidationFailed


class Applied(StrEnum):
    """What became of a version that was sent."""

    CURRENT = "current"
    HISTORY = "history"
    IGNORED = "ignored"


class ItemKind(StrEnum):
    """Why a reconciliation item is opened."""

    SAME_VERSION_OTHER_CONTENT = "same_version_other_content"
    OWNED_HERE = "owned_here"
    PENDING_REFERENCE = "pending_reference"
    NUMBER_OF_OTHER_MASTER = "number_of_other_master"
    INSURED_LIST = "insured_list"
    INSURED_COUNT = "insured_count"
    UNKNOWN_HERE = "unknown_here"
    UNKNOWN_THERE = "unknown_there"
    VERSION = "version"
    VERSION_GAP = "version_gap"
    STATUS = "status"
    PREMIUM = "premium"
    CLAIMS_PAID = "claims_paid"
    MESSAGE_REFUSED = "message_refused"
    MESSAGE_UNANSWERED = "message_unanswered"


def content_digest(body: Mapping[str, Any]) -> str:
    """A digest of what a version says, whatever the order of its members."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Upsert:
    """The decision about one version; `item` is set where somebody has to look."""

    applied: Applied
    item: ItemKind | None = None


def upsert(known: Mapping[int, str], number: int, digest: str) -> Upsert:
    """Decide about version `number`; `known` are the digests of the versions stored, by number.

    A repeated version is ignored, one that repeats the number with another content as well, with a reconciliation
    item: what was once told to others is not changed behind their backs.
    """
    if number in known:
        return Upsert(Applied.IGNORED, None if known[number] == digest else ItemKind.SAME_VERSION_OTHER_CONTENT)
    return Upsert(Applied.CURRENT if number > max(known, default=0) else Applied.HISTORY)


def gaps(known: Iterable[int]) -> list[int]:
    """Numbers below the highest that never came."""
    numbers = set(known)
    return [number for number in range(1, max(numbers, default=0)) if number not in numbers]


@dataclass(frozen=True)
class Version:
    """When a version begins to hold."""

    number: int
    effective_at: datetime


V = TypeVar("V", bound=Version)


def version_at(versions: Iterable[V], moment: datetime) -> V | None:
    """The version that holds at `moment`: the highest number among those effective by then."""
    return max((one for one in versions if one.effective_at <= moment), key=lambda one: one.number, default=None)


def version_on(versions: Iterable[V], day: date) -> V | None:
    """The version that holds at the end of `day`, a day of Asia/Shanghai: a change of that day is seen on it."""
    return max(
        (one for one in versions if legal_day(one.effective_at) <= day), key=lambda one: one.number, default=None
    )


class ReferenceKind(StrEnum):
    CUSTOMER = "customer"
    PRODUCT = "product"
    UNIT = "unit"
    SELLER = "seller"
    APPLICATION = "application"


@dataclass(frozen=True)
class PendingReference:
    kind: ReferenceKind
    value: str


def pending_references(
    named: Mapping[ReferenceKind, str | None], known: Mapping[ReferenceKind, bool]
) -> list[PendingReference]:
    """The references of a version that are not known here yet: it is stored all the same, and they are named."""
    return [
        PendingReference(kind, value)
        for kind in ReferenceKind
        if (value := named.get(kind)) is not None and not known.get(kind, False)
    ]


@dataclass(frozen=True)
class Envelope:
    """Times and status of a version as sent."""

    number: int
    status: str
    issued_on: date | None
    starts_at: datetime
    ends_at: datetime
    effective_at: datetime
    ended_at: datetime | None


_ENDED = ("cancelled", "rescinded")


def envelope_faults(given: Envelope) -> list[Fault]:
    """What cannot be in a version's times: all faults at once, none if it can be stored."""
    faults = []
    if given.number < 1:
        text = Text("版本号从 1 开始。", "Versions are numbered from 1.")
        faults.append(Fault("version_number", text, pointer="#/core_version"))
    if given.ends_at <= given.starts_at:
        text = Text("保险期间止期须晚于起期。", "Cover ends after it begins.")
        faults.append(Fault("period_reversed", text, pointer="#/ends_at"))
    if given.number == 1 and given.effective_at != given.starts_at:
        text = Text("第 1 版自起保时生效。", "Version 1 holds from the beginning of cover.")
        faults.append(Fault("first_version_effective", text, pointer="#/effective_at"))
    if given.status in _ENDED and given.ended_at is None:
        text = Text("须写明终止时间。", "A cancelled or rescinded policy states its end.")
        faults.append(Fault("end_required", text, pointer="#/ended_at"))
    if given.status == "in_force" and given.ended_at is not None:
        text = Text("有效保单没有终止时间。", "A policy in force has no end stated.")
        faults.append(Fault("end_unexpected", text, pointer="#/ended_at"))
    return faults


def check_envelope(given: Envelope, *more: Sequence[Fault]) -> None:
    """Refuse (422) a version that cannot be stored, together with the faults found elsewhere in it."""
    faults = [*envelope_faults(given), *(fault for found in more for fault in found)]
    if faults:
        raise ValidationFailed(*faults)


def issued_on(given: Envelope) -> date:
    """The day of issue; where it is not stated the day on which cover begins."""
    return given.issued_on or legal_day(given.starts_at)


def longer_than_one_year(starts_at: datetime, ends_at: datetime) -> bool:
    """Whether the term exceeds one year; a term of exactly one year does not (民法典 art. 1259, 保险法 art. 87)."""
    first = legal_day(starts_at)
    try:
        anniversary = first.replace(year=first.year + 1)
    except ValueError:
        anniversary = date(first.year + 1, 3, 1)
    return ends_at > at_midnight(anniversary) + (starts_at - at_midnight(first))
