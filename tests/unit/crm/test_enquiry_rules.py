"""Promises in working time, pauses, transfers, and the moves of an enquiry."""

from __future__ import annotations

import itertools
import tomllib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crm.article.rules import terms_asked, terms_of
from services.crm.desk.rules import DeskWithoutPeople, HoursInvalid, PersonListedTwice, check_desk
from services.crm.enquiry import rules
from services.crm.enquiry.rules import EnquiryStatus as S
from services.crm.enquiry.rules import Hours, Pause, Promised
from services.crm.enquiry.rules import refusals as no
from shared.calendar import BusinessCalendar, add_working_time, working_windows
from shared.clock import SHANGHAI
from shared.errors import StateConflict

ROOT = Path(__file__).parents[3]


def _content(path: str) -> dict:
    return tomllib.loads((ROOT / path).read_text("utf-8"))["content"]


FIGURES = rules.read_figures(_content("services/crm/rule_sets/enquiries.2026-1.toml"))
CALENDAR = BusinessCalendar.from_content(_content("gateway/authority/rule_sets/calendars.2026-1.toml"), "t")
HOURS = Hours(CALENDAR, working_windows([["08:30", "12:00"], ["13:30", "17:30"]]))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_a_day_of_work_is_the_sum_of_its_windows() -> None:
    assert HOURS.day == timedelta(hours=7, minutes=30)


def test_a_promise_on_friday_morning_ends_on_monday_morning() -> None:
    until = rules.promise_until(Promised(None, False), FIGURES, HOURS, at("2026-06-12T10:00"), at("2026-06-12T10:00"))
    assert until == at("2026-06-15T10:00")


def test_a_make_up_day_is_worked_and_a_day_off_by_swap_is_not() -> None:
    """Saturday 9 May 2026 is worked for the May break; 4 and 5 May are not."""
    friday = at("2026-05-08T10:00")
    assert rules.promise_until(Promised(None, False), FIGURES, HOURS, friday, friday) == at("2026-05-09T10:00")
    before = at("2026-04-30T10:00")
    assert rules.promise_until(Promised(None, False), FIGURES, HOURS, before, before) == at("2026-05-06T10:00")


def test_a_complex_enquiry_gets_three_days_and_nobody_gets_more_than_five_from_the_receipt() -> None:
    received, now = at("2026-06-08T09:00"), at("2026-06-12T09:00")
    assert rules.promise_until(Promised(None, True), FIGURES, HOURS, received, now) == at("2026-06-15T09:00")
    with pytest.raises(no.PromiseTooLong) as refused:
        rules.promise_until(Promised(at("2026-06-15T09:01"), True), FIGURES, HOURS, received, now)
    assert refused.value.members == {"latest_at": "2026-06-15T09:00:00+08:00"}


@pytest.mark.parametrize("due", ["2026-06-12T10:00", "2026-06-11T10:00"])
def test_a_promise_in_the_past_is_refused(due: str) -> None:
    now = at("2026-06-12T10:00")
    with pytest.raises(no.PromiseInPast):
        rules.promise_until(Promised(at(due), False), FIGURES, HOURS, now, now)


def test_a_plain_enquiry_is_not_promised_for_the_day_after_tomorrow() -> None:
    now = at("2026-06-08T10:00")
    with pytest.raises(no.PromiseTooLong):
        rules.promise_until(Promised(at("2026-06-09T10:01"), False), FIGURES, HOURS, now, now)


def test_an_extension_is_later_within_five_days_and_happens_once() -> None:
    received, due, now = at("2026-06-08T10:00"), at("2026-06-09T10:00"), at("2026-06-09T09:00")
    assert rules.extended_until(None, due, FIGURES, HOURS, received, [], now) == at("2026-06-15T10:00")
    with pytest.raises(no.PromiseNotLater):
        rules.extended_until(due, due, FIGURES, HOURS, received, [], now)
    with pytest.raises(no.PromiseTooLong):
        rules.extended_until(at("2026-06-15T10:01"), due, FIGURES, HOURS, received, [], now)
    paused = [Pause(at("2026-06-08T13:30"), at("2026-06-08T17:30"), "x")]
    assert rules.extended_until(None, due, FIGURES, HOURS, received, paused, now) == at("2026-06-15T15:30")
    rules.may_extend(0, FIGURES)
    with pytest.raises(no.AlreadyExtended):
        rules.may_extend(1, FIGURES)


