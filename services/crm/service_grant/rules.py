"""Who gets a service, how often, and up to which cost. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from shared.errors import Conflict, Refused, StateConflict, Text


class GrantStatus(StrEnum):
    REQUESTED = "requested"
    FULFILLED = "fulfilled"
    CONFIRMED = "confirmed"


_NEXT: Mapping[GrantStatus, tuple[GrantStatus, ...]] = {
    GrantStatus.REQUESTED: (GrantStatus.FULFILLED,),
    GrantStatus.FULFILLED: (GrantStatus.CONFIRMED,),
    GrantStatus.CONFIRMED: (),
}


class TierNotEligible(Refused):
    """Members: `tier` (`none` where the customer is no key account) and `eligible`."""

    code = "tier_not_eligible"
    title = Text("不在适用等级", "Not for this tier")
    detail = Text(
        "该服务适用于 {eligible} 级大客户，该客户为 {tier}。", "It is for {eligible}; the customer is {tier}."
    )


class QuotaExhausted(Conflict):
    """Members: `quota`, `used`, `year`."""

    code = "quota_exhausted"
    title = Text("年度次数已用完", "The quota of the year is used up")
    detail = Text(
        "{year} 年可享 {quota} 次，已用 {used} 次。", "In {year} the quota is {quota}, of which {used} are used."
    )


class RebateBar(Refused):
    """保险法 art. 116(4). Members: `at_most`, `booked`, `asked`, strings of yuan."""

    code = "rebate_bar"
    title = Text("超过利益输送上限", "Beyond the rebate bar")
    detail = Text(
        "本年已列支 {booked} 元，再列支 {asked} 元将超过上限 {at_most} 元（保险法第一百一十六条）。",
        "{booked} are booked this year; {asked} more pass the bar of {at_most} (Insurance Law art. 116).",
    )


class TiedToPurchase(Refused):
    """保险法 art. 116(4)."""

    code = "tied_to_purchase"
    title = Text("不得以投保为条件", "Not for buying")
    detail = Text(
        "不得承诺以投保、续保为条件给予服务或礼品。", "No service and no gift is promised for buying or renewing."
    )


class ItemNotValid(Refused):
    code = "service_item_not_valid"
    title = Text("服务项目未生效或已停用", "The item is not valid then")
    detail = Text("计划日期不在该服务项目的有效期内。", "The day planned lies outside the validity of the item.")


def advance(current: GrantStatus, to: GrantStatus) -> GrantStatus:
    """`to` where it follows `current`; raises `StateConflict` naming the legal moves."""
    if to not in _NEXT[current]:
        raise StateConflict(current_state=str(current), legal_moves=[str(one) for one in _NEXT[current]])
    return to


def check_tier(tier: str | None, eligible: Collection[str]) -> None:
    """Refuse (422) a customer of another tier, or of none; an item without tiers is for everybody."""
    if eligible and tier not in eligible:
        raise TierNotEligible(tier=tier or "none", eligible=sorted(eligible))


def check_quota(quota: int | None, used: int, quantity: int, year: int) -> None:
    """Refuse (409) more than the quota of the year; None: no quota is stated."""
    if quota is not None and used + quantity > quota:
        raise QuotaExhausted(quota=quota, used=used, year=year)


def check_bar(at_most: Decimal, booked: Decimal, asked: Decimal) -> None:
    """Refuse (422) what would bring the services of a year beyond the bar; the bar itself is allowed."""
    if booked + asked > at_most:
        raise RebateBar(at_most=f"{at_most:.2f}", booked=f"{booked:.2f}", asked=f"{asked:.2f}")


def check_day(planned_on: date, valid_from: date, valid_to: date | None) -> None:
    """Refuse (422) a day on which the item is not valid."""
    if planned_on < valid_from or (valid_to is not None and planned_on > valid_to):
        raise ItemNotValid()
