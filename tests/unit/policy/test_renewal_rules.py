"""What refers a renewal up, what never does, and who decides."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from services.policy.renewal import rules
from services.policy.renewal.rules import RenewalStatus, Signal
from shared.clock import SHANGHAI
from shared.errors import StateConflict

TODAY = date(2026, 9, 1)


def test_a_reminder_is_due_so_many_days_before_the_end() -> None:
    assert rules.stage_day(datetime(2027, 3, 20, tzinfo=SHANGHAI), 60) == date(2027, 1, 19)


@pytest.mark.parametrize(("days", "against"), [(30, []), (31, ["overdue_inspection"]), (400, ["overdue_inspection"])])
def test_an_inspection_overdue_for_more_than_thirty_days_stands_against_it(days: int, against: list[str]) -> None:
    signal = Signal("inspection", TODAY - timedelta(days=days))
    assert rules.reasons([signal, signal], TODAY, 30) == against


def test_an_inspection_that_is_not_overdue_says_nothing_and_a_file_asked_for_does() -> None:
    assert rules.reasons([Signal("inspection")], TODAY, 30) == []
    assert rules.reasons([Signal("key_risk_file")], TODAY, 30) == ["key_risk_file_missing"]


def test_a_compulsory_line_is_never_referred() -> None:
    against = ["key_risk_file_missing"]
    assert rules.judged(RenewalStatus.OPEN, against, compulsory=True) is RenewalStatus.OPEN
    assert rules.judged(RenewalStatus.OPEN, against, compulsory=False) is RenewalStatus.REFERRED
    assert rules.judged(RenewalStatus.REFERRED, [], compulsory=False) is RenewalStatus.OPEN


@pytest.mark.parametrize("status", ["agreed", "declined", "ended"])
def test_what_was_decided_stays_decided(status: str) -> None:
    assert rules.judged(RenewalStatus(status), ["overdue_inspection"], compulsory=False) == status


def test_the_unit_above_decides_and_nobody_below_it() -> None:
    for scope in ("00.32", "00"):
        rules.may_decide(RenewalStatus.REFERRED, "00.32", scope, "32")
    for scope in ("00.32.3202", "00.3", "00.321"):
        with pytest.raises(rules.DecidedAbove):
            rules.may_decide(RenewalStatus.REFERRED, "00.32", scope, "32")
    with pytest.raises(StateConflict):
        rules.may_decide(RenewalStatus.OPEN, None, "00", None)
