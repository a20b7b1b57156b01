"""What may stand in the catalogue, and what a customer may get."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from services.crm.service_grant import rules as grants
from services.crm.service_item import rules
from services.crm.service_item.rules import Drafted, ServiceClass
from shared.errors import StateConflict

ROOT = Path(__file__).parents[3] / "services/crm/rule_sets"
BAR = rules.read_bar(tomllib.loads((ROOT / "value_added.2026-1.toml").read_text("utf-8"))["content"])
LECTURE = Drafted(
    ServiceClass.VALUE_ADDED, "training", ["a", "b"], {"a": 4, "b": 2}, Decimal("300.00"), date(2026, 1, 1), None
)


def test_money_by_any_name_is_a_rebate() -> None:
    rules.check_item(LECTURE, BAR, ["a", "b"])
    for nature in ("cash", "voucher", "premium_discount", "travel"):
        with pytest.raises(rules.RebateForbidden):
            rules.check_item(replace(LECTURE, nature=nature), BAR, ["a", "b"])


def test_a_gift_costs_at_most_its_worth() -> None:
    rules.check_item(replace(LECTURE, nature="gift", unit_cost=Decimal("200.00")), BAR, ["a", "b"])
    with pytest.raises(rules.GiftTooValuable):
        rules.check_item(replace(LECTURE, nature="gift", unit_cost=Decimal("200.01")), BAR, ["a", "b"])


@pytest.mark.parametrize(("tiers", "quota"), [([], {}), (["a"], {}), (["a"], {"b": 1}), (["z"], {"z": 1})])
def test_a_value_added_service_names_its_tiers_and_a_quota_for_each(tiers: list[str], quota: dict[str, int]) -> None:
    with pytest.raises(rules.TiersRequired):
        rules.check_item(replace(LECTURE, tiers=tiers, quota=quota), BAR, ["a", "b"])


def test_a_basic_service_is_for_everybody() -> None:
    rules.check_item(replace(LECTURE, service_class=ServiceClass.BASIC, tiers=[], quota={}), BAR, ["a", "b"])
    grants.check_tier(None, [])
    for tier in (None, "b"):
        with pytest.raises(grants.TierNotEligible):
            grants.check_tier(tier, ["a"])


def test_the_bar_and_the_quota_include_their_last_unit() -> None:
    most = BAR.most_for(Decimal("91250.00"))
    assert (most, BAR.most_for(Decimal(0))) == (Decimal("912.50"), Decimal(0))
    grants.check_bar(most, Decimal("600.00"), Decimal("312.50"))
    with pytest.raises(grants.RebateBar):
        grants.check_bar(most, Decimal("600.00"), Decimal("312.51"))
    grants.check_quota(2, 1, 1, 2026)
    grants.check_quota(None, 99, 1, 2026)
    with pytest.raises(grants.QuotaExhausted):
        grants.check_quota(2, 1, 2, 2026)


def test_a_service_is_asked_for_carried_out_and_confirmed_in_this_order() -> None:
    order = list(grants.GrantStatus)
    for one in order:
        for other in order:
            if order.index(other) == order.index(one) + 1:
                assert grants.advance(one, other) is other
            else:
                with pytest.raises(StateConflict):
                    grants.advance(one, other)
