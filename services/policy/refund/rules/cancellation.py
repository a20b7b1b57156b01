"""What is given back when a contract is cancelled (保险法 art. 47, 54; rescission art. 16).

A premium is made of instalments: that of the issue for the whole term, each later one for the rest of the term from its
own day. Each instalment is given back by its own days, so that what was added late is not reckoned as paid from the
beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.policy.refund.rules.figures import Figures
from services.policy.refund.rules.lines import Computation, Part, Term, days_elapsed, days_left, percent, share_of
from shared.clock import legal_day
from shared.errors import Text
from shared.money import ZERO, half_up, yuan
from shared.periods import add_months


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment of premium, in yuan; negative where it was given back. `net`: without loading already."""

    amount: Decimal
    term: Term
    net: bool = False


def cancellation(
    line: str, paid: Sequence[Instalment], at: datetime, figures: Figures, *, by_insurer: bool = False
) -> Computation:
    """What is refunded (yuan) if the contract ends at `at`: never below zero, never above what was paid.

    Liability before inception: the premium less the handling fee. Afterwards by days, the day of cancellation counting
    as a day left; by the short-period table where the product has one and the insurer did not cancel. Accident of a
    term up to one year: the premium without loading, by days, a part of a day counting as elapsed. Raises
    `FiguresMissing`.
    """
    total = sum((one.amount for one in paid), ZERO)
    if line == "accident":
        loading = figures.loading_stated()
        return Computation.of("accident_cash_value", [_cash_value(one, at, loading) for one in paid], most=total)
    if paid and at < min(one.term.starts_at for one in paid):
        return Computation.of("before_inception", [_whole(total), _fee(total, figures.fee_stated(total))], most=total)
    if figures.short_period and not by_insurer:
        return Computation.of("short_period", [_short_period(one, at, figures) for one in paid], most=total)
    return Computation.of("pro_rata", [_pro_rata(one, at) for one in paid], most=total)


def _cash_value(one: Instalment, at: datetime, loading: Decimal) -> Part:
    gone, days = days_elapsed(one.term, at), one.term.days
    kept = Decimal(1) if one.net else 1 - loading
    amount = half_up(one.amount * kept * (days - gone) / days)
    rate = "" if one.net else f" × (1 − {percent(loading)})"
    sum_ = f"{yuan(one.amount)}{rate} × (1 − {gone}/{days}) = {yuan(amount)}"
    zh = f"现金价值 = 保险费 × (1 − 附加费用率) × (1 − 已过天数/保险期间天数)，不足一天按一天计：{sum_}"
    en = f"Cash value: premium less loading, by the days left; a part of a day counts as elapsed: {sum_}"
    return Part("cash_value", amount, Text(zh, en))


def _pro_rata(one: Instalment, at: datetime) -> Part:
    left, days = days_left(one.term, at), one.term.days
    amount = share_of(one.amount, left, days)
    sum_ = f"{yuan(one.amount)} × {left}/{days} = {yuan(amount)}"
    zh = f"按日退还未经过保险期间的保险费，解除当日计入未经过天数：{sum_}"
    en = f"Premium of the days left, the day of cancellation counting as one of them: {sum_}"
    return Part("unearned_premium", amount, Text(zh, en))


def _months_begun(term: Term, at: datetime) -> int:
    first, day, months = legal_day(term.starts_at), legal_day(at), 1
    while add_months(first, months) <= day and months < 1200:
        months += 1
    return months


def _short_period(one: Instalment, at: datetime, figures: Figures) -> Part:
    months = _months_begun(one.term, at)
    earned = figures.earned_after(months) if at < one.term.ends_at else Decimal(1)
    amount = half_up(one.amount * (1 - earned))
    sum_ = f"{yuan(one.amount)} × (1 − {percent(earned)}) = {yuan(amount)}"
    zh = f"按短期费率表，已开始的第 {months} 个月应收 {percent(earned)}：{sum_}"
    en = f"By the short-period table {percent(earned)} is earned in month {months}: {sum_}"
    return Part("short_period", amount, Text(zh, en))


def _whole(total: Decimal) -> Part:
    zh, en = f"保险责任开始前解除：退还保险费 {yuan(total)}", f"Cancelled before cover began: premium {yuan(total)}"
    return Part("premium", total, Text(zh, en))


def _fee(total: Decimal, fee: Decimal) -> Part:
    kept = min(fee, max(total, ZERO))
    return Part("handling_fee", -kept, Text(f"扣除手续费 {yuan(kept)}", f"Less the handling fee {yuan(kept)}"))
