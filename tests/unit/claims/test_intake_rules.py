"""What a first notice is refused for, what is only flagged, and who handles it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.claims.claim.rules import Flag
from services.claims.intake import rules
from services.claims.intake.rules import Ground, HeadOfficeReason, Report, Thresholds, Unit
from shared.clock import SHANGHAI
from shared.errors import OccurredInFuture, ReasonRequired

NOW = datetime(2026, 4, 18, 2, 40, tzinfo=SHANGHAI)
FIGURES = Thresholds(notice_grace_minutes=15, late_notice_hours=48, head_office_deaths=3, head_office_injured=10)

HEAD_OFFICE = Unit("00", "00", "head_office")
BRANCH = Unit("32", "00.32", "branch")
LOCAL = Unit("3200", "00.32.3200", "central_branch")
CENTRAL = Unit("3201", "00.32.3201", "central_branch")
SUB = Unit("320101", "00.32.3201.320101", "sub_branch")
OTHER_SUB = Unit("320201", "00.32.3202.320201", "sub_branch")


def minutes_ago(count: float) -> datetime:
    return NOW - timedelta(minutes=count)


def test_a_night_report_with_an_unknown_policy_is_accepted():
    admission = rules.admit(Report(loss_at=minutes_ago(70)), NOW, FIGURES, [Flag.UNMATCHED])
    assert admission.notified_at == NOW
    assert admission.flags == (Flag.UNMATCHED,)


def test_a_loss_and_a_notice_in_the_future_are_refused_together():
    with pytest.raises(OccurredInFuture) as refused:
        rules.admit(Report(loss_at=minutes_ago(-1), notified_at=minutes_ago(-2)), NOW, FIGURES)
    assert [fault.pointer for fault in refused.value.faults] == ["#/loss_at", "#/notified_at"]


def test_a_loss_at_this_very_moment_is_no_future():
    assert rules.admit(Report(loss_at=NOW, notified_at=NOW), NOW, FIGURES).flags == ()


def test_a_notice_older_than_a_quarter_of_an_hour_needs_a_reason():
    rules.admit(Report(loss_at=minutes_ago(60), notified_at=minutes_ago(15)), NOW, FIGURES)
    old = Report(loss_at=minutes_ago(60), notified_at=minutes_ago(15.1), notified_reason="  ")
    with pytest.raises(ReasonRequired) as refused:
        rules.admit(old, NOW, FIGURES)
    assert refused.value.faults[0].pointer == "#/notified_reason"
    explained = Report(loss_at=minutes_ago(60), notified_at=minutes_ago(90), notified_reason="line was down")
    assert rules.admit(explained, NOW, FIGURES).notified_at == minutes_ago(90)


def test_late_notice_is_a_flag_and_never_a_refusal():
    three_days = rules.admit(Report(loss_at=NOW - timedelta(days=3)), NOW, FIGURES)
    assert three_days.flags == (Flag.LATE_NOTICE,)
    assert rules.admit(Report(loss_at=NOW - timedelta(hours=48)), NOW, FIGURES).flags == ()


def test_odd_times_and_counts_are_flagged():
    odd = Report(loss_at=minutes_ago(1), notified_at=minutes_ago(5), injured_named=3, injured_count=1, death_count=1)
    assert rules.admit(odd, NOW, FIGURES).flags == (Flag.LOSS_AFTER_NOTICE, Flag.COUNTS_DIFFER)


def test_flags_come_once_and_in_one_order():
    given = [Flag.POSSIBLE_DUPLICATE, Flag.UNMATCHED, Flag.POSSIBLE_DUPLICATE]
    assert rules.admit(Report(loss_at=NOW), NOW, FIGURES, given).flags == (Flag.UNMATCHED, Flag.POSSIBLE_DUPLICATE)


@pytest.mark.parametrize(
    ("deaths", "injured", "reinsured", "reasons"),
    [
        (2, 9, False, []),
        (3, 0, False, [HeadOfficeReason.CASUALTIES]),
        (0, 10, False, [HeadOfficeReason.CASUALTIES]),
        (0, 0, True, [HeadOfficeReason.REINSURED]),
        (5, 12, True, [HeadOfficeReason.CASUALTIES, HeadOfficeReason.REINSURED]),
    ],
)
def test_head_office_hears_of_casualties_and_reinsured_claims(deaths, injured, reinsured, reasons):
    report = Report(loss_at=NOW, injured_count=injured, death_count=deaths, reinsured=reinsured)
    assert rules.head_office_reasons(report, FIGURES) == reasons
    flags = rules.admit(report, NOW, FIGURES).flags
    assert (Flag.SERIOUS_CASUALTIES in flags) is (HeadOfficeReason.CASUALTIES in reasons)
    assert (Flag.REINSURED in flags) is reinsured


def handle(policy=None, given=None, caller=None, branch=None) -> rules.Handling:
    return rules.handling_unit(
        policy_unit=policy, given_unit=given, caller_unit=caller, branch=branch, head_office=HEAD_OFFICE
    )


def test_the_unit_of_the_policy_goes_before_every_other():
    assert handle(SUB, OTHER_SUB, LOCAL, BRANCH) == rules.Handling(SUB, Ground.POLICY, False)


def test_then_the_unit_given_then_the_callers_own_if_it_operates():
    assert handle(None, OTHER_SUB, LOCAL, BRANCH) == rules.Handling(OTHER_SUB, Ground.GIVEN, False)
    assert handle(None, None, LOCAL, BRANCH) == rules.Handling(LOCAL, Ground.CALLER, False)
    assert handle(None, None, CENTRAL, BRANCH) == rules.Handling(CENTRAL, Ground.CALLER, False)


def test_a_caller_at_the_branch_leaves_the_report_at_the_branchs_desk():
    assert handle(caller=BRANCH, branch=BRANCH) == rules.Handling(BRANCH, Ground.DESK, True)


def test_without_any_branch_the_report_stays_at_head_office():
    assert handle(caller=HEAD_OFFICE) == rules.Handling(HEAD_OFFICE, Ground.DESK, True)
    assert handle() == rules.Handling(HEAD_OFFICE, Ground.DESK, True)


def test_a_given_branch_is_a_desk_that_still_has_to_name_the_unit():
    assert handle(given=BRANCH, caller=SUB) == rules.Handling(BRANCH, Ground.GIVEN, True)


def test_a_closed_unit_takes_no_report():
    closed = Unit("320109", "00.32.3201.320109", "sub_branch", open=False)
    assert handle(closed, closed, SUB, BRANCH).unit is SUB
    assert handle(None, None, closed, BRANCH) == rules.Handling(BRANCH, Ground.DESK, True)


def test_a_later_match_moves_the_claim_until_the_first_approval_step():
    assert rules.unit_after_match(BRANCH, SUB, has_approval_step=False) is SUB
    assert rules.unit_after_match(OTHER_SUB, SUB, has_approval_step=True) is OTHER_SUB
    assert rules.unit_after_match(BRANCH, None, has_approval_step=False) is BRANCH
