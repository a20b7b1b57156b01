"""What may stand in the catalogue. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from shared.errors import Refused, Text


class ServiceClass(StrEnum):
    """基本服务, 品牌服务, 附加服务."""

    BASIC = "basic"
    BRAND = "brand"
    VALUE_ADDED = "value_added"


class RebateForbidden(Refused):
    """保险法 art. 116(4). Member: `nature`."""

    code = "rebate_forbidden"
    title = Text("属于合同约定以外的利益", "A benefit outside the contract")
    detail = Text(
        "性质为 {nature} 的项目属于保险法第一百一十六条禁止的回扣或其他利益，不得列入。",
        "What is {nature} is a rebate or benefit that art. 116 of the Insurance Law forbids.",
    )


class GiftTooValuable(Refused):
    """保险法 art. 116(4). Member: `at_most`."""

    code = "gift_too_valuable"
    title = Text("礼品价值过高", "The gift is worth too much")
    detail = Text("单件礼品不得超过 {at_most} 元。", "One gift is worth at most {at_most}.")


class TiersRequired(Refused):
    code = "tiers_required"
    title = Text("须写明适用等级", "Say for which tiers")
    detail = Text(
        "附加服务须写明适用的大客户等级及年度次数。", "A value-added service names its tiers and their quotas."
    )


class ItemValidityReversed(Refused):
    code = "item_validity_reversed"
    title = Text("有效期有误", "The validity is reversed")
    detail = Text("有效期止日早于起日。", "It would end before it begins.")


@dataclass(frozen=True)
class Bar:
    """The rebate bar of the rule set `value_added`; money in yuan."""

    premium_share: Decimal
    without_premium: Decimal
    gift_at_most: Decimal
    natures: frozenset[str]

    def most_for(self, annual_premium: Decimal) -> Decimal:
        """What the services of a year may cost for a customer with this premium."""
        return max(annual_premium * self.premium_share, self.without_premium)


def read_bar(content: Mapping[str, Any], _version: str = "") -> Bar:
    """The bar of a rule set's content; raises `KeyError` where a figure is missing."""
    return Bar(
        premium_share=Decimal(content["premium_share"]), without_premium=Decimal(content["without_premium"]),
        gift_at_most=Decimal(content["gift_at_most"]), natures=frozenset(content["natures"]),
    )  # fmt: skip


@dataclass(frozen=True)
class Drafted:
    """What the catalogue is to say of an item."""

    service_class: ServiceClass
    nature: str
    tiers: Sequence[str]
    quota: Mapping[str, int]
    unit_cost: Decimal
    valid_from: date
    valid_to: date | None


def check_item(item: Drafted, bar: Bar, known_tiers: Collection[str]) -> None:
    """Refuse (422) what is no service but money by another name, a gift above its worth, a value-added service without
    its tiers or with a quota for others, and a validity that is reversed.
    """
    if item.nature not in bar.natures:
        raise RebateForbidden(nature=item.nature)
    if item.nature == "gift" and item.unit_cost > bar.gift_at_most:
        raise GiftTooValuable(at_most=f"{bar.gift_at_most:.2f}")
    wanted = set(item.tiers)
    if item.service_class is ServiceClass.VALUE_ADDED and (not wanted or set(item.quota) != wanted):
        raise TiersRequired()
    if wanted - set(known_tiers) or set(item.quota) - set(known_tiers):
        raise TiersRequired()
    if item.valid_to is not None and item.valid_to < item.valid_from:
        raise ItemValidityReversed()
