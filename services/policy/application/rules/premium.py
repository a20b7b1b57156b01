"""The premium by the filed rate, and the amount that authority is compared with. Yuan, `Decimal`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.policy.application.rules.persons import Listed
from services.policy.policy.rules import longer_than_one_year
from shared.clock import legal_day
from shared.errors import Refused, Text
from shared.money import ZERO, half_up

_MILLE = Decimal(1000)
WHOLE = Decimal(1)
"""The factor of the table rate as filed."""


class RateOutsideFiledRange(Refused):
    """Members: `factor`, `lowest` and `highest`."""

    code = "rate_outside_filed_range"
    title = Text("费率超出备案范围", "The rate is outside the filed range")
    detail = Text(
        "费率调整系数 {factor} 超出备案范围 {lowest} 至 {highest}(保险销售行为管理办法第三十条)。",
        "Factor {factor} is outside the filed range of {lowest} to {highest} (保险销售行为管理办法 art. 30).",
    )


def refuse_unfiled(factor: Decimal, filed: tuple[Decimal, Decimal]) -> None:
    """Refuse (422) an adjustment factor outside the filed range, both ends included."""
    lowest, highest = filed
    if not lowest <= factor <= highest:
        raise RateOutsideFiledRange(factor=f"{factor:f}", lowest=f"{lowest:f}", highest=f"{highest:f}")


def _head_limit(cover: Mapping[str, Any]) -> Decimal:
    stated = cover.get("death_benefit_per_person") or cover.get("limit_per_person")
    return ZERO if stated is None else Decimal(stated)


def annual_premium(
    rating: Mapping[str, Any], cover: Mapping[str, Any], insured_count: int, listed: Sequence[Listed]
) -> Decimal:
    """The filed premium of one year before any factor, at least the minimum. Each line of the list is rounded."""
    rate = Decimal(rating.get("rate_per_mille", "0")) / _MILLE
    basis, heads = rating["basis"], max(insured_count, 1)
    if basis == "limit_per_accident":
        premium = half_up(Decimal(cover.get("limit_per_accident") or "0") * rate)
    elif basis == "per_head_limit":
        premium = half_up(_head_limit(cover) * rate * heads)
    elif basis == "per_head":
        premium = half_up(Decimal(rating["amount"]) * heads)
    else:
        premium = _by_person(rating, cover, heads, listed, rate)
    return max(premium, Decimal(rating["minimum_premium"]))


def _by_person(
    rating: Mapping[str, Any], cover: Mapping[str, Any], heads: int, listed: Sequence[Listed], rate: Decimal
) -> Decimal:
    if not listed:
        return half_up(Decimal(cover.get("sum_insured") or "0") * rate) * heads
    factors = rating.get("class_factors", {})
    lines = (one.sum_insured * rate * Decimal(factors.get(str(one.occupation_class), "1")) for one in listed)
    return sum((half_up(line) for line in lines), ZERO)


def premium_of_term(annual: Decimal, factor: Decimal, starts_at: datetime, ends_at: datetime) -> Decimal:
    """The premium of the whole term: the year's, or by days for a shorter or longer one; rounded once."""
    days = (legal_day(ends_at) - legal_day(starts_at)).days
    if days in (365, 366) and not longer_than_one_year(starts_at, ends_at):
        return half_up(annual * factor)
    return half_up(annual * factor * days / 365)


def authority_amount(line: str, cover: Mapping[str, Any], insured_count: int, listed: Sequence[Listed]) -> Decimal:
    """What limits of authority are compared with: the limit per accident, else the aggregate, else each person's limit
    times heads; for accident cover the highest sum of one person."""
    if line == "accident":
        general = Decimal(cover.get("sum_insured") or "0")
        return max((one.sum_insured for one in listed), default=general)
    for name in ("limit_per_accident", "aggregate_limit"):
        if cover.get(name) is not None:
            return Decimal(cover[name])
    return _head_limit(cover) * max(insured_count, 1)
