"""Decisions beside the claim's life: where they may go, what bounds them, and what a court fixes."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.claim.rules import ClaimStatus, Line, ReopeningsExhausted
from services.claims.litigation import rules as litigation
from services.claims.payment.rules import AlreadyPaid, Grant, PayableExceeded, Payee, PayeeKind, order_granted
from services.claims.recovery import rules as recovery
from services.claims.reopening import rules as reopening
from services.claims.side import rules
from services.claims.side.rules import Side, SideKind, Sides, SideStatus
from shared.clock import SHANGHAI
from shared.errors import StateConflict

NOW = datetime(2026, 4, 22, 10, tzinfo=SHANGHAI)


def side(kind: SideKind, status: SideStatus, amount: str = "100.00", **facts: object) -> Side:
    return Side(uuid4(), kind, status, Decimal(amount), facts)


def test_what_is_over_goes_nowhere():
    for status in (SideStatus.APPROVED, SideStatus.REFUSED, SideStatus.FINAL, SideStatus.RECORDED):
        for to in SideStatus:
            with pytest.raises(StateConflict):
                rules.advance_side(status, to)


def test_the_digest_changes_with_everything_that_is_approved():
    claim, own = uuid4(), uuid4()
    base = (claim, own, "advance", Decimal("100.00"), {"claimant_ref": "A"})
    others = [
        (uuid4(), *base[1:]), (claim, uuid4(), *base[2:]), (claim, own, "ex_gratia", *base[3:]),
        (*base[:3], Decimal("100.01"), base[4]), (*base[:4], {"claimant_ref": "B"}),
    ]  # fmt: skip
    assert len({rules.digest_of(*one) for one in (base, *others)}) == 6
    assert rules.digest_of(*base) == rules.digest_of(*base)


@given(st.lists(st.decimals("0.01", "1000", places=2), max_size=12), st.decimals("0.01", "5000", places=2))
def test_whatever_is_ordered_of_a_grant_it_never_pays_more_than_was_granted(orders, granted):
    grant, paid = side(SideKind.ADVANCE, SideStatus.APPROVED, str(granted)), Decimal("0")
    payee = Payee(PayeeKind.THIRD_PARTY, "司徒海", "6222000011112222", "victim")
    for amount in orders:
        with suppress(AlreadyPaid, PayableExceeded):
            order_granted(payee, amount, None, Grant(grant, Line.LIABILITY, ordered=paid))
            paid += amount
    assert paid <= granted


def test_a_payment_above_the_grant_is_refused():
    grant = Grant(side(SideKind.EX_GRATIA, SideStatus.APPROVED), Line.LIABILITY)
    payee = Payee(PayeeKind.THIRD_PARTY, "司徒海", "6222000011112222", "victim")
    with pytest.raises(PayableExceeded):
        order_granted(payee, Decimal("100.01"), None, grant)


def test_a_judgment_can_be_appealed_for_fifteen_days_and_a_ruling_for_ten():
    days = {"judgment": 15, "ruling": 10}
    on = date(2026, 4, 1)
    told = [
        litigation.Outcome(litigation.Result(one), on, date(2026, 4, 7), Decimal("1"), final=False)
        for one in ("judgment", "ruling", "award")
    ]
    assert [litigation.appeal_until(one, days) for one in told] == [date(2026, 4, 22), date(2026, 4, 17), None]


def test_proceedings_about_one_claimant_hold_back_nobody_else():
    sides = Sides((side(SideKind.LITIGATION, SideStatus.OPEN, claimant_ref="A"),))
    litigation.refuse_not_fixed(sides, "B")
    with pytest.raises(litigation.LiabilityNotFixed):
        litigation.refuse_not_fixed(sides, "A")
    everybody = Sides((side(SideKind.LITIGATION, SideStatus.JUDGED),))
    with pytest.raises(litigation.LiabilityNotFixed):
        litigation.refuse_not_fixed(everybody, "B")


def test_the_newest_final_result_is_what_counts():
    facts = [{"claimant_ref": "A", "result_amount": one} for one in ("500.00", "300.00")]
    sides = Sides(tuple(side(SideKind.LITIGATION, SideStatus.FINAL, **one) for one in facts))
    assert litigation.fixed_amount(sides, "A") == Decimal("300.00")
    assert litigation.fixed_amount(sides, "B") is None


def test_a_recovery_takes_what_is_left_and_no_more():
    running = side(SideKind.RECOVERY, SideStatus.OPEN)
    told = (running, Decimal("40.00"), Decimal("60.00"), NOW, NOW)
    assert recovery.receive(*told) is SideStatus.RECOVERED
    with pytest.raises(recovery.RecoveryExceeded):
        recovery.receive(running, Decimal("40.01"), Decimal("60.00"), NOW, NOW)


def test_a_reopening_is_counted_on_a_closed_claim_and_needs_a_changed_basis_on_one_under_payment():
    told = reopening.Reopenable(maximum=2)
    assert reopening.may_reopen(ClaimStatus.ARCHIVED, 1, told) is ClaimStatus.REOPENED
    with pytest.raises(ReopeningsExhausted):
        reopening.may_reopen(ClaimStatus.CLOSED, 2, told)
    with pytest.raises(reopening.BasisUnchanged):
        reopening.may_reopen(ClaimStatus.PAYING, 0, told)
    changed = reopening.Reopenable(changed=["policy_version"], under_way=["p1"], maximum=2)
    with pytest.raises(reopening.PaymentUnderWay):
        reopening.may_reopen(ClaimStatus.PAYING, 0, changed)
