"""Whoever stands in for a holder: every pair of positions and units, every state of the delegation, every amount.

What is left of a delegation at the moment of use is compared with the oracle: the window, both persons, the branch, the
level, positions that exclude each other, the permissions that were named, and the lower of both limits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import NamedTuple
from uuid import UUID

from gateway.delegation.rules import Delegation, limits_left, permissions_left
from gateway.identity.rules import Acting, PersonFacts, Post
from shared.authority import highest_limit
from shared.clock import SHANGHAI
from tests.security.oracle import amounts, matrix, posts, tree
from tests.support.authority_cases import UNITS
from tests.support.authority_engine import TABLE, person
from tests.support.tokens import MATRIX

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 15, tzinfo=SHANGHAI)
DECIDE, PAY = "claims.approval.decide", "claims.payment.confirm"
HOLDERS = ("north a1", "north a", "north own", "north", "head")
STATES = (
    "active", "last day", "planned", "ended", "revoked", "holder gone", "holder's post ended", "delegate gone",
    "delegate's post ended", "another person",
)  # fmt: skip
IN_FORCE = frozenset({"active", "last day"})
GRANTS = (None, "0.01", "10000.00", "99999999.00")
FLOOR = 100_000


class Case(NamedTuple):
    """`post` at `unit` stands in for the approver of `holder`."""

    holder: str
    post: str
    unit: str
    state: str
    permission: str
    grant: str | None
    cents: int


def cases() -> Iterator[Case]:
    seats = [(post, unit) for unit in UNITS for post in posts.WHERE if tree.HOUSES[unit].place in posts.WHERE[post]]
    for holder, (post, unit), state in product(HOLDERS, seats, STATES):
        for permission, grant, cents in product((DECIDE, PAY), GRANTS, (1, 1_000_000, 10_000_001, 100_000_000)):
            yield Case(holder, post, unit, state, permission, grant, cents)


def expected(case: Case) -> str:
    """In the words of the manual: same branch, same or a higher level, nothing that excludes the holder's position."""
    house, other = tree.HOUSES[case.holder], tree.HOUSES[case.unit]
    suitable = (
        _branch(case.holder) == _branch(case.unit)
        and amounts.HEIGHT[other.place] >= amounts.HEIGHT[house.place]
        and posts.may_combine(case.post, "claims_approver")
    )
    if case.state not in IN_FORCE or not suitable:
        return "no seat"
    if not matrix.may("claims_approver", house.place, case.permission):
        return "nothing left"
    own = amounts.limit("claim_payment", "liability", house.place)
    most = [one for one in (own, None if case.grant is None else int(Decimal(case.grant) * 100)) if one is not None]
    limit = min(most, default=None)
    return "decides" if limit is None or (limit > 0 and case.cents <= limit) else "above the limit"


def _branch(unit: str) -> str:
    return next((one for one in tree.way_up(unit) if tree.HOUSES[one].place == posts.BRANCH), "head")


def found(case: Case) -> str:
    delegation, acting, delegate = _facts(case)
    post = acting.post(delegate, MATRIX, NOW)
    if post is None:
        return "no seat"
    if case.permission not in permissions_left(MATRIX, delegation, post):
        return "nothing left"
    limits = limits_left(MATRIX, delegation, post, TABLE)
    covered = highest_limit(limits, "claim_payment", "liability").covers(Decimal(case.cents) / 100)
    return "decides" if covered else "above the limit"


def _facts(case: Case) -> tuple[Delegation, Acting, PersonFacts]:
    first, last = TODAY - timedelta(days=3), TODAY + timedelta(days=3)
    first, last = {"planned": (TODAY + timedelta(days=1), last), "ended": (first, TODAY)}.get(case.state, (first, last))
    last = TODAY + timedelta(days=1) if case.state == "last day" else last
    holder, delegate = person(f"holder of {case.holder}"), person(f"{case.post} of {case.unit}, standing in")
    named = person("another") if case.state == "another person" else delegate
    grant = None if case.grant is None else Decimal(case.grant)
    delegation = Delegation(
        UUID(int=9), UUID(int=5), holder, named, frozenset({case.permission}), grant, first, last,
        case.state == "revoked",
    )  # fmt: skip
    seat = _post(UUID(int=5), "claims_approver", case.holder, TODAY if case.state == "holder's post ended" else None)
    own = _post(UUID(int=6), case.post, case.unit, TODAY if case.state == "delegate's post ended" else None)
    gone = case.state
    return (
        delegation,
        Acting(delegation, PersonFacts(holder, "S1", "甲", "person", gone != "holder gone", 1, (seat,))),
        PersonFacts(delegate, "S2", "乙", "person", gone != "delegate gone", 1, (own,)),
    )


def _post(post_id: UUID, position: str, unit: str, to_on: date | None) -> Post:
    at = UNITS[unit]
    return Post(post_id, position, at.code, unit, at.level, at.kind, at.path, date(2020, 1, 1), to_on)


def test_a_delegate_has_exactly_what_the_manual_leaves_him() -> None:
    came: Counter[str] = Counter()
    wrong = []
    for case in cases():
        got = found(case)
        came[got] += 1
        if got != expected(case):
            wrong.append((case, got, expected(case)))
    print(f"holder × stand-in × state × permission × grant × amount: {sum(came.values())} cases; {dict(came)}")
    assert not wrong, wrong[:5]
    assert sum(came.values()) >= FLOOR
    assert len(came) == 4
