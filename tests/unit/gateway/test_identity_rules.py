"""Who is let in: lock-out, passwords, the password again, the facts behind a caller."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity import rules
from gateway.identity.rules import Attempt, PasswordPolicy, PersonFacts, Post
from shared.authority import AuthorityTable
from shared.clock import SHANGHAI
from shared.errors import StepUpRequired
from tests.support.tokens import MATRIX

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI)
WINDOW = timedelta(minutes=15)


def _failed(*minutes_ago: float) -> list[Attempt]:
    return [Attempt(NOW - timedelta(minutes=minutes), True) for minutes in minutes_ago]


def test_four_failures_do_not_lock_and_the_fifth_does() -> None:
    rules.refuse_locked(_failed(1, 2, 3, 4), NOW, 5, WINDOW)
    with pytest.raises(rules.SignInLocked):
        rules.refuse_locked(_failed(1, 2, 3, 4, 5), NOW, 5, WINDOW)


def test_a_failure_counts_for_exactly_a_quarter_of_an_hour() -> None:
    rules.refuse_locked(_failed(1, 2, 3, 4, 15), NOW, 5, WINDOW)
    with pytest.raises(rules.SignInLocked) as refused:
        rules.refuse_locked(_failed(1, 2, 3, 4, 14), NOW, 5, WINDOW)
    assert refused.value.members["retry_after"] == 61


def test_attempts_under_way_count_until_they_are_left_behind() -> None:
    under_way = [Attempt(NOW - timedelta(seconds=1), False)] * 2
    with pytest.raises(rules.SignInLocked) as refused:
        rules.refuse_locked(_failed(1, 2, 3) + under_way, NOW, 5, WINDOW)
    assert refused.value.members["retry_after"] == 1
    left_behind = [Attempt(NOW - timedelta(seconds=31), False)] * 2
    rules.refuse_locked(_failed(1, 2, 3) + left_behind, NOW, 5, WINDOW)
    rules.refuse_locked(_failed(1, 2, 3) + under_way, NOW, 5, WINDOW, 20)


@given(st.lists(st.floats(0, 30, allow_nan=False), max_size=12))
def test_whoever_waits_as_told_is_let_in(minutes: list[float]) -> None:
    attempts = _failed(*minutes)
    try:
        rules.refuse_locked(attempts, NOW, 5, WINDOW)
    except rules.SignInLocked as refused:
        later = NOW + timedelta(seconds=refused.members["retry_after"])
        rules.refuse_locked(attempts, later, 5, WINDOW)
        with pytest.raises(rules.SignInLocked):
            rules.refuse_locked(attempts, later - timedelta(seconds=2), 5, WINDOW)


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Abcdefgh12", set()),
        ("Abcdefg1", {"password_length"}),
        ("a" * 129, {"password_length", "password_classes"}),
        ("abcdefghij", {"password_classes"}),
        ("abcdefgh12", {"password_classes"}),
        ("abcdefg-12", set()),
        ("My-S0013-Wort", {"password_contains_login"}),
        ("密码密码密码密码Aa1-", set()),
    ],
)
def test_a_password_breaks_every_rule_that_it_breaks(password: str, broken: set[str]) -> None:
    try:
        rules.check_password(PasswordPolicy(), password, "s0013")
        found: set[str] = set()
    except rules.PasswordUnsuitable as refused:
        found = {fault.code for fault in refused.faults}
    assert found == broken


def test_a_password_is_too_old_after_the_days_of_the_policy() -> None:
    policy = PasswordPolicy(max_days=90)
    assert not policy.expired(NOW - timedelta(days=90), NOW)
    assert policy.expired(NOW - timedelta(days=90, seconds=1), NOW)
    assert not PasswordPolicy(max_days=0).expired(NOW - timedelta(days=900), NOW)
    assert not policy.expired(None, NOW)


@pytest.mark.parametrize(
    ("level", "seconds", "asked"),
    [
        ("sub_branch", 9999, False),
        ("central_branch", 300, False),
        ("central_branch", 301, True),
        ("branch", 301, True),
        ("head_office", 301, True),
    ],
)
def test_the_password_is_asked_again_from_the_central_branch_upward(level: str, seconds: int, asked: bool) -> None:
    given_at = NOW - timedelta(seconds=seconds)
    if not asked:
        rules.refuse_without_step_up(level, given_at, NOW)
        return
    with pytest.raises(StepUpRequired) as refused:
        rules.refuse_without_step_up(level, given_at, NOW)
    assert refused.value.members == {"max_age": 300}


def _post(from_on: date, to_on: date | None = None, **changes: str) -> Post:
    place = {
        "position": "surveyor", "unit_code": "3201", "unit_name": "n", "level": "central_branch", "kind": "standard",
        "path": "00.32.3201",
    } | changes  # fmt: skip
    return Post(id=uuid4(), from_on=from_on, to_on=to_on, **place)


def _person(*posts: Post) -> PersonFacts:
    return PersonFacts(uuid4(), "S1", "n", "person", True, 1, posts)


def test_an_appointment_holds_from_its_first_day_until_the_day_before_its_end_in_shanghai() -> None:
    post = _post(date(2026, 11, 24), date(2026, 11, 25))
    person = _person(post)
    midnight = datetime(2026, 11, 24, tzinfo=SHANGHAI)
    assert person.post(post.id, midnight) == post
    assert person.post(post.id, midnight - timedelta(seconds=1)) is None
    assert person.post(post.id, midnight + timedelta(hours=23, minutes=59)) == post
    assert person.post(post.id, midnight + timedelta(days=1)) is None
    assert person.post(uuid4(), midnight) is None


def test_whoever_holds_nothing_today_does_not_begin() -> None:
    with pytest.raises(rules.NoAppointment):
        _person(_post(date(2027, 1, 1))).first_post(NOW)


def test_a_caller_has_the_permissions_of_the_matrix_and_the_limits_of_the_table() -> None:
    row = {"kind": "claim_payment", "line": "liability", "level": "central_branch", "unit_kind": "standard"}
    table = AuthorityTable.of("v", date(2020, 1, 1), [row | {"position": "claims_approver", "limit": "100000.00"}])
    post = _post(date(2020, 1, 1), position="claims_approver")
    caller = rules.actor_of(_person(post), post, MATRIX, table, uuid4())
    assert caller.permissions == MATRIX.permissions_of("claims_approver", "central_branch")
    assert [(one.kind, str(one.amount)) for one in caller.limits] == [("claim_payment", "100000.00")]
    assert (caller.scope, caller.table_version) == ("00.32.3201", "v")
    nobody = rules.actor_of(_person(post), post, MATRIX, None, uuid4(), restricted=True)
    assert nobody.permissions == rules.RESTRICTED
    assert nobody.limits == ()
    assert nobody.table_version is None
