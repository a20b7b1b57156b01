from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.deadlines.rules import (
    ClaimFacts,
    ClaimPeriod,
    ComplexNotTold,
    ComplexReasonMissing,
    ComplexToldTooLate,
    check_marked_complex,
    claim_periods,
    grave_reason,
)
from shared.clock import SHANGHAI, at_midnight
from shared.periods import PauseEndsBeforeItStarts
from tests.support.rule_sets import seeded_calendar, seeded_registry

CALENDAR = seeded_calendar()
REGISTRY = seeded_registry("claims")
DAYS = st.dates(date(2019, 1, 1), date(2026, 6, 1))


def on(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def periods(facts: ClaimFacts, today: str = "2026-12-01") -> dict[str, ClaimPeriod]:
    return {one.deadline.id: one for one in claim_periods(facts, REGISTRY, CALENDAR, on(today))}


def dues(facts: ClaimFacts, today: str = "2026-12-01") -> dict[str, tuple[str, str]]:
    return {
        name: (str(one.deadline.due_on), str(one.deadline.due_legal_on)) for name, one in periods(facts, today).items()
    }


SUPPLEMENTED = ClaimFacts(
    documents_received_on=on("2026-06-05"),
    supplement_served_on=on("2026-06-11"),
    supplements_received_on=on("2026-06-23"),
)


def test_a_claim_without_documents_owes_nothing_yet():
    assert periods(ClaimFacts()) == {}


def test_the_wait_for_supplements_is_deducted_from_the_30_days_and_not_from_the_60():
    assert dues(SUPPLEMENTED) == {
        "DL-CL-1": ("2026-07-17", "2026-07-17"),
        "DL-CL-4": ("2026-08-04", "2026-08-04"),
    }


def test_the_claim_climbs_after_20_days_of_its_own_time_and_the_advance_task_opens_on_day_50():
    found = periods(SUPPLEMENTED)
    decide, advance = found["DL-CL-1"], found["DL-CL-4"]
    assert decide.escalate_on == on("2026-07-07")
    assert not decide.to_escalate(at("2026-07-06T23:59"))
    assert decide.to_escalate(at("2026-07-07T00:00"))
    assert advance.task_on == on("2026-07-25")
    assert not advance.task_due(at("2026-07-24T23:59"))
    assert advance.task_due(at("2026-07-25T00:00"))


def test_while_the_supplements_are_awaited_the_decision_period_stands_still_and_the_advance_period_runs():
    waiting = replace(SUPPLEMENTED, supplements_received_on=None)
    found = periods(waiting, "2026-09-01")
    assert found["DL-CL-1"].deadline.paused
    assert not found["DL-CL-1"].breached(at("2026-09-01T12:00"))
    assert not found["DL-CL-1"].to_escalate(at("2026-09-01T12:00"))
    assert found["DL-CL-4"].breached(at("2026-09-01T12:00"))


def test_a_supplement_notice_served_after_the_30_days_does_not_heal_the_breach():
    late = ClaimFacts(documents_received_on=on("2026-06-05"), supplement_served_on=on("2026-07-07"))
    decide = periods(late, "2026-08-01")["DL-CL-1"]
    assert decide.deadline.due_on == on("2026-07-05")
    assert decide.breached(at("2026-08-01T12:00"))


def test_supplements_cannot_arrive_before_their_notice():
    with pytest.raises(PauseEndsBeforeItStarts):
        periods(replace(SUPPLEMENTED, supplements_received_on=on("2026-06-10")))


def test_individual_accident_cover_is_decided_in_five_working_days():
    facts = ClaimFacts(individual_accident=True, documents_received_on=on("2026-04-29"))
    assert dues(facts)["DL-CL-1a"] == ("2026-05-09", "2026-05-09")  # 5 May is off, Saturday the 9th is made up
    assert "DL-CL-1" not in dues(facts)


def test_five_working_days_are_stopped_by_the_supplement_notice_in_whole_working_days():
    facts = ClaimFacts(
        individual_accident=True,
        documents_received_on=on("2026-06-05"),
        supplement_served_on=on("2026-06-08"),
        supplements_received_on=on("2026-06-11"),
    )
    assert dues(facts)["DL-CL-1a"] == ("2026-06-17", "2026-06-17")


def test_a_complex_individual_claim_has_30_days_only_with_a_reason_that_was_told():
    facts = ClaimFacts(individual_accident=True, documents_received_on=on("2026-06-05"), complex_reason="appraisal")
    assert "DL-CL-1a" in periods(facts)
    assert "DL-CL-1a" in periods(replace(facts, complex_reason=" ", complex_told_on=on("2026-06-08")))
    told = replace(facts, complex_told_on=on("2026-06-08"))
    assert dues(told)["DL-CL-1"] == ("2026-07-05", "2026-07-06")
    assert "DL-CL-1a" not in periods(told)


def test_marking_complex_needs_a_reason_told_before_the_short_period_ends():
    facts = ClaimFacts(individual_accident=True, documents_received_on=on("2026-06-05"))
    check_marked_complex(facts, "appraisal needed", on("2026-06-12"), REGISTRY, CALENDAR)
    with pytest.raises(ComplexReasonMissing) as missing:
        check_marked_complex(facts, "  ", on("2026-06-12"), REGISTRY, CALENDAR)
    with pytest.raises(ComplexNotTold) as untold:
        check_marked_complex(facts, "appraisal needed", on("2026-06-04"), REGISTRY, CALENDAR)
    with pytest.raises(ComplexToldTooLate) as late:
        check_marked_complex(facts, "appraisal needed", on("2026-06-13"), REGISTRY, CALENDAR)
    assert [one.value.status for one in (missing, untold, late)] == [422, 422, 409]
    assert late.value.members == {"due_legal_on": "2026-06-12"}


def test_a_short_period_that_ends_unanswered_climbs_one_level():
    facts = ClaimFacts(individual_accident=True, documents_received_on=on("2026-06-05"))
    decide = periods(facts)["DL-CL-1a"]
    assert not decide.to_escalate(at("2026-06-12T23:59"))
    assert decide.to_escalate(at("2026-06-13T00:00"))
    climbed = replace(decide, deadline=replace(decide.deadline, escalated_to="00.32"))
    assert not climbed.to_escalate(at("2026-06-13T00:00"))


def test_a_refusal_determined_on_10_april_is_served_by_13_april():
    facts = ClaimFacts(documents_received_on=on("2026-04-01"), determined_on=on("2026-04-10"), covered=False)
    assert dues(facts)["DL-CL-2"] == ("2026-04-13", "2026-04-13")
    assert not periods(facts)["DL-CL-2"].breached(at("2026-04-13T23:59"))
    assert periods(facts)["DL-CL-2"].breached(at("2026-04-14T00:00"))


def test_served_in_time_is_never_a_breach_and_served_too_late_stays_one():
    facts = ClaimFacts(determined_on=on("2026-04-10"), covered=False, refusal_served_on=on("2026-04-12"))
    assert not periods(facts)["DL-CL-2"].breached(at("2026-06-01T00:00"))
    late = replace(facts, refusal_served_on=on("2026-04-14"))
    assert periods(late)["DL-CL-2"].breached(at("2026-06-01T00:00"))


def test_a_covered_loss_has_no_refusal_to_serve():
    assert "DL-CL-2" not in periods(ClaimFacts(determined_on=on("2026-04-10"), covered=True))


def test_an_agreement_of_22_april_is_paid_by_the_last_working_day_before_2_may_and_breached_after_6_may():
    payment = periods(ClaimFacts(agreed_on=on("2026-04-22")))["DL-CL-3"]
    assert (payment.deadline.due_on, payment.deadline.due_legal_on) == (on("2026-05-02"), on("2026-05-06"))
    assert payment.pay_on == on("2026-04-30")
    assert not payment.breached(at("2026-05-06T23:59"))
    assert payment.breached(at("2026-05-07T00:00"))


@pytest.mark.parametrize("done", ["amount_fixed_on", "advance_paid_on"])
def test_no_advance_is_due_once_the_amount_is_fixed_or_the_advance_paid(done):
    facts = replace(SUPPLEMENTED, **{done: on("2026-07-01")})
    assert not periods(facts)["DL-CL-4"].task_due(at("2026-07-25T00:00"))
    assert not periods(facts)["DL-CL-4"].breached(at("2026-12-01T00:00"))


def test_no_advance_is_due_on_a_loss_that_is_not_covered():
    facts = replace(SUPPLEMENTED, determined_on=on("2026-07-01"), covered=False)
    assert not periods(facts)["DL-CL-4"].task_due(at("2026-07-25T00:00"))


def test_head_office_is_told_within_24_hours_to_the_moment_even_at_night_before_a_holiday():
    facts = ClaimFacts(grave_known_at=at("2026-05-01T02:40"))
    told = periods(facts)["DL-CL-7"]
    assert told.deadline.shown()["due_at"] == "2026-05-02T02:40:00+08:00"
    assert not told.breached(at("2026-05-02T02:40"))
    assert told.breached(at("2026-05-02T02:40:01"))
    assert told.to_escalate(at("2026-05-02T02:40:01"))
    informed = periods(replace(facts, head_office_informed_at=at("2026-05-02T02:40")))["DL-CL-7"]
    assert not informed.breached(at("2026-06-01T00:00"))


@pytest.mark.parametrize(
    ("deaths", "injured", "reinsured", "reason"),
    [
        (2, 9, False, None),
        (3, 0, False, "casualties"),
        (0, 10, False, "casualties"),
        (0, 0, True, "reinsured"),
        (3, 0, True, "casualties"),
    ],
)
def test_three_deaths_ten_injured_or_reinsurance_are_reported_to_head_office(deaths, injured, reinsured, reason):
    assert grave_reason(deaths, injured, reinsured, REGISTRY.row("DL-CL-7", on("2026-05-01"))) == reason


def test_limitation_is_shown_from_knowledge_and_from_fixed_liability_and_never_breaks_a_claim():
    facts = ClaimFacts(event_known_on=on("2024-02-29"), liability_fixed_on=on("2024-05-20"))
    assert dues(facts)["DL-CL-5"] == ("2026-02-28", "2026-02-28")
    assert dues(facts)["DL-CL-6"] == ("2026-05-20", "2026-05-20")
    assert not any(one.breached(at("2030-01-01T00:00")) for one in periods(facts).values())
    assert all(one.warn_only for one in periods(facts).values())


def test_a_closed_claim_is_shelved_in_ten_working_days():
    facts = ClaimFacts(closed_on=on("2026-04-24"))
    assert dues(facts)["DL-AR-1"] == ("2026-05-12", "2026-05-12")


def test_a_trigger_before_the_row_was_in_force_gives_no_period():
    assert periods(ClaimFacts(liability_fixed_on=on("2018-08-31"))) == {}


@given(DAYS, st.integers(0, 30), st.integers(0, 90))
def test_the_one_pause_adds_exactly_its_days_to_the_30_and_none_to_the_60(start, after, days):
    served = start + timedelta(days=after)
    facts = ClaimFacts(
        documents_received_on=start,
        supplement_served_on=served,
        supplements_received_on=served + timedelta(days=days),
    )
    found = periods(facts)
    assert found["DL-CL-1"].deadline.due_on == start + timedelta(days=30 + days)
    assert found["DL-CL-4"].deadline.due_on == start + timedelta(days=60)
    assert found["DL-CL-4"].task_on == start + timedelta(days=50)


@given(DAYS, st.integers(0, 90))
def test_later_papers_and_later_questions_do_not_restart_the_period(start, later):
    facts = ClaimFacts(documents_received_on=start)
    today = str(start + timedelta(days=later))
    assert periods(facts, today)["DL-CL-1"].deadline.due_on == start + timedelta(days=30)


@given(DAYS, st.integers(0, 40), st.integers(0, 20))
def test_an_open_pause_ends_where_the_arrival_on_that_day_would_have_ended_it(start, after, days):
    served = start + timedelta(days=min(after, 30))
    today = served + timedelta(days=days)
    waiting = ClaimFacts(documents_received_on=start, supplement_served_on=served)
    arrived = replace(waiting, supplements_received_on=today)
    lasting, over = (periods(facts, str(today))["DL-CL-1"] for facts in (waiting, arrived))
    assert lasting.deadline.due_on == over.deadline.due_on
    assert lasting.escalate_on == over.escalate_on


@given(DAYS)
def test_a_breach_begins_with_the_first_moment_after_the_legal_day(start):
    decide = periods(ClaimFacts(documents_received_on=start))["DL-CL-1"]
    assert decide.deadline.due_legal_on is not None
    end = at_midnight(decide.deadline.due_legal_on + timedelta(days=1))
    assert not decide.breached(end - timedelta(microseconds=1))
    assert decide.breached(end)
