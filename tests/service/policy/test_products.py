"""Products: read by everybody, published by a rules manager for a later day, never edited."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from services.policy.product.handlers import SEEDS, load_seeds
from services.policy.product.queries import product_in_force
from services.policy.product.tables import ProductVersion
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.rule_sets import RuleSetChanged
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

RULES = actor("rules_manager", "00")
SELLER = actor("sales_agent", "00.32.3201.320101")


def tomorrow(days: int = 1) -> str:
    return (legal_day(process_now()) + timedelta(days=days)).isoformat()


async def product(policy: ServiceUnderTest, code: str) -> dict[str, Any]:
    found = await policy.get(SELLER, f"/v1/products?code={code}")
    return (await policy.get(SELLER, f"/v1/products/{found.json()['items'][0]['id']}")).json()


async def publish(policy: ServiceUnderTest, sold: dict[str, Any], who: Any = RULES, **changes: Any) -> Any:
    body = {
        "name": "2026-9", "effective_from": tomorrow(), "reason": "filed anew",
        "content": copy.deepcopy(sold["versions"][-1]["content"]),
    } | changes  # fmt: skip
    return await policy.post(who, f"/v1/products/{sold['id']}/versions", body, version=sold["version"])


async def test_every_unit_reads_what_is_sold_and_on_which_terms(policy: ServiceUnderTest) -> None:
    listed = (await policy.get(SELLER, "/v1/products?include_total=true")).json()
    assert listed["total"] == 8
    by_code = {one["code"]: one for one in listed["items"]}
    assert by_code["student_accident"]["issued_by"] == "anlan"
    assert by_code["work_safety_liability"]["compulsory"] is True
    sold = await product(policy, "public_liability")
    assert [one["status"] for one in sold["versions"]] == ["in_force"]
    assert sold["available_actions"][0]["allowed"] is False
    unknown = await policy.get(SELLER, "/v1/products?unit_code=999999")
    assert (unknown.status_code, unknown.json()["items"]) == (200, [])


async def test_a_version_of_a_later_day_leaves_what_is_in_force_as_it_is(policy: ServiceUnderTest) -> None:
    sold = await product(policy, "public_liability")
    content = copy.deepcopy(sold["versions"][0]["content"])
    content["rating"]["highest_factor"] = "1.40"
    answer = await publish(policy, sold, content=content)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["status"], answer.json()["number"]) == ("published", 2)
    async with policy.db.transaction(machine("policy")) as tx:
        now = await product_in_force(tx, "public_liability", tx.now)
        later = await product_in_force(tx, "public_liability", tx.now + timedelta(days=1))
    assert now is not None
    assert later is not None
    assert (now.number, str(now.factor_range[1])) == (1, "1.50")
    assert (later.number, str(later.factor_range[1])) == (2, "1.40")
    history = (await policy.get(RULES, f"/v1/products/{sold['id']}/history")).json()["items"]
    assert [one["action"] for one in history] == ["publish"]
    again = await product(policy, "public_liability")
    assert again["versions"][0]["effective_to"] == legal_day(process_now()).isoformat()


async def test_the_database_keeps_a_version_as_it_was_published(policy: ServiceUnderTest) -> None:
    with pytest.raises(Exception, match="append-only"):
        async with policy.db.transaction(machine("policy")) as tx:
            await tx.execute(update(ProductVersion).values(content={}))
    assert all((await policy.rows(ProductVersion.__table__))[0]["content"])


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"effective_from": tomorrow(0)}, "effective_day_not_later", 422),
        ({"effective_from": "2019-01-01"}, "effective_day_not_later", 422),
        ({"name": "2026-1"}, "validation_failed", 422),
    ],
)
async def test_what_may_not_be_published(
    policy: ServiceUnderTest, change: dict[str, Any], code: str, status: int
) -> None:
    sold = await product(policy, "school_liability")
    answer = await publish(policy, sold, **change)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert len((await product(policy, "school_liability"))["versions"]) == 1


async def test_a_catch_all_question_is_refused(policy: ServiceUnderTest) -> None:
    sold = await product(policy, "school_liability")
    content = sold["versions"][0]["content"]
    content["questions"]["items"][0]["text"] = {"zh": "是否有其他情况？", "en": "Is there any other circumstance?"}
    answer = await publish(policy, sold, content=content)
    assert (answer.status_code, answer.json()["code"]) == (422, "catch_all_question")


async def test_two_versions_never_begin_on_one_day(policy: ServiceUnderTest) -> None:
    sold = await product(policy, "school_liability")
    assert (await publish(policy, sold)).status_code == 201
    answer = await publish(policy, await product(policy, "school_liability"), name="2026-10")
    assert (answer.status_code, answer.json()["code"]) == (409, "product_version_overlaps")


async def test_only_a_rules_manager_publishes_and_only_what_he_has_seen(policy: ServiceUnderTest) -> None:
    sold = await product(policy, "school_liability")
    assert (await publish(policy, sold, SELLER)).status_code == 403
    assert (await publish(policy, sold | {"version": 9})).status_code == 412
    content = sold["versions"][0]["content"]
    body = {"code": "travel_agency_liability", "name": "2026-1", "effective_from": tomorrow(), "content": content}
    added = await policy.post(RULES, "/v1/products", body)
    assert added.status_code == 201, added.text
    twice = await policy.post(RULES, "/v1/products", body)
    assert (twice.status_code, twice.json()["code"]) == (409, "product_code_taken")


async def test_seeds_are_loaded_once_and_a_changed_one_is_refused(policy: ServiceUnderTest, tmp_path: Any) -> None:
    assert await load_seeds(policy.db) == 0
    source = SEEDS / "school_liability.2026-1.toml"
    (tmp_path / source.name).write_text(source.read_text(encoding="utf-8").replace("5.00", "6.00"), encoding="utf-8")
    with pytest.raises(RuleSetChanged):
        await load_seeds(policy.db, tmp_path)
    async with policy.db.transaction(machine("policy")) as tx:
        assert await tx.scalar(text("select count(*) from product_versions")) == 8
