"""The way of a hazard from its notice to its end, and what a notice must name."""

from __future__ import annotations

from datetime import date

import pytest

from services.risk.follow_up import rules
from services.risk.follow_up.rules import EvidenceKind, Visit
from services.risk.hazard.rules import EvidenceRequired, HazardStatus
from services.risk.rectification import rules as notices
from shared.errors import StateConflict, ValidationFailed

S = HazardStatus
SERVED, DUE, LATER = date(2026, 7, 14), date(2026, 7, 29), date(2026, 8, 10)


@pytest.mark.parametrize(
    ("path", "steps", "above"),
    [
        ("00.32.3201.320101", 1, "00.32"),
        ("00.32.3201", 1, "00.32"),
        ("00.32.3200", 1, "00.32"),
        ("00.32.3201.320101", 2, "00"),
        ("00.32.3201.320101", 9, "00"),
        ("00.32", 1, "00"),
    ],
)
def test_each_passed_day_climbs_one_level_from_the_central_branch(path: str, steps: int, above: str) -> None:
    assert rules.unit_above(path, steps) == above


def test_a_passed_day_makes_the_hazard_overdue_and_a_matter_of_the_level_above() -> None:
    assert rules.escalate(S.RECTIFYING) is S.ESCALATED
    with pytest.raises(StateConflict):
        rules.escalate(S.CLAIMED_DONE)


@pytest.mark.parametrize("state", [S.RECTIFYING, S.OVERDUE, S.ESCALATED, S.TERMS_CHANGED])
def test_a_hazard_cured_late_is_cured(state: HazardStatus) -> None:
    assert rules.claim_done(state) is S.CLAIMED_DONE
    assert rules.reinspect(state, True, due_on=DUE, overdue_for=None, today=LATER) is S.REINSPECTED


@pytest.mark.parametrize(
    ("overdue_for", "today", "state"),
    [(None, DUE, S.RECTIFYING), (None, LATER, S.RECTIFYING), (DUE, LATER, S.ESCALATED)],
)
def test_a_hazard_found_uncured_goes_on_and_no_step_is_told_twice(
    overdue_for: date | None, today: date, state: HazardStatus
) -> None:
    assert rules.reinspect(S.CLAIMED_DONE, False, due_on=DUE, overdue_for=overdue_for, today=today) is state


def test_only_another_later_and_reported_visit_is_a_re_inspection() -> None:
    good = Visit(same=False, status="reported", inspected_on=LATER)
    rules.refuse_visit(good, SERVED)
    for bad in (None, Visit(True, "reported", LATER), Visit(False, "closed", date(2026, 7, 13))):
        with pytest.raises(rules.ReinspectionRequired):
            rules.refuse_visit(bad, SERVED)
    for status, on in (("in_progress", LATER), ("scheduled", None)):
        with pytest.raises(rules.ReinspectionNotReported):
            rules.refuse_visit(Visit(False, status, on), SERVED)


def test_a_re_inspection_shows_photos_and_says_what_it_found() -> None:
    rules.refuse_unshown(EvidenceKind.RECTIFICATION, None, 0)
    rules.refuse_unshown(EvidenceKind.RE_INSPECTION, False, 1)
    with pytest.raises(EvidenceRequired):
        rules.refuse_unshown(EvidenceKind.RE_INSPECTION, True, 0)
    with pytest.raises(ValidationFailed):
        rules.refuse_unshown(EvidenceKind.RE_INSPECTION, None, 1)


def test_compulsory_cover_is_never_cancelled_over_a_hazard() -> None:
    assert rules.end_cover(S.ESCALATED, compulsory=False) is S.CANCEL_COVER
    assert rules.end_cover(S.ESCALATED, compulsory=True) is None
    assert rules.end_cover(S.RECTIFYING, compulsory=False) is None
    assert rules.change_terms(S.ESCALATED) is S.TERMS_CHANGED


def test_a_notice_gives_the_days_of_the_class_or_fewer() -> None:
    assert notices.days_given("h", None, 15) == 15
    assert notices.days_given("h", 3, 15) == 3
    with pytest.raises(notices.DeadlineRequired):
        notices.days_given("h", 0, 15)
    with pytest.raises(notices.DeadlineBeyondClass):
        notices.days_given("h", 16, 15)


def test_a_reminder_is_for_what_is_overdue_and_the_notice_is_issued_once() -> None:
    assert notices.may_issue("rectification_reminder", [S.CLOSED, S.ESCALATED]) is notices.LetterKind.REMINDER
    for kind, states in (("rectification_reminder", [S.RECTIFYING]), ("rectification_notice", [S.ESCALATED])):
        with pytest.raises(notices.LetterNotDue):
            notices.may_issue(kind, states)
    with pytest.raises(notices.LetterUnknown):
        notices.may_issue("greeting", [S.ESCALATED])
