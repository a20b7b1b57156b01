"""Value-added services: a catalogue by tier, quotas, confirmation, and the bar against rebates."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.clock import legal_day, process_now
from tests.support.crm_world import C1
from tests.support.key_account_world import AGENT, HEAD, MANAGER, SIBLING, KeyAccountWorld
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

RULES = actor("rules_manager", "00.32")
CATALOGUE = "/v1/service-items"
GRANTS = "/v1/service-grants"


@pytest.fixture
async def world(crm: ServiceUnderTest) -> KeyAccountWorld:
    found = KeyAccountWorld(crm)
    await found.people()
    return found


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


def day(offset: int = 0) -> str:
    return (legal_day(process_now()) + timedelta(days=offset)).isoformat()


def lecture(**changes: Any) -> dict[str, Any]:
    said = {
        "code": "safety_lecture", "class": "value_added", "nature": "training",
        "name": {"zh": "安全生产讲座", "en": "Safety lecture"}, "owner_service": "crm", "sla_working_days": 10,
        "eligible_tiers": ["a", "b"], "yearly_quota": {"a": 4, "b": 2}, "unit_cost": "300.00",
        "valid_from": day(-30),
    }  # fmt: skip
    return said | changes


async def defined(world: KeyAccountWorld, **changes: Any) -> str:
    answer = await world.service.post(RULES, CATALOGUE, lecture(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def grant(world: KeyAccountWorld, item: str, who: Any = MANAGER, **changes: Any) -> httpx.Response:
    body = {
        "item_id": item, "customer_id": str(C1), "planned_on": day(), "occasion": "prevention", "purpose": "节前培训",
    }  # fmt: skip
    return await world.service.post(who, GRANTS, body | changes)


async def granted(world: KeyAccountWorld, item: str, **changes: Any) -> str:
    answer = await grant(world, item, **changes)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def confirm(world: KeyAccountWorld, grant_id: str, step: str, **changes: Any) -> httpx.Response:
    shown = await world.service.get(MANAGER, f"{GRANTS}/{grant_id}")
    body = {"step": step, "on": day()} | changes
    path = f"{GRANTS}/{grant_id}/confirmations"
    return await world.service.post(AGENT, path, body, version=shown.json()["version"])


async def test_the_catalogue_is_stated_by_the_branch_and_read_below_it(world: KeyAccountWorld) -> None:
    item = await defined(world)
    [seen] = (await world.service.get(AGENT, f"{CATALOGUE}?class=value_added&tier=b")).json()["items"]
    assert (seen["id"], seen["class"], seen["yearly_quota"]) == (item, "value_added", {"a": 4, "b": 2})
    assert (await world.service.get(actor("service_agent", "00.33"), CATALOGUE)).json()["items"] == []
    refused(await world.service.post(RULES, CATALOGUE, lecture()), 409, "service_item_known")
    refused(await world.service.post(AGENT, CATALOGUE, lecture(code="other")), 403, "action_not_permitted")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"nature": "cash"}, "rebate_forbidden"),
        ({"nature": "voucher"}, "rebate_forbidden"),
        ({"nature": "gift", "unit_cost": "200.01"}, "gift_too_valuable"),
        ({"eligible_tiers": []}, "tiers_required"),
        ({"valid_to": day(-31)}, "item_validity_reversed"),
        ({"class": "golden"}, "validation_failed"),
    ],
)
async def test_what_the_law_forbids_is_no_service(world: KeyAccountWorld, changes: dict[str, Any], code: str) -> None:
    refused(await world.service.post(RULES, CATALOGUE, lecture(**changes)), 422, code)
    assert await world.rows("service_items") == []


async def test_a_service_is_asked_for_carried_out_and_confirmed(world: KeyAccountWorld) -> None:
    await world.large()
    await world.active()
    item = await defined(world)
    first = await grant(world, item)
    assert first.status_code == 201, first.text
    out = first.json()
    assert (out["status"], out["tier"], out["budget"]) == (
        "requested", "b", {"year": process_now().year, "at_most": "912.50", "booked": "300.00"},
    )  # fmt: skip
    assert set(await world.items(out["id"])) == {"fulfil_service"}
    refused(await confirm(world, out["id"], "confirmed", confirmed_by="王工"), 409, "state_conflict")
    refused(await confirm(world, out["id"], "fulfilled"), 422, "validation_failed")
    refused(await confirm(world, out["id"], "fulfilled", cost="1.00", on=day(1)), 422, "occurred_in_future")
    done = await confirm(world, out["id"], "fulfilled", cost="280.00")
    assert (done.status_code, done.json()["service_grant"]["status"]) == (201, "fulfilled"), done.text
    refused(await confirm(world, out["id"], "confirmed"), 422, "validation_failed")
    early = await confirm(world, out["id"], "confirmed", confirmed_by="王工", on=day(-1))
    assert refused(early, 422, "validation_failed")["errors"][0]["code"] == "confirmed_before_fulfilled"
    done = await confirm(world, out["id"], "confirmed", confirmed_by="王工", score=5)
    assert done.json()["service_grant"]["status"] == "confirmed"
    refused(await confirm(world, out["id"], "confirmed", confirmed_by="王工"), 409, "state_conflict")
    assert await world.items(out["id"]) == {}
    shown = (await world.service.get(MANAGER, f"{GRANTS}/{out['id']}")).json()
    assert (shown["budget"]["booked"], shown["score"]) == ("280.00", 5)
    assert "crm.service.confirmed" in {one["kind"] for one in await world.timeline()}


async def test_an_ineligible_tier_gets_nothing(world: KeyAccountWorld) -> None:
    await world.large()
    item = await defined(world)
    assert refused(await grant(world, item), 422, "tier_not_eligible")["tier"] == "none"
    await world.active()
    only_a = await defined(world, code="health_check", eligible_tiers=["a"], yearly_quota={"a": 1})
    assert refused(await grant(world, only_a), 422, "tier_not_eligible")["tier"] == "b"
    assert await world.rows("service_grants") == []


async def test_the_quota_of_the_year_is_kept_also_by_two_at_the_same_moment(world: KeyAccountWorld) -> None:
    await world.large()
    await world.active()
    item = await defined(world, unit_cost="10.00")
    answers = await asyncio.gather(*(grant(world, item) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 201, 409, 409]
    over = refused(await grant(world, item), 409, "quota_exhausted")
    assert (over["quota"], over["used"]) == (2, 2)
    assert len(await world.rows("service_grants")) == 2


async def test_what_would_be_a_rebate_is_refused_when_planned_and_when_booked(world: KeyAccountWorld) -> None:
    await world.large()
    await world.active()
    item = await defined(world, unit_cost="450.00")
    first = await granted(world, item)
    await granted(world, item)
    more = await defined(world, code="leaflet", nature="material", unit_cost="12.51")
    over = refused(await grant(world, more), 422, "rebate_bar")
    assert (over["at_most"], over["booked"], over["asked"]) == ("912.50", "900.00", "12.51")
    refused(await confirm(world, first, "fulfilled", cost="462.51"), 422, "rebate_bar")
    assert (await confirm(world, first, "fulfilled", cost="462.50")).status_code == 201
    for occasion in ("purchase", "renewal"):
        refused(await grant(world, more, occasion=occasion), 422, "tied_to_purchase")


async def test_a_gift_is_held_against_its_worth_also_when_it_was_bought(world: KeyAccountWorld) -> None:
    await world.large()
    await world.active()
    gift = await granted(world, await defined(world, code="greeting", nature="gift", unit_cost="100.00"))
    refused(await confirm(world, gift, "fulfilled", cost="200.01"), 422, "gift_too_valuable")
    assert (await confirm(world, gift, "fulfilled", cost="200.00")).status_code == 201


async def test_an_item_is_granted_only_while_it_is_valid_and_to_customers_in_scope(world: KeyAccountWorld) -> None:
    await world.large()
    await world.active()
    item = await defined(world, valid_to=day(5))
    refused(await grant(world, item, planned_on=day(6)), 422, "service_item_not_valid")
    foreign = refused(await grant(world, item, SIBLING), 422, "reference_not_found")
    assert foreign["errors"][0]["pointer"] == "#/customer_id"
    unknown = refused(await grant(world, str(C1)), 422, "reference_not_found")
    assert unknown["errors"][0]["pointer"] == "#/item_id"
    own = await granted(world, item)
    assert (await world.service.get(SIBLING, f"{GRANTS}/{own}")).status_code == 404
    listed = (await world.service.get(HEAD, f"{GRANTS}?customer_id={C1}")).json()["items"]
    assert [one["item_name"]["zh"] for one in listed] == ["安全生产讲座"]
