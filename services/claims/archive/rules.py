"""Closing a claim and its file: one claim, one volume (一案一卷), pages counted, custodian nobody who decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.claims.claim.rules import ClaimStatus, Duty, Held, Line, advance, refuse_if_held
from shared.errors import Conflict, Fault, Refused, SeparationOfDuties, StateConflict, Text

LINE_CODE: dict[Line, str] = {Line.LIABILITY: "LI", Line.ACCIDENT: "PA"}

_NOTICE_FOR: dict[ClaimStatus, frozenset[str]] = {
    ClaimStatus.PAID: frozenset({"pay", "partial"}),
    ClaimStatus.REFUSAL_SERVED: frozenset({"refuse"}),
    ClaimStatus.ZERO: frozenset({"zero"}),
}
"""The result notice that must have been served before a claim in this state closes."""


@dataclass(frozen=True)
class Unfinished:
    """What may still be open on a claim, as counted by the caller.

    `notices_served`: kinds of result notices with a receipt; `explanation_due`: the result is below what was claimed
    and no explanation is on record; the lists hold the ids (tasks: the kinds) of what is open.
    """

    notices_served: frozenset[str] = frozenset()
    explanation_due: bool = False
    open_tasks: Sequence[str] = ()
    open_payments: Sequence[str] = ()
    open_approvals: Sequence[str] = ()
    open_litigation: Sequence[str] = ()
    open_supplements: Sequence[str] = ()


class ClosingRefused(Conflict):
    """Member: `open`, what is still open: kinds, with the ids where there are any."""

    code = "closing_refused"
    title = Text("尚有未结事项", "Something is still open")
    detail = Text("尚有未结事项，不能结案：{open}。", "The claim cannot close; still open: {open}.")


def open_items(current: ClaimStatus, unfinished: Unfinished) -> list[str]:
    """Everything that stands in the way of closing, in a fixed order; empty if nothing does."""
    found = []
    if not _NOTICE_FOR.get(current, frozenset()) & unfinished.notices_served:
        found.append("notice_not_served")
    if unfinished.explanation_due:
        found.append("explanation_missing")
    lists: Mapping[str, Sequence[str]] = {
        "task": unfinished.open_tasks,
        "payment": unfinished.open_payments,
        "approval": unfinished.open_approvals,
        "litigation": unfinished.open_litigation,
        "supplement": unfinished.open_supplements,
    }
    found.extend(f"{kind}:{one}" for kind, ids in lists.items() for one in ids)
    return found


def close(current: ClaimStatus, unfinished: Unfinished) -> ClaimStatus:
    """The state of a closed claim; refused (409) in a wrong state and while anything is open, which is listed."""
    status = advance(current, ClaimStatus.CLOSED)
    still_open = open_items(current, unfinished)
    if still_open:
        raise ClosingRefused(open=still_open)
    return status


def volume_no(year: int, unit_code: str, line: Line, sequence: int) -> str:
    """The number of a volume, such as `2026-320201-PA-000317`; `sequence` runs gapless in unit, year and line."""
    if not 1 <= sequence <= 999_999:
        raise ValueError(f"volume sequence out of range: {sequence}")
    return f"{year:04d}-{unit_code}-{LINE_CODE[line]}-{sequence:06d}"


def supplement_no(volume: str, ordinal: int) -> str:
    """The number of the `ordinal`th supplement of a volume: papers that came later, in the same volume."""
    if ordinal < 1:
        raise ValueError(f"supplement out of range: {ordinal}")
    return f"{volume}-S{ordinal:02d}"


class SecondVolume(Conflict):
    """Member: `volume_no` of the one there is."""

    code = "second_volume"
    title = Text("一案一卷", "One claim, one volume")
    detail = Text(
        "本案已有案卷 {volume_no}，后补材料归入该卷。", "The claim has volume {volume_no}; later papers join it."
    )


class PageCountMismatch(Refused):
    """Members: `listed`, `counted`."""

    code = "page_count_mismatch"
    title = Text("页数不符", "The pages do not add up")
    detail = Text("卷内目录 {listed} 页，实有 {counted} 页。", "The list has {listed} page(s), the file {counted}.")


class PagesRequired(Refused):
    code = "pages_required"
    title = Text("卷内目录为空", "The list of pages is empty")
    detail = Text("案卷须有卷内目录。", "A volume needs its list of pages.")


class FileIncomplete(Refused):
    """Member: `missing`, ids of the papers on record which the list of pages leaves out."""

    code = "file_incomplete"
    title = Text("案卷不完整", "The file is not complete")
    detail = Text("卷内目录缺少 {missing}。", "The list of pages leaves out {missing}.")


@dataclass(frozen=True)
class Page:
    """One line of the list: a paper from page `first` on, `count` pages long."""

    first: int
    count: int


def bind(
    current: ClaimStatus,
    bound_volume: str | None,
    pages: Sequence[Page],
    counted: int,
    archivist_id: UUID,
    duties: Iterable[Held],
) -> ClaimStatus:
    """The state after binding the one volume of a closed claim.

    `bound_volume` is the volume bound before, if any; `counted` are the pages of the papers on record.

    Refuses a second volume and a claim that is not closed (409), an archivist who approved or adjusted it (403), an
    empty list and pages that leave a gap, overlap or do not add up to `counted` (422).
    """
    status = may_bind(current, bound_volume)
    refuse_if_held(duties, archivist_id, taking=Duty.ARCHIVIST)
    check_pages(pages, counted)
    return status


def may_bind(current: ClaimStatus, bound_volume: str | None) -> ClaimStatus:
    """The state of a bound claim; refused (409) where it has its volume, and before it is closed."""
    if bound_volume is not None:
        raise SecondVolume(volume_no=bound_volume)
    return advance(current, ClaimStatus.ARCHIVED)


def check_pages(pages: Sequence[Page], counted: int) -> None:
    """Refuse (422) an empty list, and pages that leave a gap, overlap or do not add up to `counted`."""
    if not pages:
        raise PagesRequired(Fault(PagesRequired.code, PagesRequired.detail, pointer="#/pages"))
    expected = 1
    for i, page in enumerate(pages):
        if page.first != expected or page.count < 1:
            text = Text("页码须连续。", "Pages follow each other without gap.")
            raise PageCountMismatch(
                Fault("page_sequence", text, pointer=f"#/pages/{i}"), listed=expected - 1, counted=counted
            )
        expected += page.count
    if expected - 1 != counted:
        raise PageCountMismatch(listed=expected - 1, counted=counted)


def refuse_missing(on_record: Collection[str], listed: Collection[str]) -> None:
    """Refuse (422) a list that leaves out papers on record: a file is shelved only when it is complete."""
    missing = sorted(set(on_record) - set(listed))
    if missing:
        raise FileIncomplete(Fault(FileIncomplete.code, FileIncomplete.detail, pointer="#/pages"), missing=missing)


class FileStatus(StrEnum):
    SORTED = "sorted"
    BOUND = "bound"
    ARCHIVED = "archived"
    BORROWED = "borrowed"
    DESTROYED = "destroyed"


FILE_NEXT: dict[FileStatus, frozenset[FileStatus]] = {
    FileStatus.SORTED: frozenset({FileStatus.BOUND}),
    FileStatus.BOUND: frozenset({FileStatus.ARCHIVED}),
    FileStatus.ARCHIVED: frozenset({FileStatus.BORROWED, FileStatus.DESTROYED}),
    FileStatus.BORROWED: frozenset({FileStatus.ARCHIVED}),
    FileStatus.DESTROYED: frozenset(),
}


def advance_file(current: FileStatus, to: FileStatus) -> FileStatus:
    """`to`, if a file may go there; otherwise `StateConflict` (409): a borrowed file is neither lent nor destroyed."""
    if to not in FILE_NEXT[current]:
        moves = [str(status) for status in FileStatus if status in FILE_NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    return to


def refuse_destroyed(current: FileStatus) -> None:
    """Refuse (409) what needs the volume once it is gone."""
    if current is FileStatus.DESTROYED:
        raise StateConflict(current_state=str(current), legal_moves=[])


class NoVolume(Conflict):
    code = "no_volume"
    title = Text("尚无案卷", "There is no volume yet")
    detail = Text("本案尚未装订案卷，不能归入补充材料。", "The claim has no volume that a supplement could join.")


def bind_supplement(current: ClaimStatus, bound_volume: str | None, present: int) -> tuple[str, ClaimStatus]:
    """Number of the next supplement and the claim's state; `present` supplements exist.

    Papers that come after binding, and those of a reopened claim that closed again, join the one volume. Refused (409)
    without a volume and while the claim is not closed.
    """
    if bound_volume is None:
        raise NoVolume()
    status = current if current is ClaimStatus.ARCHIVED else advance(current, ClaimStatus.ARCHIVED)
    return supplement_no(bound_volume, present + 1), status


@dataclass(frozen=True)
class RetentionPeriods:
    """Whole years of the rule set `intake`, section `retention`."""

    years_term_up_to_one_year: int
    years_longer_term: int
    years_after_dispute: int


def keep_until(
    periods: RetentionPeriods,
    *,
    contract_ended_on: date,
    longer_than_one_year: bool,
    closed_on: date,
    disputes_ended_on: Collection[date] = (),
) -> date:
    """The last day a claim file must be kept: the latest of contract end, closing and disputes, each with its years.

    保险法 art. 87: 5 years for terms up to and including one year, 10 years for longer ones.
    """
    years = periods.years_longer_term if longer_than_one_year else periods.years_term_up_to_one_year
    ends = [add_years(contract_ended_on, years), add_years(closed_on, years)]
    ends.extend(add_years(ended, periods.years_after_dispute) for ended in disputes_ended_on)
    return max(ends)


def add_years(day: date, years: int) -> date:
    """The same day `years` later; the 29th of February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)


class RetentionRunning(Conflict):
    """Members: `keep_until`, `frozen_by` (what is pending)."""

    code = "retention_running"
    title = Text("保管期未满", "Still to be kept")
    detail = Text(
        "案卷须保管至 {keep_until}；未结事项：{frozen_by}。", "Kept until {keep_until}; pending: {frozen_by}."
    )


def destroy(
    current: FileStatus, today: date, keep_until_day: date, frozen_by: Sequence[str], first: UUID, second: UUID
) -> FileStatus:
    """The state of a destroyed file: two persons (403), after the last day of keeping and nothing pending (409)."""
    status = advance_file(current, FileStatus.DESTROYED)
    if first == second:
        raise SeparationOfDuties(conflicting_duty="destruction")
    if today <= keep_until_day or frozen_by:
        raise RetentionRunning(keep_until=keep_until_day.isoformat(), frozen_by=list(frozen_by))
    return status
