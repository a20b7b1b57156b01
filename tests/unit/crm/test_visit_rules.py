"""Planning, attempts, answers and findings of return visits, on the shares that are shipped."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from services.crm.visit import rules
from services.crm.visit.rules import FindingDraft, IssuedPolicy, Mode, Question, Severity, VisitStatus
from shared.errors import SeparationOfDuties, StateConflict, ValidationFailed

SHIPPED = Path(__file__).parents[3] / "services/crm/rule_sets/sampling.2026-2.toml"
SAMPLING = rules.read_sampling(tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["content"])
KEY = b"a key that nobody guesses"
ISSUED = date(2026, 3, 16)


class WeekendsOff:
    """Working days are Monday to Friday."""

    def add_working_days(self, day: date, count: int) -> date:
        while count:
            day += timedelta(days=1)
            count -= day.weekday() < 5
        return day


def policy(number=1, line="liability", individual=False, key_account=False) -> IssuedPolicy:
    return IssuedPolicy(UUID(int=number), line, individual, key_account, ISSUED)


def plan(given: IssuedPolicy, today=ISSUED, key=KEY):
    planned = rules.plan_after_issue(given, today, SAMPLING, key)
    return None if planned is None else planned.due_on


def test_every_individual_accident_policy_and_every_key_account_is_visited_in_thirty_days():
    for n in range(200):
        assert plan(policy(n, "accident", individual=True)) == date(2026, 4, 15)
        assert plan(policy(n, key_account=True)) == date(2026, 4, 15)


def test_a_fifth_of_the_rest_is_visited_and_the_draw_depends_on_the_key():
    first = [plan(policy(n)) is not None for n in range(10_000)]
    assert 1900 <= sum(first) <= 2100
    assert first == [plan(policy(n)) is not None for n in range(10_000)]
    other = [plan(policy(n), key=b"another key") is not None for n in range(10_000)]
    assert 250 <= sum(a and b for a, b in zip(first, other, strict=True)) <= 550


def test_individual_liability_and_group_accident_belong_to_the_rest():
    for given in (policy(line="liability", individual=True), policy(line="accident")):
        assert (plan(given) is None) == (plan(policy()) is None)


def test_imported_policies_are_visited_only_while_fresh():
    assert plan(policy(key_account=True), today=date(2026, 4, 15)) == date(2026, 4, 15)
    assert plan(policy(key_account=True), today=date(2026, 4, 16)) is None


def test_a_larger_share_contains_the_smaller_and_the_ends_are_all_and_none():
    for n in range(500):
        record = UUID(int=n)
        assert rules.drawn(record, "x", Decimal(1), KEY)
        assert not rules.drawn(record, "x", Decimal(0), KEY)
        assert not rules.drawn(record, "x", Decimal("0.1"), KEY) or rules.drawn(record, "x", Decimal("0.2"), KEY)


def settle(outcome: str):
    return rules.plan_after_settlement(UUID(int=1), outcome, date(2026, 4, 23), WeekendsOff(), SAMPLING, KEY)


def test_every_settled_claim_is_visited_in_five_working_days():
    for outcome in ("paid", "partial", "refused", "zero"):
        assert settle(outcome) == date(2026, 4, 30)
    assert settle("withdrawn") is None


def test_a_complainant_is_visited_after_being_told():
    due = rules.plan_after_complaint(UUID(int=1), date(2026, 5, 22), WeekendsOff(), SAMPLING, KEY)
    assert due == date(2026, 5, 29)


def test_an_accident_policy_of_a_long_term_is_asked_about_while_it_may_be_given_back():
    long = replace(policy(line="accident", individual=True), term_days=730)
    planned = rules.plan_after_issue(long, ISSUED, SAMPLING, KEY)
    assert planned == rules.Planned(rules.VisitKind.COOLING_OFF, ISSUED, date(2026, 3, 31), True)
    received = rules.plan_after_issue(replace(long, received_on=date(2026, 3, 20)), ISSUED, SAMPLING, KEY)
    assert received is not None
    assert (received.starts_on, received.due_on) == (date(2026, 3, 20), date(2026, 4, 4))
    for other in (replace(long, term_days=365), replace(long, individual=False), replace(long, line="liability")):
        told = rules.plan_after_issue(other, ISSUED, SAMPLING, KEY)
        assert told is None or told.kind is rules.VisitKind.UNDERWRITING


def test_what_everybody_is_asked_is_no_sample():
    for given, everybody in ((policy(1, "accident", individual=True), True), (policy(1, key_account=True), True)):
        planned = rules.plan_after_issue(given, ISSUED, SAMPLING, KEY)
        assert planned is not None
        assert planned.of_everybody is everybody
    drawn = [one for n in range(200) if (one := rules.plan_after_issue(policy(n), ISSUED, SAMPLING, KEY))]
    assert drawn
    assert not any(one.of_everybody for one in drawn)


def test_whether_the_surveyor_was_prompt_is_asked_on_the_same_day_and_not_long_after():
    def asked(today):
        return rules.plan_after_survey(UUID(int=1), ISSUED, today, SAMPLING, KEY)

    assert asked(ISSUED) == ISSUED
    assert asked(ISSUED + timedelta(days=1)) == ISSUED
    assert asked(ISSUED + timedelta(days=2)) is None


def test_nobody_asks_about_his_own_work():
    caller, other = UUID(int=1), UUID(int=2)
    rules.refuse_caller(caller, sellers=[other], claim_duties=[(other, "adjuster"), (caller, "reporter")])
    with pytest.raises(SeparationOfDuties) as refused:
        rules.refuse_caller(caller, sellers=[caller], claim_duties=[])
    assert refused.value.members["conflicting_duty"] == "seller"
    with pytest.raises(SeparationOfDuties) as refused:
        rules.refuse_caller(caller, sellers=[], claim_duties=[], manager=caller)
    assert refused.value.members["conflicting_duty"] == "account_manager"
    with pytest.raises(SeparationOfDuties) as refused:
        rules.refuse_caller(caller, sellers=[], claim_duties=[(caller, "reporter"), (caller, "adjuster")])
    assert refused.value.members["conflicting_duty"] == "adjuster"


def test_attempts_lead_to_another_mode_and_giving_up_takes_three():
    assert rules.attempt(VisitStatus.PLANNED, [], Mode.PHONE) is VisitStatus.ATTEMPTED
    assert rules.attempt(VisitStatus.ATTEMPTED, [Mode.PHONE], Mode.PHONE) is VisitStatus.ATTEMPTED
    assert rules.attempt(VisitStatus.ATTEMPTED, [Mode.PHONE], Mode.SMS) is VisitStatus.ALT_MODE
    assert rules.attempt(VisitStatus.ALT_MODE, [Mode.PHONE, Mode.SMS], Mode.SMS) is VisitStatus.ALT_MODE
    needed = SAMPLING.attempts_before_unreachable
    with pytest.raises(rules.TooFewAttempts) as refused:
        rules.give_up(VisitStatus.ATTEMPTED, 2, needed)
    assert refused.value.status == 409
    assert rules.give_up(VisitStatus.ALT_MODE, 3, needed) is VisitStatus.UNREACHABLE
    for status in (VisitStatus.COMPLETED, VisitStatus.UNREACHABLE):
        with pytest.raises(StateConflict):
            rules.attempt(status, [], Mode.PHONE)
    with pytest.raises(StateConflict):
        rules.give_up(VisitStatus.PLANNED, 3, needed)


QUESTIONS = [
    Question("exclusions_clear", frozenset({"yes", "no"}), frozenset({"no"}), "policy", Severity.HIGH),
    Question("attitude", frozenset("12345"), frozenset("12"), "claims", Severity.LOW),
    Question("wishes", frozenset({"none", "some"}), frozenset(), "crm", Severity.LOW, required=False),
]
GOOD = {"exclusions_clear": "yes", "attitude": "5"}


def complete(answers=None, mode=Mode.PHONE, recording="R-1", mismatches=(), current=VisitStatus.ATTEMPTED):
    return rules.complete(current, mode, recording, QUESTIONS, GOOD if answers is None else answers, mismatches)


def test_a_good_visit_is_completed_without_findings():
    assert complete() == rules.Completion((VisitStatus.COMPLETED,), ())
    assert complete(current=VisitStatus.PLANNED).statuses == (VisitStatus.COMPLETED,)


def test_a_call_without_recording_is_no_visit():
    for recording in (None, " "):
        with pytest.raises(rules.RecordingRequired):
            complete(recording=recording)
    assert complete(mode=Mode.LETTER, recording=None)


def test_every_negative_answer_and_every_mismatch_becomes_a_finding():
    done = complete({"exclusions_clear": "no", "attitude": "2"}, mismatches=["phone"])
    assert done.statuses == (VisitStatus.COMPLETED, VisitStatus.ROUTED)
    assert done.findings == (
        FindingDraft("exclusions_clear", "policy", Severity.HIGH),
        FindingDraft("attitude", "claims", Severity.LOW),
        FindingDraft("phone", "customer_data", Severity.MEDIUM),
    )


def test_open_unknown_and_impossible_answers_are_told_at_once():
    with pytest.raises(ValidationFailed) as refused:
        complete({"attitude": "6", "weather": "fine"})
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [
        ("answer_required", "#/answers/exclusions_clear"),
        ("answer_unknown", "#/answers/attitude"),
        ("answer_unknown", "#/answers/weather"),
    ]


def test_a_visit_is_completed_once():
    for status in (VisitStatus.COMPLETED, VisitStatus.ROUTED, VisitStatus.UNREACHABLE):
        with pytest.raises(StateConflict):
            complete(current=status)
    assert set(rules.NEXT) == set(VisitStatus)


def test_shares_are_data():
    half = replace(SAMPLING, claim_share=Decimal("0.50"))
    planned = [
        rules.plan_after_settlement(UUID(int=n), "paid", ISSUED, WeekendsOff(), half, KEY) is not None
        for n in range(2000)
    ]
    assert 900 <= sum(planned) <= 1100
