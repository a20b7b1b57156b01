"""Volumes of policy papers (清分、装订、入库): what goes into one, when it is sealed, how long it is kept. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.errors import (
    Conflict,
    Fault,
    ReasonRequired,
    Refused,
    SeparationOfDuties,
    StateConflict,
    Text,
    ValidationFailed,
)

LINE_CODE = {"liability": "LI", "accident": "PA"}


class ItemKind(StrEnum):
    PROPOSAL = "proposal"
    POLICY = "policy"
    ENDORSEMENT = "endorsement"
    INVOICE = "invoice"
    RECEIPT = "receipt"
    IDENTITY = "identity"
    OTHER = "other"


class VolumeStatus(StrEnum):
    SORTED = "sorted"
    BOUND = "bound"
    ARCHIVED = "archived"
    BORROWED = "borrowed"
    DESTROYED = "destroyed"


_S = VolumeStatus

NEXT: dict[VolumeStatus, frozenset[VolumeStatus]] = {
    _S.SORTED: frozenset({_S.BOUND}),
    _S.BOUND: frozenset({_S.ARCHIVED}),
    _S.ARCHIVED: frozenset({_S.BORROWED, _S.DESTROYED}),
    _S.BORROWED: frozenset({_S.ARCHIVED}),
    _S.DESTROYED: frozenset(),
}


def advance(current: VolumeStatus, to: VolumeStatus) -> VolumeStatus:
    """`to`, if a volume may go there; otherwise `StateConflict` (409): what is lent is neither lent nor destroyed."""
    if to not in NEXT[current]:
        raise StateConflict(current_state=str(current), legal_moves=[str(one) for one in _S if one in NEXT[current]])
    return to


def volume_no(year: int, unit_code: str, line: str, sequence: int) -> str:
    """The number of a volume, such as `2026-320201-PA-000317`; `sequence` runs gapless in unit, year and line."""
    if not 1 <= sequence <= 999_999:
        raise ValueError(f"volume sequence out of range: {sequence}")
    return f"{year:04d}-{unit_code}-{LINE_CODE[line]}-{sequence:06d}"


class PageCountMismatch(Refused):
    """Members: `listed`, `counted`."""

    code = "page_count_mismatch"
    title = Text("页数不符", "The pages do not add up")
    detail = Text("目录 {listed} 页，实有 {counted} 页。", "The list has {listed} page(s), the volume {counted}.")


class BoundAlready(Conflict):
    """Members: `policy_no`, `volume_no`."""

    code = "bound_already"
    title = Text("保单已装订入卷", "The policy is bound already")
    detail = Text("保单 {policy_no} 已装订于 {volume_no}。", "Policy {policy_no} is bound in {volume_no}.")


class VolumeIncomplete(Conflict):
    """Member: `missing`: documents that were used, and receipts that have not come."""

    code = "volume_incomplete"
    title = Text("案卷不完整", "The volume is not complete")
    detail = Text("尚缺：{missing}。", "Still missing: {missing}.")


class SecondPersonRequired(Refused):
    code = "second_person_required"
    title = Text("须有第二人在场", "A second person is needed")
    detail = Text("已封存的卷重新装订须有第二人监督。", "A sealed volume is bound again before a second person only.")


class RetentionRunning(Conflict):
    """Members: `keep_until`, `frozen_by` (what is pending)."""

    code = "retention_running"
    title = Text("保管期未满", "Still to be kept")
    detail = Text(
        "该卷须保管至 {keep_until}；未结事项：{frozen_by}。", "Kept until {keep_until}; pending: {frozen_by}."
    )


def check_pages(listed: Sequence[int], counted: int | None) -> int:
    """The pages of a volume. Refuses (422) an empty list, and pages that do not add up to those counted."""
    if not listed:
        words = Text("目录为空。", "The list is empty.")
        raise ValidationFailed(Fault("items_required", words, pointer="#/items"))
    total = sum(listed)
    if counted is not None and counted != total:
        raise PageCountMismatch(listed=total, counted=counted)
    return total


def refuse_missing(missing: Sequence[str]) -> None:
    """Refuse (409) sealing and shelving a volume from which something is missing."""
    if missing:
        raise VolumeIncomplete(missing=list(missing))


def check_place(box: str | None, shelf: str | None) -> None:
    """Refuse (422) the shelf without its box: nobody would find the volume again."""
    if shelf is not None and not box:
        words = Text("上架须写明盒号。", "What is shelved has a box.")
        raise ValidationFailed(Fault("box_required", words, pointer="#/box"))


def may_rebind(current: VolumeStatus, reason: str | None, persons: Collection[UUID], second: UUID | None) -> None:
    """Refuse binding a sealed volume again without a reason (422) or a second person (422; 403 if it is the same), and
    (409) one that is out or gone."""
    if current not in (VolumeStatus.BOUND, VolumeStatus.ARCHIVED):
        raise StateConflict(current_state=str(current), legal_moves=["bound", "archived"])
    if not (reason or "").strip():
        words = Text("重新装订须说明原因。", "Binding again needs a reason.")
        raise ReasonRequired(Fault(ReasonRequired.code, words, pointer="#/reason"))
    if second is None:
        raise SecondPersonRequired(Fault(SecondPersonRequired.code, SecondPersonRequired.detail, pointer="#/second"))
    if second in persons:
        raise SeparationOfDuties(conflicting_duty="binding")


@dataclass(frozen=True)
class Periods:
    """Whole years of the rule set `policy_servicing`, section `archive`."""

    up_to_one_year: int
    longer: int
    identity: int


@dataclass(frozen=True)
class Kept:
    """One policy of a volume: last day of its contract, its term, the days on which its claims were closed."""

    ended_on: date
    longer_than_one_year: bool
    claims_closed_on: tuple[date, ...] = ()
    identity: bool = False


def add_years(day: date, years: int) -> date:
    """The same day `years` later; the 29th of February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)


def keep_until(policies: Sequence[Kept], periods: Periods) -> date:
    """The last day on which a volume must be kept: that of the policy which is kept longest.

    保险法 art. 87: 5 years from the end of the contract for terms up to and including one year, 10 for longer ones; as
    long from the closing of its last claim. 反洗钱法 art. 34: identity papers 10 years from the end of the contract.
    """
    return max(max(_days(one, periods)) for one in policies)


def _days(one: Kept, periods: Periods) -> list[date]:
    years = periods.longer if one.longer_than_one_year else periods.up_to_one_year
    days = [add_years(day, years) for day in (one.ended_on, *one.claims_closed_on)]
    return [*days, add_years(one.ended_on, periods.identity)] if one.identity else days


def may_destroy(current: VolumeStatus, today: date, keep_until_day: date, frozen_by: Sequence[str]) -> None:
    """Refuse (409) destroying a volume that is lent or gone, whose days run, or that something pending freezes."""
    advance(current, VolumeStatus.DESTROYED)
    if today <= keep_until_day or frozen_by:
        raise RetentionRunning(keep_until=keep_until_day.isoformat(), frozen_by=list(frozen_by))
