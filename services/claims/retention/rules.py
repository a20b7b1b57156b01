"""When a file may be destroyed, which of its papers are kept longer, and who confirms it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.claims.archive.rules import FileStatus, RetentionRunning, add_years, destroy
from shared.errors import Conflict, Fault, ReasonRequired, SeparationOfDuties, Text


class DestructionRequested(Conflict):
    """Member: `destruction_id`."""

    code = "destruction_requested"
    title = Text("已有销毁申请", "Destruction is requested already")
    detail = Text(
        "销毁申请 {destruction_id} 尚待另一人确认。", "Request {destruction_id} waits for another person's decision."
    )


class DestructionDecided(Conflict):
    """Member: `status`."""

    code = "destruction_decided"
    title = Text("销毁申请已处理", "The request has been decided")
    detail = Text("该销毁申请状态为 {status}。", "The request is {status}.")


@dataclass(frozen=True)
class PaperPeriod:
    """A kind of papers that is kept for `years` from the end of the contract or from closing."""

    kinds: frozenset[str]
    years: int
    from_contract_end: bool

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> tuple[PaperPeriod, ...]:
        """The periods of the rule set `retention`."""
        return tuple(
            cls(frozenset(one["kinds"]), int(one["years"]), one["from"] == "contract_end") for one in content["papers"]
        )


@dataclass(frozen=True)
class Paper:
    """One file of the claim with the kinds that it goes under."""

    id: UUID
    sha256: str
    kinds: frozenset[str]


@dataclass(frozen=True)
class Held:
    """What of a file is due and what is not yet. `frozen_by`: what is pending and holds all of it."""

    status: FileStatus
    keep_until: date
    frozen_by: Sequence[str]
    due: Sequence[Paper]
    kept: Sequence[tuple[Paper, date]]

    @property
    def next_day(self) -> date:
        """The last day of keeping what is destroyed next: the volume, and after it the papers that outlived it."""
        if self.status is not FileStatus.DESTROYED or self.due:
            return self.keep_until
        return min((day for _, day in self.kept), default=self.keep_until)


def keep_paper_until(
    paper: Paper, periods: Iterable[PaperPeriod], *, file: date, contract_ended_on: date, closed_on: date
) -> date:
    """The last day of keeping one paper: that of the file, or of its own kind where that is later."""
    own = (
        add_years(contract_ended_on if one.from_contract_end else closed_on, one.years)
        for one in periods
        if one.kinds & paper.kinds
    )
    return max([file, *own])


def divide(papers: Iterable[tuple[Paper, date]], today: date) -> tuple[list[Paper], list[tuple[Paper, date]]]:
    """The papers whose days are over, and the others with their last days."""
    due, kept = [], []
    for paper, day in papers:
        if today > day:
            due.append(paper)
        else:
            kept.append((paper, day))
    return due, kept


def may_request(held: Held, today: date, open_request: UUID | None) -> None:
    """Refuse (409) a second request, a file that is lent, whose days run, that something pending freezes, and one that
    was destroyed and of which no paper is due."""
    if open_request is not None:
        raise DestructionRequested(destruction_id=str(open_request))
    if held.status is not FileStatus.DESTROYED:
        destroy(held.status, today, held.keep_until, held.frozen_by, _ONE, _OTHER)
    elif not held.due or held.frozen_by:
        raise RetentionRunning(keep_until=held.next_day.isoformat(), frozen_by=list(held.frozen_by))


_ONE, _OTHER = UUID(int=1), UUID(int=2)
"""Two persons, where only the days are asked about."""


def check_reason(reason: str | None) -> None:
    """Refuse (422) a request or a rejection without its reason."""
    if reason is None or not reason.strip():
        words = Text("须说明理由。", "Say why.")
        raise ReasonRequired(Fault(ReasonRequired.code, words, pointer="#/reason"))


def may_decide(status: str, requested_by: UUID, persons: Collection[UUID]) -> None:
    """Refuse (403) whoever asked for it, also through a delegate, and (409) a request that was decided."""
    if requested_by in persons:
        raise SeparationOfDuties(conflicting_duty="destruction")
    if status != "requested":
        raise DestructionDecided(status=status)
