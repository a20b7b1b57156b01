"""What the news of one record adds to the figures, whatever its order; and how shares, means and rates are told."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crm.figure.rules import KINDS, Count, Form, Kind, Metric, enough, met, read_period, value_of
from services.crm.figure.rules.folding import Allowed, Figure, News
from services.crm.figure.rules.grouping import figures_of
from services.crm.retention.rules import Contract, Life, Years, keeping, years_after
from shared.clock import SHANGHAI
from shared.errors import InvalidParameter

RECORD = UUID(int=7)
BEGIN = datetime(2026, 3, 1, 10, tzinfo=SHANGHAI)
ALLOWED = Allowed(lambda _: 5, lambda _: 10)


def told(verb: str, version: int, day: int, **data: Any) -> News:
    at = BEGIN + timedelta(days=day - 1)
    return News(UUID(int=version), f"{verb}.v1", version, at, "00.32.3201.320102", data, version)


def by_metric(news: list[News]) -> dict[str, tuple[date, Decimal, Decimal]]:
    return {f"{one.metric}:{one.n}": (one.on, one.part, one.whole) for one in figures_of(news, ALLOWED)}


def complaint(*more: News) -> list[News]:
    first = told("complaints.complaint.registered", 1, 2, due_legal_on="2026-03-17")
    return [first, *more]


def test_a_withdrawn_complaint_counts_and_is_in_time_when_it_ended_in_time() -> None:
    found = by_metric(complaint(told("complaints.complaint.withdrawn", 2, 6)))
    assert found["complaint_timeliness:"] == (date(2026, 3, 17), Decimal(1), Decimal(1))
    assert found["complaint_rate:"][1] == 1


def test_an_extension_moves_the_day_and_a_late_decision_is_late() -> None:
    late = told("complaints.complaint.decided", 3, 19)
    extended = told("complaints.complaint.extended", 2, 16, due_legal_on="2026-04-16")
    assert by_metric(complaint(late))["complaint_timeliness:"][1] == 0
    assert by_metric(complaint(extended, late))["complaint_timeliness:"] == (date(2026, 4, 16), Decimal(1), Decimal(1))


CLAIM = [
    told("claims.claim.reported", 1, 1, reported_at="2026-03-01T10:00:00+08:00"),
    told("claims.claim.settled", 2, 5, settled_at="2026-03-05T10:00:00+08:00", paid_amount="9.00"),
    told("claims.claim.reopened", 3, 9),
    told("claims.claim.settled", 4, 20, settled_at="2026-03-20T10:00:00+08:00", paid_amount="12.00"),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_claim_opened_again_is_open_twice_and_closed_twice_in_every_order(order: tuple[int, ...]) -> None:
    found = by_metric([CLAIM[n] for n in order])
    moves = {name: value[1:] for name, value in found.items() if name.startswith("case_closing_rate")}
    assert sorted(moves) == [f"case_closing_rate:{one}" for one in ("closed:2", "closed:4", "opened:0", "opened:3")]
    assert sum(part for part, _ in moves.values()) == sum(whole for _, whole in moves.values()) == 2
    assert found["report_to_pay_days:"] == (date(2026, 3, 20), Decimal(19), Decimal(1))


@given(st.permutations(CLAIM))
def test_the_figures_of_a_record_do_not_depend_on_order(order: list[News]) -> None:
    assert figures_of(order, ALLOWED) == figures_of(CLAIM, ALLOWED)


def test_a_file_not_shelved_by_its_day_is_late_even_when_it_is_shelved_afterwards() -> None:
    due = "2026-03-20T00:00:00+08:00"
    shelved = told("claims.duty.taken", 5, 25, duty="archivist", due_at=due)
    breached = told(
        "claims.deadline.breached", 4, 20, deadline="DL-AR-1", due_on="2026-03-19", due_legal_on="2026-03-19"
    )
    in_time = told("claims.duty.taken", 5, 10, duty="archivist", due_at=due)
    assert by_metric([shelved, breached])["archive_on_time:2026-03-19"][1:] == (Decimal(0), Decimal(1))
    assert by_metric([in_time])["archive_on_time:2026-03-19"][1:] == (Decimal(1), Decimal(1))


def test_a_policy_counts_until_the_earlier_of_its_end_and_its_cancellation() -> None:
    issued = told("policy.policy.issued", 1, 1, policy_version=1, period={
        "starts_at": "2026-03-01T00:00:00+08:00", "ends_at": "2027-03-01T00:00:00+08:00"})  # fmt: skip
    cancelled = told("policy.policy.cancelled", 2, 9, effective_on="2026-03-10")
    [running], [ended] = figures_of([issued], ALLOWED), figures_of([cancelled, issued], ALLOWED)
    assert (running.on, running.until, ended.until) == (date(2026, 3, 1), date(2027, 3, 1), date(2026, 3, 10))
    assert isinstance(running, Figure)


def test_without_a_denominator_there_is_no_value_and_below_the_sample_no_judgement() -> None:
    share, rate = KINDS[Metric.DECLINE_RATE], KINDS[Metric.COMPLAINT_RATE]
    assert value_of(share, Count()) is None
    assert value_of(rate, Count(Decimal(3), Decimal(0), 3)) is None
    assert value_of(rate, Count(Decimal(3), Decimal(4000), 3)) == Decimal("7.50")
    assert value_of(Kind(Form.SHARE), Count(Decimal(2), Decimal(3), 3)) == Decimal("0.6667")
    assert not enough(share, Count(Decimal(1), Decimal(4), 4), 5)
    assert met(share, Decimal("0.10"), Decimal("0.20"), judged=True) is True, "fewer declined is better"
    assert met(Kind(Form.SHARE), Decimal("0.10"), Decimal("0.20"), judged=False) is None


@pytest.mark.parametrize("name", ["2026-13", "2026-Q5", "26-01", "", "2026-1", "march"])
def test_what_is_no_period_is_refused(name: str) -> None:
    with pytest.raises(InvalidParameter):
        read_period(name)


def test_a_quarter_has_its_three_months() -> None:
    quarter = read_period("2026-Q1")
    assert (quarter.first, quarter.last) == (date(2026, 1, 1), date(2026, 3, 31))


def test_the_longest_period_of_keeping_counts_and_an_open_claim_has_none() -> None:
    years, today = Years(5, 10, 10, 10, 2), date(2026, 11, 24)
    life = Life([Contract(date(2020, 1, 1), date(2021, 1, 1))], [date(2022, 2, 28)], [date(2024, 2, 29)])
    kept = keeping(life, years, today)
    assert kept.until == date(2032, 2, 28)
    assert kept.grounds == {
        "contract": date(2026, 1, 1), "identity": date(2032, 2, 28), "claim": date(2032, 2, 28),
        "dispute": date(2026, 3, 1),
    }  # fmt: skip
    assert keeping(Life(open={"claims": 1}), years, today).until is None
    assert keeping(Life(), years, today).until == today
    assert years_after(date(2024, 2, 29), 2) == date(2026, 3, 1)
