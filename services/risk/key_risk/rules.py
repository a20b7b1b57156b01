"""Who must have a risk control file: customers with a high limit, concentrated risk or frequent claims.

The criteria are looked at when a policy is issued and when a claim is settled; one file for each customer, and it stays
open as long as a criterion holds. A missing file refers a renewal upward, and never lets cover lapse.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from services.risk.inspection.rules import add_months
from shared.errors import Conflict, Fault, Refused, StateConflict, Text


class Criterion(StrEnum):
    HIGH_LIMIT = "high_limit"
    CONCENTRATION = "concentration"
    FREQUENCY = "frequency"


@dataclass(frozen=True)
class Thresholds:
    """Section `key_risk` of the rule set `thresholds`; amounts in yuan, all bounds inclusive."""

    limit_per_accident: Decimal
    insured_in_one_place: int
    high_risk_industries: frozenset[str]
    claims: int
    claims_months: int
    bodily_injury_claims: int
    bodily_injury_months: int


def read_thresholds(content: Mapping[str, Any]) -> Thresholds:
    """The section as a value object; a missing figure is a `KeyError` at load."""
    return Thresholds(
        limit_per_accident=Decimal(content["limit_per_accident"]),
        insured_in_one_place=content["insured_in_one_place"],
        high_risk_industries=frozenset(content["high_risk_industries"]),
        claims=content["claims"],
        claims_months=content["claims_months"],
        bodily_injury_claims=content["bodily_injury_claims"],
        bodily_injury_months=content["bodily_injury_months"],
    )


@dataclass(frozen=True)
class Cover:
    """A policy in force; an absent limit is no limit, in yuan."""

    limit_per_accident: Decimal | None
    aggregate_limit: Decimal | None = None
    industry: str | None = None
    liability: bool = True

    def at_stake(self) -> Decimal | None:
        """The most one accident can cost; `None` without any limit."""
        limits = [limit for limit in (self.limit_per_accident, self.aggregate_limit) if limit is not None]
        return min(limits, default=None)


@dataclass(frozen=True)
class ClaimSeen:
    """A claim of the customer that was not cancelled."""

    loss_on: date
    bodily_injury: bool = False


def criteria(
    covers: Sequence[Cover],
    insured_by_place: Collection[int],
    claims: Iterable[ClaimSeen],
    today: date,
    thresholds: Thresholds,
) -> list[Criterion]:
    """The criteria a customer meets as of `today`, in the order of `Criterion`; `covers` are the policies in force.

    Liability without a limit is a high limit. Claims count from the day after the one `…_months` before `today`.
    """
    met = {
        Criterion.HIGH_LIMIT: any(
            cover.liability and (limit is None or limit >= thresholds.limit_per_accident)
            for cover in covers
            for limit in (cover.at_stake(),)
        ),
        Criterion.CONCENTRATION: any(count >= thresholds.insured_in_one_place for count in insured_by_place)
        or any(cover.industry in thresholds.high_risk_industries for cover in covers),
        Criterion.FREQUENCY: _frequent(list(claims), today, thresholds),
    }
    return [criterion for criterion in Criterion if met[criterion]]


def _frequent(claims: Sequence[ClaimSeen], today: date, thresholds: Thresholds) -> bool:
    since = add_months(today, -thresholds.claims_months)
    since_injury = add_months(today, -thresholds.bodily_injury_months)
    recent = sum(since < claim.loss_on <= today for claim in claims)
    injuries = sum(claim.bodily_injury and since_injury < claim.loss_on <= today for claim in claims)
    return recent >= thresholds.claims or injuries >= thresholds.bodily_injury_claims


class FileStatus(StrEnum):
    OPEN = "open"
    ACTIVE = "active"
    CLOSED = "closed"


NEXT: dict[FileStatus, frozenset[FileStatus]] = {
    FileStatus.OPEN: frozenset({FileStatus.ACTIVE}),
    FileStatus.ACTIVE: frozenset({FileStatus.CLOSED}),
    FileStatus.CLOSED: frozenset(),
}


def advance(current: FileStatus, to: FileStatus) -> FileStatus:
    """`to`, if a file may go there from `current`; otherwise `StateConflict` (409)."""
    if to not in NEXT[current]:
        legal = [str(status) for status in FileStatus if status in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=legal)
    return to


class KeyRiskFileExists(Conflict):
    code = "key_risk_file_exists"
    title = Text("该客户已有风险控制档案", "The customer has a file")
    detail = Text("一个客户只建一份风险控制档案。", "A customer has one risk control file.")


class CriterionStillHolds(Conflict):
    """Member: `criteria`."""

    code = "criterion_still_holds"
    title = Text("仍符合建档条件", "A criterion still holds")
    detail = Text("该客户仍符合建档条件：{criteria}。", "The customer still meets: {criteria}.")


def open_file(present: FileStatus | None) -> FileStatus:
    """The state of a new file; refused (409) while the customer has one that is not closed."""
    if present in (FileStatus.OPEN, FileStatus.ACTIVE):
        raise KeyRiskFileExists()
    return FileStatus.OPEN


def close_file(current: FileStatus, met: Sequence[Criterion]) -> FileStatus:
    """The state of a closed file; refused (409) while any criterion holds."""
    status = advance(current, FileStatus.CLOSED)
    if met:
        raise CriterionStillHolds(criteria=[str(criterion) for criterion in met])
    return status


def withdrawn(current: FileStatus, met: Sequence[Criterion]) -> bool:
    """Whether a file ends because what opened it was taken back before anybody worked on it; later a person closes."""
    return current is FileStatus.OPEN and not met


class ReviewDayInvalid(Refused):
    """Member: `latest`, the last day that the cycle allows."""

    code = "review_day_invalid"
    title = Text("下次复核日期不在周期内", "The next review lies outside the cycle")
    detail = Text("下次复核不得早于明日、晚于 {latest}。", "The next review lies between tomorrow and {latest}.")


def next_review(today: date, months: int, asked: date | None) -> date:
    """The day of the next review: at the end of the cycle, or the earlier one asked for (422 where it is none)."""
    latest = add_months(today, months)
    if asked is not None and not today < asked <= latest:
        raise ReviewDayInvalid(
            Fault(ReviewDayInvalid.code, ReviewDayInvalid.detail, pointer="#/next_review_on"), latest=latest
        )
    return asked or latest


def review(current: FileStatus) -> FileStatus:
    """The state of a file that was looked through: active; refused (409) once it is closed."""
    return current if current is FileStatus.ACTIVE else advance(current, FileStatus.ACTIVE)


def contact_overdue(last_contact_on: date, today: date, gap_days: int) -> bool:
    """Whether a key-risk customer has not been spoken to for more than `gap_days` days."""
    return (today - last_contact_on).days > gap_days
