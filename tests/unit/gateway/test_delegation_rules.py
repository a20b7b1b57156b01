"""Delegations without a database: what is delegable, the bounds at the grant, and the same bounds at every use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from gateway.delegation import rules
from gateway.organisation.rules import IncompatiblePositions, PeriodReversed
from shared.authority import AuthorityTable
from shared.clock import SHANGHAI, at_midnight
from shared.errors import ActionNotPermitted, SeparationOfDuties
from shared.rule_sets import read_files
from tests.support.tokens import MATRIX, ROOT, actor, person

TODAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=SHANGHAI)
DECIDE = "claims.approval.decide"
[TABLE] = [
    AuthorityTable.of(one.version, one.effective_from, one.content["entries"])
    for one in read_files(ROOT / "gateway/authority/rule_sets")
    if one.name == "authority_tables"
]


@dataclass(frozen=True)
class Seat:
    position: str
    path: str
    id: UUID
    from_on: date = date(2026, 1, 1)
    to_on: date | None = None
    kind: str = "standard"

    @property
    def level(self) -> str:
        return ("head_office", "branch", "central_branch", "sub_branch")[self.path.count(".")]


@dataclass(frozen=True)
class Holder:
    id: UUID
    posts: tuple[Seat, ...]
    active: bool = True


def seat(position: str, path: str, **changes: object) -> Seat:
    return replace(Seat(position, path, uuid4()), **changes)


OWN = seat("claims_approver", "00.32.3201")
DELEGATOR = Holder(person("boss"), (OWN,))


def deputy(*posts: Seat, active: bool = True) -> Holder:
    return Holder(person("deputy"), posts, active)


GRANTED = rules.Delegation(
    uuid4(), OWN.id, DELEGATOR.id, person("deputy"), frozenset({DECIDE}), Decimal("20000.00"), TODAY,
    TODAY + timedelta(days=3),
)  # fmt: skip
NEAR = seat("department_head", "00.32.3202")


def test_business_of_the_services_is_delegable_and_authority_over_others_is_not() -> None:
    for name, row in MATRIX.permissions.items():
        domain, noun, _ = name.split(".")
        changes_here = domain == "organisation" and row.kind != "read" and noun not in ("directive", "work_item")
        assert rules.delegable(MATRIX, name) is not (changes_here or row.kind == "session"), name
    assert not rules.delegable(MATRIX, "claims.approval.undo")
    assert not rules.delegable(MATRIX, "organisation.delegation.grant")


@pytest.mark.parametrize("position", ["security_admin", "rules_manager", "auditor", "system_admin", "core_system"])
def test_positions_that_are_no_business_delegate_nothing(position: str) -> None:
    with pytest.raises(rules.PermissionNotDelegable):
        rules.check_permissions(MATRIX, seat(position, "00"), ["claims.claim.read"])


def test_what_the_holder_does_not_have_is_named() -> None:
    with pytest.raises(rules.PermissionNotHeld) as refused:
        rules.check_permissions(MATRIX, OWN, [DECIDE, "policy.application.decide", "claims.survey.report"])
    assert refused.value.members["permissions"] == ["claims.survey.report", "policy.application.decide"]


@pytest.mark.parametrize(
    ("limit", "allowed"), [("100000.00", True), ("100000.01", False), ("0.00", True), (None, True)]
)
def test_the_limit_is_compared_with_the_widest_of_the_kinds_delegated(limit: str | None, allowed: bool) -> None:
    asked = None if limit is None else Decimal(limit)
    if allowed:
        rules.check_limit(MATRIX, TABLE, OWN, [DECIDE], asked)
        return
    with pytest.raises(rules.LimitAboveOwn):
        rules.check_limit(MATRIX, TABLE, OWN, [DECIDE], asked)


def test_head_office_has_no_limit_to_exceed_and_without_money_a_limit_says_nothing() -> None:
    rules.check_limit(MATRIX, TABLE, seat("claims_approver", "00"), [DECIDE], Decimal("999999999.00"))
    rules.check_limit(MATRIX, TABLE, OWN, ["claims.claim.read"], Decimal("999999999.00"))
    with pytest.raises(rules.LimitAboveOwn):
        rules.check_limit(MATRIX, None, OWN, [DECIDE], Decimal("0.01"))


@pytest.mark.parametrize(
    ("post", "reason"),
    [
        (None, "no_appointment"),
        (seat("department_head", "00.33.3301"), "other_branch"),
        (seat("department_head", "00"), "other_branch"),
        (seat("claims_approver", "00.32.3201.320102"), "lower_level"),
        (seat("department_head", "00.32.3202", to_on=TODAY), "no_appointment"),
        (seat("department_head", "00.32.3202", from_on=TODAY + timedelta(days=1)), "no_appointment"),
    ],
)
def test_whoever_works_elsewhere_or_lower_is_no_delegate(post: Seat | None, reason: str) -> None:
    with pytest.raises(rules.DelegateUnsuitable) as refused:
        rules.check_delegate(MATRIX, OWN, deputy(*([] if post is None else [post])), TODAY)
    assert refused.value.members["reason"] == reason
    assert rules.seat_of(MATRIX, GRANTED, DELEGATOR, deputy(*([] if post is None else [post])), NOON) is None


@pytest.mark.parametrize("path", ["00.32", "00.32.3202", "00.32.3201"])
def test_the_same_or_a_higher_level_of_the_branch_will_do(path: str) -> None:
    rules.check_delegate(MATRIX, OWN, deputy(seat("department_head", path)), TODAY)


@pytest.mark.parametrize("position", ["surveyor", "adjuster", "cashier", "archivist", "document_custodian"])
def test_a_position_that_excludes_the_delegators_refuses_also_from_another_branch(position: str) -> None:
    held = deputy(NEAR, seat(position, "00.33.3301"))
    with pytest.raises(IncompatiblePositions):
        rules.check_delegate(MATRIX, OWN, held, TODAY)
    assert rules.seat_of(MATRIX, GRANTED, DELEGATOR, held, NOON) is None


def test_the_window_is_half_open_and_is_judged_at_the_moment_of_use() -> None:
    first, after = at_midnight(GRANTED.from_on), at_midnight(GRANTED.to_on)
    second = timedelta(seconds=1)
    for moment, holds in ((first - second, False), (first, True), (after - second, True), (after, False)):
        found = rules.seat_of(MATRIX, GRANTED, DELEGATOR, deputy(NEAR), moment)
        assert (found is not None) is holds, moment
    assert rules.seat_of(MATRIX, replace(GRANTED, revoked=True), DELEGATOR, deputy(NEAR), NOON) is None
    assert rules.seat_of(MATRIX, GRANTED, replace(DELEGATOR, active=False), deputy(NEAR), NOON) is None
    assert rules.seat_of(MATRIX, GRANTED, DELEGATOR, deputy(NEAR, active=False), NOON) is None
    assert rules.seat_of(MATRIX, GRANTED, DELEGATOR, Holder(person("other"), (NEAR,)), NOON) is None
    assert rules.seat_of(MATRIX, replace(GRANTED, appointment_id=uuid4()), DELEGATOR, deputy(NEAR), NOON) is None


def test_it_ends_with_the_delegators_appointment_where_that_is_earlier() -> None:
    assert rules.ends_at(GRANTED, OWN) == at_midnight(TODAY + timedelta(days=3))
    assert rules.ends_at(GRANTED, replace(OWN, to_on=TODAY + timedelta(days=1))) == at_midnight(date(2026, 11, 25))
    assert rules.ends_at(GRANTED, replace(OWN, to_on=date(2027, 1, 1))) == at_midnight(TODAY + timedelta(days=3))


def test_what_is_left_is_never_more_than_the_delegator_has() -> None:
    wide = replace(GRANTED, permissions=frozenset({DECIDE, "policy.application.decide"}), limit=Decimal("60000.00"))
    assert rules.permissions_left(MATRIX, wide, OWN) == {DECIDE}
    assert {(one.kind, one.line, one.amount) for one in rules.limits_left(MATRIX, wide, OWN, TABLE)} == {
        ("claim_payment", "liability", Decimal("60000.00")), ("claim_payment", "accident", Decimal("50000.00")),
    }  # fmt: skip
    assert rules.limits_left(MATRIX, wide, OWN, None) == ()


@pytest.mark.parametrize(
    ("first", "after", "refusal"),
    [
        (TODAY - timedelta(days=1), TODAY + timedelta(days=1), rules.PeriodOutside),
        (TODAY, TODAY, PeriodReversed),
        (TODAY, TODAY + timedelta(days=9), rules.PeriodOutside),
        (TODAY + timedelta(days=8), TODAY + timedelta(days=9), rules.PeriodOutside),
    ],
)
def test_the_period_lies_within_the_appointment(first: date, after: date, refusal: type[Exception]) -> None:
    own = replace(OWN, to_on=TODAY + timedelta(days=8))
    rules.check_period(own, TODAY, TODAY + timedelta(days=8), TODAY)
    with pytest.raises(refusal):
        rules.check_period(own, first, after, TODAY)


def test_who_delegates_and_who_revokes() -> None:
    boss = actor("claims_approver", OWN.path, name="boss")
    admin = actor("security_admin", "00.32", name="admin")
    rules.may_delegate(boss, boss.person_id, person("deputy"), own_appointment=True)
    rules.may_delegate(admin, boss.person_id, person("deputy"), own_appointment=False)
    for who, to, own in ((boss, boss.person_id, True), (admin, admin.person_id, False)):
        with pytest.raises(SeparationOfDuties):
            rules.may_delegate(who, boss.person_id, to, own_appointment=own)
    under = replace(boss, delegation_id=uuid4())
    for who, own in ((under, True), (actor("department_head", "00.32"), False)):
        with pytest.raises(ActionNotPermitted):
            rules.may_delegate(who, boss.person_id, person("deputy"), own_appointment=own)
    for who in (boss, admin, actor("department_head", NEAR.path, name="deputy")):
        rules.may_revoke(who, GRANTED, TODAY)
        with pytest.raises(rules.DelegationEnded):
            rules.may_revoke(who, GRANTED, GRANTED.to_on)
    with pytest.raises(ActionNotPermitted):
        rules.may_revoke(actor("department_head", "00.32", name="head"), GRANTED, TODAY)
