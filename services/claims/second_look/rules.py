"""Which files are looked at again, which patterns are told, and who may say what was found."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import takewhile
from typing import Any
from uuid import UUID

from services.claims.claim.rules import Held
from shared.errors import Conflict, Fault, ReasonRequired, SeparationOfDuties, Text

TAKING = "second_look"


class Kind(StrEnum):
    """`sample`: drawn by chance; the others: many small claims around one subject."""

    SAMPLE = "sample"
    PAYEE = "payee"
    SURVEYOR = "surveyor"
    REPAIRER = "repairer"
    APPROVER = "approver"


PATTERNS = (Kind.PAYEE, Kind.SURVEYOR, Kind.REPAIRER, Kind.APPROVER)


class Found(StrEnum):
    """The result of a second look."""

    IN_ORDER = "in_order"
    ERROR = "error"
    SUSPECTED_FRAUD = "suspected_fraud"


class AlreadyChecked(Conflict):
    """Member: `outcome`."""

    code = "already_checked"
    title = Text("复核已有结论", "The second look has its result")
    detail = Text("该复核已有结论({outcome})。", "This second look has its result already ({outcome}).")


@dataclass(frozen=True)
class Figures:
    """One version of the rule set `second_look`; `patterns`: from how many small claims on, by kind."""

    version: str
    share: Decimal
    within: timedelta
    window: timedelta
    small_amount: Decimal
    patterns: Mapping[Kind, int]


def figures_of(content: Mapping[str, Any], version: str) -> Figures:
    """From the content of the rule set; `KeyError` or `ArithmeticError` where it is unreadable."""
    told = content["patterns"]
    return Figures(
        version=version, share=Decimal(content["share"]), within=timedelta(days=content["within_days"]),
        window=timedelta(days=told["window_days"]), small_amount=Decimal(told["small_amount"]),
        patterns={kind: int(told[str(kind)]) for kind in PATTERNS},
    )  # fmt: skip


def lot_of(key: bytes, claim_id: UUID, sheet_version: int) -> str:
    """The lot of one approved file: hex, the same each time, and not to be foretold without the key."""
    return hmac.new(key, f"second_look/{claim_id}/{sheet_version}".encode(), hashlib.sha256).hexdigest()


def drawn(lot: str, share: Decimal) -> bool:
    """Whether a file with this lot is among the `share` (0 to 1) that is looked at again."""
    return int(lot[:16], 16) < int(share * 2**64)


@dataclass(frozen=True)
class Case:
    """One small claim around a subject."""

    claim_id: UUID
    claim_no: str
    org_path: str
    amount: Decimal
    decided_at: datetime


def new_cases(cases: Sequence[Case], counted_to: datetime | None) -> list[Case]:
    """The claims that no finished look at the subject has counted, the first decided first."""
    fresh = [one for one in cases if counted_to is None or one.decided_at > counted_to]
    return sorted(fresh, key=lambda one: (one.decided_at, one.claim_no))


def flagged(cases: Sequence[Case], threshold: int) -> bool:
    """Whether so many small claims are a pattern."""
    return len(cases) >= threshold


def common_path(paths: Iterable[str]) -> str:
    """The lowest unit over all these units."""
    parts = [path.split(".") for path in paths]
    same = takewhile(lambda steps: len(set(steps)) == 1, zip(*parts, strict=False))
    return ".".join(steps[0] for steps in same)


def path_above(path: str) -> str:
    """The path of the unit above; the head office looks at its own."""
    return path.rpartition(".")[0] or path


def may_record(
    status: str, outcome: str | None, duties: Iterable[Held], persons: Collection[UUID], interested: Collection[UUID]
) -> None:
    """Whether these persons (the caller, and the one on whose behalf) may record the result now.

    403 for whoever had any duty on a claim that is looked at, or an interest in one; 409 once there is a result.
    """
    for held in duties:
        if held.person_id in persons:
            raise SeparationOfDuties(conflicting_duty=str(held.duty), taking=TAKING)
    if set(persons) & set(interested):
        raise SeparationOfDuties(conflicting_duty="interested_party", taking=TAKING)
    if status != "open":
        raise AlreadyChecked(outcome=outcome)


def check_result(outcome: Found, findings: str | None) -> None:
    """Refuse (422) a result other than in order that does not say what was found."""
    if outcome is not Found.IN_ORDER and not (findings or "").strip():
        text = Text("须说明复核发现。", "Say what was found.")
        raise ReasonRequired(Fault(ReasonRequired.code, text, pointer="#/findings"))
