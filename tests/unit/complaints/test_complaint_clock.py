from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from services.complaints.clock import rules
from services.complaints.clock.rules import ComplaintClock, Rule, Stage
from shared.clock import SHANGHAI
from shared.errors import OccurredInFuture, Problem, ReasonRequired
from shared.periods import Pause, PauseEndsBeforeItStarts
from tests.support.rule_sets import seeded_calendar, seeded_registry

CALENDAR = seeded_calendar()
REGISTRY = seeded_registry("complaints")
NOW = datetime(2026, 12, 1, tzinfo=SHANGHAI)


def on(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def opened(received_on: str, **more) -> ComplaintClock:
    return rules.open_clock(on(received_on), REGISTRY, **more)


def due(clock: ComplaintClock) -> date | None:
    return rules.current_deadline(clock, REGISTRY, CALENDAR, NOW.date()).due_on


def extend(clock: ComplaintClock, to: Stage, told_at: str | None, approved_at: str | None = None, **more):
    facts = {"reason": "appraisal of the site", "now": NOW, **more}
    told, approved = (at(one) if one else None for one in (told_at, approved_at))
    return rules.extend(clock, to, REGISTRY, CALENDAR, told_at=told, approved_at=approved, **facts)


def pause(clock: ComplaintClock, begin: str, end: str | None, reason: str = "appraisal", **more) -> ComplaintClock:
    facts = {"told_at": at(begin), "now": NOW, **more}
    return rules.pause(clock, Pause(on(begin), on(end) if end else None, reason), REGISTRY, CALENDAR, **facts)


def restart(clock: ComplaintClock, received_on: str, **more) -> ComplaintClock:
    facts = {"new_facts": "a second fall", "new_material": ["photo"], "told_at": at(received_on), "now": NOW, **more}
    return rules.restart(clock, on(received_on), REGISTRY, CALENDAR, **facts)


def refused(kind: type[Problem], status: int, act, *args, **more) -> Problem:
    with pytest.raises(kind) as problem:
        act(*args, **more)
    assert problem.value.status == status
    assert "…" not in problem.value.text("zh") + problem.value.text("en")
    return problem.value


@pytest.mark.parametrize(
    ("received", "rule", "due_on"),
    [
        ("2020-02-20", Rule.R2013, "2020-03-05"),
        ("2020-02-29", Rule.R2013, "2020-03-13"),
        ("2020-03-01", Rule.R2020, "2020-03-16"),
        ("2020-03-02", Rule.R2020, "2020-03-17"),
        ("2026-05-11", Rule.R2020, "2026-05-26"),
    ],
)
def test_the_rule_in_force_on_the_day_of_receipt_applies(received, rule, due_on):
    clock = opened(received)
    assert clock.rule is rule
    assert due(clock) == on(due_on)


def test_a_complaint_about_prevention_service_follows_its_own_standard_once_it_is_in_force():
    clock = opened("2026-07-06", about_prevention_service=True)
    assert clock.rule is Rule.AQ9010
    assert due(clock) == on("2026-07-20")
    assert opened("2020-01-31", about_prevention_service=True).rule is Rule.R2013
    assert opened("2020-02-03", about_prevention_service=True).rule is Rule.AQ9010


def test_its_complex_period_is_30_working_days_and_its_extension_30_days_more():
    clock = opened("2026-07-06", about_prevention_service=True)
    complex_clock = extend(clock, Stage.COMPLEX, "2026-07-10")
    assert due(complex_clock) == on("2026-08-17")
    assert due(extend(complex_clock, Stage.EXTENDED, "2026-08-10", "2026-08-09")) == on("2026-09-16")


def test_a_complaint_older_than_every_rule_is_refused():
    refused(rules.NoComplaintRule, 422, opened, "2013-10-31")


def test_15_then_30_then_60_days_from_receipt():
    clock = opened("2026-07-06")
    assert due(clock) == on("2026-07-21")
    clock = extend(clock, Stage.COMPLEX, "2026-07-15")
    assert due(clock) == on("2026-08-05")
    clock = extend(clock, Stage.EXTENDED, "2026-08-03", "2026-08-02")
    assert due(clock) == on("2026-09-04") == on("2026-07-06") + timedelta(days=60)
    assert rules.current_deadline(clock, REGISTRY, CALENDAR, NOW.date()).id == "DL-CO-3"
    refused(rules.PeriodAtMaximum, 409, extend, clock, Stage.EXTENDED, "2026-09-01", "2026-09-01")


def test_the_days_of_a_request_name_the_stage_they_lead_to():
    assert rules.STEP == {15: Stage.COMPLEX, 30: Stage.EXTENDED}


def test_an_extension_goes_step_by_step():
    clock = opened("2026-07-06")
    refused(rules.ExtensionOutOfOrder, 409, extend, clock, Stage.EXTENDED, "2026-07-15", "2026-07-15")
    refused(rules.ExtensionOutOfOrder, 409, extend, clock, Stage.SIMPLE, "2026-07-15")


def test_an_extension_needs_a_reason_and_the_notice_to_the_complainant_inside_the_period():
    clock = opened("2026-07-06")
    refused(ReasonRequired, 422, extend, clock, Stage.COMPLEX, "2026-07-15", reason=" ")
    refused(rules.ExtensionNotTold, 422, extend, clock, Stage.COMPLEX, None)
    refused(rules.ExtensionNotTold, 422, extend, clock, Stage.COMPLEX, "2026-07-05T23:59")
    assert extend(clock, Stage.COMPLEX, "2026-07-21T23:59").stage is Stage.COMPLEX
    late = refused(rules.ExtensionToldTooLate, 422, extend, clock, Stage.COMPLEX, "2026-07-22T00:00")
    assert late.members == {"due_legal_on": "2026-07-21"}


def test_an_extension_may_be_told_until_the_end_of_the_rolled_day():
    clock = opened("2026-04-17")  # due on Saturday 2 May, legally on 6 May
    assert extend(clock, Stage.COMPLEX, "2026-05-06T23:59").stage is Stage.COMPLEX
    refused(rules.ExtensionToldTooLate, 422, extend, clock, Stage.COMPLEX, "2026-05-07T00:00")


def test_the_last_extension_needs_approval_before_it_is_told():
    clock = extend(opened("2026-07-06"), Stage.COMPLEX, "2026-07-15")
    refused(rules.ExtensionNotApproved, 422, extend, clock, Stage.EXTENDED, "2026-08-03")
    refused(rules.ExtensionNotApproved, 422, extend, clock, Stage.EXTENDED, "2026-08-03T10:00", "2026-08-03T10:01")
    refused(rules.ExtensionNotTold, 422, extend, clock, Stage.EXTENDED, None, "2026-08-02")


def test_nothing_is_told_or_approved_in_the_future():
    clock = opened("2026-07-06")
    refused(OccurredInFuture, 422, extend, clock, Stage.COMPLEX, "2026-07-15", now=at("2026-07-14"))
    refused(OccurredInFuture, 422, pause, clock, "2026-07-15", None, now=at("2026-07-14"))
    refused(OccurredInFuture, 422, pause, clock, "2026-07-15", "2026-07-18", now=at("2026-07-16"))
    refused(OccurredInFuture, 422, restart, clock, "2026-07-15", now=at("2026-07-14"))


@pytest.mark.parametrize("reason", ["appraisal", "mediation"])
def test_a_pause_for_appraisal_or_mediation_moves_the_due_date_by_its_days(reason):
    clock = pause(opened("2026-07-06"), "2026-07-10", "2026-07-17", reason)
    assert due(clock) == on("2026-07-28")
    later = extend(clock, Stage.COMPLEX, "2026-07-28")
    assert due(later) == on("2026-08-12")
    assert due(extend(later, Stage.EXTENDED, "2026-08-12", "2026-08-12")) == on("2026-09-11")


def test_a_pause_in_the_last_extension_moves_it_too():
    clock = extend(opened("2026-07-06"), Stage.COMPLEX, "2026-07-15")
    clock = extend(clock, Stage.EXTENDED, "2026-08-03", "2026-08-02")
    assert due(pause(clock, "2026-08-20", "2026-08-25", "mediation")) == on("2026-09-09")


def test_a_lasting_pause_stops_the_clock_until_it_is_ended():
    clock = pause(opened("2026-07-06"), "2026-07-10", None)
    deadline = rules.current_deadline(clock, REGISTRY, CALENDAR, on("2026-09-10"))
    assert deadline.paused
    assert not deadline.passed(at("2026-09-10"))
    refused(rules.PauseAlreadyOpen, 409, pause, clock, "2026-07-11", None)
    refused(PauseEndsBeforeItStarts, 422, rules.end_pause, clock, "appraisal", on("2026-07-09"))
    ended = rules.end_pause(clock, "appraisal", on("2026-07-17"))
    assert due(ended) == on("2026-07-28")
    refused(rules.NotPaused, 409, rules.end_pause, ended, "appraisal", on("2026-07-18"))


def test_a_pause_for_anything_else_is_refused_and_so_is_one_that_was_not_told():
    clock = opened("2026-07-06")
    refused(rules.PauseReasonNotAllowed, 422, pause, clock, "2026-07-10", "2026-07-17", "waiting_for_customer")
    refused(rules.PauseNotTold, 422, pause, clock, "2026-07-10", "2026-07-17", told_at=None)
    refused(rules.PauseBeforeReceipt, 422, pause, clock, "2026-07-05", "2026-07-17")


def test_a_period_that_is_over_is_neither_paused_nor_restarted():
    clock = opened("2026-07-06")
    over = refused(rules.PeriodOver, 409, pause, clock, "2026-07-22", "2026-07-25")
    assert over.members == {"due_legal_on": "2026-07-21"}
    refused(rules.PeriodOver, 409, restart, clock, "2026-07-22")
    # nor by a pause that is invented afterwards
    refused(rules.PauseToldTooLate, 422, pause, clock, "2026-07-10", "2026-07-20", told_at=at("2026-07-22T00:00"))


def test_only_new_facts_with_new_material_restart_the_period_and_it_is_told():
    clock = extend(opened("2026-07-06"), Stage.COMPLEX, "2026-07-15")
    restarted = restart(clock, "2026-07-20")
    assert (restarted.stage, restarted.received_on, restarted.rule) == (Stage.SIMPLE, on("2026-07-06"), Rule.R2020)
    assert due(restarted) == on("2026-08-04")
    refused(rules.NoNewMaterial, 422, restart, clock, "2026-07-20", new_material=[])
    refused(rules.NoNewMaterial, 422, restart, clock, "2026-07-20", new_facts=" ")
    refused(rules.RestartNotTold, 422, restart, clock, "2026-07-20", told_at=None)
    refused(rules.RestartBeforePeriod, 422, restart, clock, "2026-07-05")


def test_a_pause_before_a_restart_does_not_move_the_new_period():
    clock = pause(opened("2026-07-06"), "2026-07-08", "2026-07-12")
    assert due(restart(clock, "2026-07-20")) == on("2026-08-04")


def test_a_restart_keeps_the_rule_of_the_day_of_receipt():
    restarted = restart(opened("2020-02-20"), "2020-03-02")
    assert restarted.rule is Rule.R2013
    assert due(restarted) == on("2020-03-16")


def test_merged_complaints_keep_their_due_dates_and_the_earliest_binds():
    target, source = opened("2026-07-10"), opened("2026-07-06")
    own, merged = (rules.current_deadline(one, REGISTRY, CALENDAR, NOW.date()) for one in (target, source))
    assert rules.binding_deadline(own, [merged]) == merged
    assert rules.binding_deadline(own) == own
    assert (own.due_on, merged.due_on) == (on("2026-07-25"), on("2026-07-21"))


def test_a_review_is_refused_only_after_its_legal_day():
    received = on("2026-04-02")  # 30 days end on Saturday 2 May, legally on 6 May
    window = rules.review_request_deadline(received, REGISTRY, CALENDAR)
    assert (window.id, window.due_on, window.due_legal_on) == ("DL-CO-4", on("2026-05-02"), on("2026-05-06"))
    rules.check_review_request(received, on("2026-05-06"), REGISTRY, CALENDAR)
    late = refused(
        rules.ReviewRequestLate, 409, rules.check_review_request, received, on("2026-05-07"), REGISTRY, CALENDAR
    )
    assert late.members == {"due_legal_on": "2026-05-06"}
    refused(rules.ReviewBeforeDecision, 422, rules.check_review_request, received, on("2026-04-01"), REGISTRY, CALENDAR)


def test_a_review_is_decided_in_30_days_from_its_request():
    decision = rules.review_decision_deadline(on("2026-05-06"), REGISTRY, CALENDAR)
    assert (decision.id, decision.due_on) == ("DL-CO-5", on("2026-06-05"))


def test_a_stored_clock_can_be_put_together_again_from_its_parts():
    clock = pause(opened("2026-07-06"), "2026-07-10", "2026-07-17")
    parts = ComplaintClock(
        Rule("r2020"), clock.received_on, clock.started_on, Stage("simple"),
        tuple(Pause.from_shown(one.shown()) for one in clock.pauses),
    )  # fmt: skip
    assert parts == clock == replace(clock)
