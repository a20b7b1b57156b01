"""What of a file is due and what is not; pure."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from services.claims.archive.rules import FileStatus, RetentionRunning
from services.claims.retention import rules
from services.claims.retention.rules import Held, Paper, PaperPeriod
from shared.errors import ReasonRequired, SeparationOfDuties, StateConflict

PERIODS = (
    PaperPeriod(frozenset({"identity"}), 10, from_contract_end=True),
    PaperPeriod(frozenset({"voucher"}), 30, from_contract_end=False),
)
FILE, ENDED, CLOSED = date(2032, 9, 1), date(2026, 12, 31), date(2027, 9, 1)
ONE, OTHER = UUID(int=7), UUID(int=8)


def paper(*kinds: str) -> Paper:
    return Paper(UUID(int=len(kinds)), "", frozenset(kinds))


def until(*kinds: str) -> date:
    return rules.keep_paper_until(paper(*kinds), PERIODS, file=FILE, contract_ended_on=ENDED, closed_on=CLOSED)


def held(status: FileStatus = FileStatus.ARCHIVED, frozen: tuple[str, ...] = (), due: int = 1) -> Held:
    return Held(status, FILE, frozen, [paper("document")] * due, [(paper("identity"), date(2036, 12, 31))])


def test_a_paper_is_kept_as_long_as_its_file_or_longer() -> None:
    assert until("document") == FILE
    assert until("identity") == date(2036, 12, 31)
    assert until("identity", "voucher") == date(2057, 9, 1)


def test_the_last_day_itself_is_still_a_day_of_keeping() -> None:
    dated = [(paper("a"), date(2032, 9, 1)), (paper("a", "b"), date(2036, 12, 31))]
    assert rules.divide(dated, date(2032, 9, 1)) == ([], dated)
    assert rules.divide(dated, date(2032, 9, 2)) == ([dated[0][0]], [dated[1]])


def test_a_file_is_requested_after_its_last_day_with_nothing_pending() -> None:
    rules.may_request(held(), date(2032, 9, 2), None)
    for today, frozen in ((FILE, ()), (date(2040, 1, 1), ("recovery",))):
        with pytest.raises(RetentionRunning):
            rules.may_request(held(frozen=frozen), today, None)
    with pytest.raises(StateConflict):
        rules.may_request(held(FileStatus.BORROWED), date(2040, 1, 1), None)
    with pytest.raises(rules.DestructionRequested):
        rules.may_request(held(), date(2040, 1, 1), ONE)


def test_a_destroyed_file_is_requested_again_for_papers_that_are_due_only() -> None:
    rules.may_request(held(FileStatus.DESTROYED), date(2037, 1, 1), None)
    for one in (held(FileStatus.DESTROYED, due=0), held(FileStatus.DESTROYED, ("complaint",))):
        with pytest.raises(RetentionRunning):
            rules.may_request(one, date(2037, 1, 1), None)
    assert held(FileStatus.DESTROYED, due=0).next_day == date(2036, 12, 31)


def test_another_person_decides_once_and_a_rejection_says_why() -> None:
    rules.may_decide("requested", ONE, {OTHER})
    with pytest.raises(SeparationOfDuties):
        rules.may_decide("requested", ONE, {OTHER, ONE})
    with pytest.raises(rules.DestructionDecided):
        rules.may_decide("rejected", ONE, {OTHER})
    for reason in (None, "  "):
        with pytest.raises(ReasonRequired):
            rules.check_reason(reason)