def test_after_a_pause_the_working_time_that_was_left_is_left() -> None:
    due, began, ends = at("2026-06-09T10:00"), at("2026-06-08T16:30"), at("2026-06-10T11:00")
    # one hour on Monday, one and a half on Tuesday were left
    assert rules.resumed_due(due, began, ends, HOURS) == at("2026-06-10T15:00")


def test_a_promise_that_is_over_or_stands_still_is_not_paused() -> None:
    with pytest.raises(no.PromisePassed):
        rules.may_pause(at("2026-06-09T10:00"), False, at("2026-06-09T10:00"))
    with pytest.raises(no.PromisePaused):
        rules.may_pause(at("2026-06-09T10:00"), True, at("2026-06-09T09:00"))


@given(st.integers(0, 60 * 24 * 60), st.integers(0, 60 * 24 * 10), st.integers(1, 5))
def test_a_pause_never_costs_and_never_gives_working_time(start: int, length: int, days: int) -> None:
    made = at("2026-03-01T00:00") + timedelta(minutes=start)
    due = HOURS.after(made, days)
    began = made + (due - made) / 3
    ends = began + timedelta(minutes=length)
    resumed = rules.resumed_due(due, began, ends, HOURS)
    span = [(began, ends)]
    assert resumed == add_working_time(CALENDAR, made, HOURS.day * days, HOURS.windows, span)


def test_exactly_the_moves_of_the_machine_are_legal() -> None:
    legal = {
        (S.RECEIVED, S.ANSWERED), (S.RECEIVED, S.PENDING), (S.RECEIVED, S.CLOSED), (S.PENDING, S.ANSWERED),
        (S.PENDING, S.ESCALATED), (S.PENDING, S.CLOSED), (S.ESCALATED, S.ANSWERED), (S.ESCALATED, S.CLOSED),
        (S.ANSWERED, S.CLOSED),
    }  # fmt: skip
    for one, other in itertools.product(S, S):
        if (one, other) in legal:
            assert rules.advance(one, other) is other
        else:
            with pytest.raises(StateConflict):
                rules.advance(one, other)


def test_the_third_transfer_is_the_branchs_and_each_has_a_reason() -> None:
    rules.may_transfer(1, FIGURES, consents=False)
    rules.may_transfer(2, FIGURES, consents=True)
    with pytest.raises(no.TransferNeedsConsent):
        rules.may_transfer(2, FIGURES, consents=False)
    assert rules.check_transfer_reason(" 归属机构 ") == "归属机构"
    for empty in (None, "", "  "):
        with pytest.raises(no.TransferWithoutReason):
            rules.check_transfer_reason(empty)


def test_an_answer_says_something() -> None:
    assert rules.check_answer(" 需要保单和身份证 ") == "需要保单和身份证"
    with pytest.raises(no.EmptyAnswer):
        rules.check_answer(" \n ")


def test_a_desk_has_somebody_and_hours_that_follow_each_other() -> None:
    assert len(check_desk(["S1"], [["08:30", "12:00"], ["13:30", "17:30"]])) == 2
    for hours in ([], [["12:00", "08:30"]], [["08:30", "12:00"], ["11:00", "17:30"]]):
        with pytest.raises(HoursInvalid):
            check_desk(["S1"], hours)
    with pytest.raises(DeskWithoutPeople):
        check_desk([], [["08:30", "12:00"]])
    with pytest.raises(PersonListedTwice):
        check_desk(["S1", "S2", "S1"], [["08:30", "12:00"]])


def test_chinese_is_found_by_any_part_of_a_phrase_and_latin_by_words() -> None:
    held = set(terms_of("雇主责任险理赔时限", "收到全部材料后30日内核定，ＰＰＡ-1 条款"))
    for found in ("理赔", "责任险", "赔", "核定", "30", "ppa-1", "雇主 时限", "PPA-1"):
        assert set(terms_asked(found)) <= held, found
    for missing in ("赔理", "3", "退保", "理赔材料"):
        assert not set(terms_asked(missing)) <= held, missing
    assert terms_asked("，。 ") == []
