"""A chain of versions made here, read as at any instant."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.policy.rules import PolicyStatus, Version, version_at
from services.policy.version import rules
from shared.clock import SHANGHAI
from shared.errors import OccurredInFuture, StateConflict

STARTS = datetime(2026, 1, 1, tzinfo=SHANGHAI)
ENDS = datetime(2027, 1, 1, tzinfo=SHANGHAI)
YEAR = int((ENDS - STARTS).total_seconds())


def endorse(asked: datetime | None, now: datetime, latest: datetime = STARTS, **changes: object) -> datetime:
    facts: dict[str, object] = {"status": PolicyStatus.IN_FORCE, "ended_at": None} | changes
    return rules.endorse_at(asked, now, starts_at=STARTS, ends_at=ENDS, latest_at=latest, **facts)  # type: ignore[arg-type]


def chain_of(seed: int, count: int) -> list[Version]:
    """A chain as the rule lets it grow: made one after the other, each from its making or from a later moment."""
    chance = random.Random(seed)
    chain, now = [Version(1, STARTS)], STARTS
    while len(chain) <= count:
        now = max(now + timedelta(seconds=chance.randrange(0, YEAR // (2 * count))), STARTS)
        asked = None if chance.random() < 0.5 else now + timedelta(seconds=chance.randrange(0, YEAR // (2 * count)))
        try:
            at = endorse(asked, now, chain[-1].effective_at)
        except rules.LaterVersionExists:
            continue
        chain.append(Version(len(chain) + 1, at))
    return chain


@given(st.integers(0, 2**32))
def test_fifty_endorsements_answer_as_at_a_thousand_random_instants(seed: int) -> None:
    chain = chain_of(seed, 50)
    chance = random.Random(seed + 1)
    for _ in range(1000):
        moment = STARTS + timedelta(seconds=chance.randrange(-86_400, YEAR + 86_400))
        walked = None
        for one in chain:
            if one.effective_at > moment:
                break
            walked = one
        assert version_at(chain, moment) == walked
        shuffled = chance.sample(chain, len(chain))
        assert version_at(shuffled, moment) == walked


def test_a_change_is_never_back_dated_and_stays_inside_the_term() -> None:
    now = STARTS + timedelta(days=30)
    with pytest.raises(rules.EffectiveInPast):
        endorse(now - timedelta(seconds=1), now)
    with pytest.raises(rules.OutsideTerm):
        endorse(ENDS, now)
    assert endorse(None, now) == now
    assert endorse(None, STARTS - timedelta(days=3), status=PolicyStatus.ISSUED) == STARTS


def test_what_is_agreed_for_later_is_not_overtaken() -> None:
    now, later = STARTS + timedelta(days=30), STARTS + timedelta(days=60)
    with pytest.raises(rules.LaterVersionExists):
        endorse(now, now, later)
    assert endorse(None, now, later) == later


@pytest.mark.parametrize("status", ["expired", "cancelled", "rescinded"])
def test_what_has_ended_is_not_changed(status: str) -> None:
    with pytest.raises(StateConflict):
        endorse(None, STARTS + timedelta(days=30), status=PolicyStatus(status))
    with pytest.raises(StateConflict):
        end(STARTS + timedelta(days=30), status=PolicyStatus(status))


def test_what_is_to_end_is_not_changed() -> None:
    with pytest.raises(rules.EndAgreed):
        endorse(None, STARTS + timedelta(days=30), ended_at=STARTS + timedelta(days=40))


def end(received: datetime, named: datetime | None = None, now: datetime | None = None, **facts: object) -> datetime:
    told: dict[str, object] = {"ends_at": ENDS, "status": PolicyStatus.IN_FORCE} | facts
    return rules.end_at(received, named, now or received, **told)  # type: ignore[arg-type]


def test_a_cancellation_works_on_receipt_or_on_a_later_day_and_before_inception_too() -> None:
    received = STARTS + timedelta(days=30, hours=10)
    assert end(received) == received
    assert end(received, now=received + timedelta(days=5)) == received
    later = STARTS + timedelta(days=40)
    assert end(received, later) == later
    before = STARTS - timedelta(days=3)
    assert end(before, status=PolicyStatus.ISSUED) == before
    with pytest.raises(rules.EffectiveInPast):
        end(received, received - timedelta(days=1))
    with pytest.raises(rules.OutsideTerm):
        end(received, ENDS)
    with pytest.raises(OccurredInFuture):
        end(received, now=received - timedelta(seconds=1))


def test_what_the_core_masters_is_not_versioned_here() -> None:
    rules.refuse_foreign("APA2026-32-000001", made_here=True)
    with pytest.raises(rules.MasteredByCore):
        rules.refuse_foreign("PPA2026-32-000001", made_here=False)
