"""Closing, the one volume, and how long it is kept."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from services.claims.archive import rules
from services.claims.archive.rules import FileStatus, Page, RetentionPeriods, Unfinished
from services.claims.claim.rules import ClaimStatus, Duty, Held, Line
from shared.errors import SeparationOfDuties, StateConflict

ARCHIVIST, OTHER = UUID(int=1), UUID(int=2)
PAGES = [Page(1, 3), Page(4, 1), Page(5, 8)]
PERIODS = RetentionPeriods(years_term_up_to_one_year=5, years_longer_term=10, years_after_dispute=2)


def bind(current=ClaimStatus.CLOSED, bound=None, pages=PAGES, counted=12, duties=()):
    return rules.bind(current, bound, pages, counted, ARCHIVIST, duties)


@pytest.mark.parametrize(
    ("status", "notice"),
    [
        (ClaimStatus.PAID, "pay"),
        (ClaimStatus.PAID, "partial"),
        (ClaimStatus.REFUSAL_SERVED, "refuse"),
        (ClaimStatus.ZERO, "zero"),
    ],
)
def test_a_claim_closes_once_its_result_was_served(status, notice):
    assert rules.close(status, Unfinished(frozenset({notice}))) is ClaimStatus.CLOSED
    with pytest.raises(rules.ClosingRefused) as refused:
        rules.close(status, Unfinished())
    assert refused.value.members == {"open": ["notice_not_served"]}


def test_a_notice_of_another_result_does_not_close_a_claim():
    assert rules.open_items(ClaimStatus.REFUSAL_SERVED, Unfinished(frozenset({"pay"}))) == ["notice_not_served"]


def test_closing_lists_everything_that_is_open():
    unfinished = Unfinished(
        explanation_due=True,
        open_payments=["p1", "p2"],
        open_approvals=["advance-1"],
        open_litigation=["l1"],
        open_supplements=["s1"],
    )
    with pytest.raises(rules.ClosingRefused) as refused:
        rules.close(ClaimStatus.PAID, unfinished)
    assert refused.value.members["open"] == [
        *("notice_not_served", "explanation_missing", "payment:p1", "payment:p2"),
        *("approval:advance-1", "litigation:l1", "supplement:s1"),
    ]


def test_a_claim_in_payment_does_not_close():
    with pytest.raises(StateConflict):
        rules.close(ClaimStatus.PAYING, Unfinished(frozenset({"pay"})))


def test_volume_numbers_read_year_unit_line_and_six_digits():
    assert rules.volume_no(2026, "320201", Line.ACCIDENT, 317) == "2026-320201-PA-000317"
    assert rules.volume_no(2026, "320201", Line.LIABILITY, 1) == "2026-320201-LI-000001"
    assert rules.volume_no(2026, "3201", Line.LIABILITY, 999_999).endswith("-999999")
    for wrong in (0, 1_000_000):
        with pytest.raises(ValueError, match="out of range"):
            rules.volume_no(2026, "320201", Line.LIABILITY, wrong)


def test_a_closed_claim_is_bound_in_one_volume():
    assert bind() is ClaimStatus.ARCHIVED
    with pytest.raises(rules.SecondVolume) as refused:
        bind(bound="2026-320201-PA-000317")
    assert refused.value.status == 409
    assert "2026-320201-PA-000317" in refused.value.text("en")


def test_nothing_is_archived_before_closing():
    with pytest.raises(StateConflict):
        bind(ClaimStatus.PAID)


@pytest.mark.parametrize("duty", [Duty.APPROVER, Duty.ADJUSTER])
def test_the_archivist_neither_approved_nor_adjusted(duty):
    with pytest.raises(SeparationOfDuties):
        bind(duties=[Held(duty, ARCHIVIST)])
    assert bind(duties=[Held(duty, OTHER)]) is ClaimStatus.ARCHIVED


@pytest.mark.parametrize(
    "pages",
    [[Page(1, 3), Page(5, 8)], [Page(1, 3), Page(3, 9)], [Page(2, 12)], [Page(1, 0), Page(1, 12)], [Page(1, 11)]],
)
def test_pages_follow_each_other_and_add_up(pages):
    with pytest.raises(rules.PageCountMismatch):
        bind(pages=pages)


def test_a_volume_without_pages_is_refused():
    with pytest.raises(rules.PagesRequired):
        bind(pages=[], counted=0)


def test_later_papers_join_the_same_volume():
    assert rules.bind_supplement(ClaimStatus.ARCHIVED, "2026-320201-PA-000317", 0) == (
        "2026-320201-PA-000317-S01",
        ClaimStatus.ARCHIVED,
    )
    reclosed = rules.bind_supplement(ClaimStatus.CLOSED, "2026-320201-PA-000317", 1)
    assert reclosed == ("2026-320201-PA-000317-S02", ClaimStatus.ARCHIVED)
    with pytest.raises(rules.NoVolume):
        rules.bind_supplement(ClaimStatus.CLOSED, None, 0)
    with pytest.raises(StateConflict):
        rules.bind_supplement(ClaimStatus.REOPENED, "2026-320201-PA-000317", 0)


def test_a_borrowed_file_is_not_lent_again():
    assert rules.advance_file(FileStatus.ARCHIVED, FileStatus.BORROWED) is FileStatus.BORROWED
    with pytest.raises(StateConflict):
        rules.advance_file(FileStatus.BORROWED, FileStatus.BORROWED)


def keep(ended, closed, longer=False, disputes=()):
    return rules.keep_until(
        PERIODS, contract_ended_on=ended, longer_than_one_year=longer, closed_on=closed, disputes_ended_on=disputes
    )


def test_a_file_is_kept_to_the_latest_of_its_ends():
    assert keep(date(2026, 12, 31), date(2026, 5, 1)) == date(2031, 12, 31)
    assert keep(date(2026, 12, 31), date(2027, 9, 1)) == date(2032, 9, 1)
    assert keep(date(2026, 12, 31), date(2026, 5, 1), longer=True) == date(2036, 12, 31)
    assert keep(date(2026, 12, 31), date(2026, 5, 1), disputes=[date(2032, 3, 1)]) == date(2034, 3, 1)
    assert keep(date(2028, 2, 29), date(2027, 1, 1)) == date(2033, 2, 28)


def test_destruction_takes_two_persons_a_past_date_and_nothing_pending():
    last = date(2031, 12, 31)
    destroyed = rules.destroy(FileStatus.ARCHIVED, date(2032, 1, 1), last, [], ARCHIVIST, OTHER)
    assert destroyed is FileStatus.DESTROYED
    for today, pending in ((last, []), (date(2040, 1, 1), ["recovery"])):
        with pytest.raises(rules.RetentionRunning):
            rules.destroy(FileStatus.ARCHIVED, today, last, pending, ARCHIVIST, OTHER)
    with pytest.raises(SeparationOfDuties):
        rules.destroy(FileStatus.ARCHIVED, date(2032, 1, 1), last, [], OTHER, OTHER)
    with pytest.raises(StateConflict):
        rules.destroy(FileStatus.BORROWED, date(2032, 1, 1), last, [], ARCHIVIST, OTHER)
