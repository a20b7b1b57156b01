"""The knowledge base: editions that hold on their days, found in Chinese, read by everybody below."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.actor import machine
from shared.clock import legal_day, process_now
from tests.support.enquiry_world import AGENT, BRANCH_AGENT, EnquiryWorld
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

RULES = actor("rules_manager", "00")
FOREIGN = actor("service_agent", "00.33")


@pytest.fixture
def world(crm: ServiceUnderTest) -> EnquiryWorld:
    return EnquiryWorld(crm)


def day(offset: int) -> str:
    return (legal_day(process_now()) + timedelta(days=offset)).isoformat()


def edition(**changes: Any) -> dict[str, Any]:
    said = {
        "title": "雇主责任险理赔时限",
        "body": "收到全部材料后三十日内核定。",
        "topic": "claims",
        "valid_from": day(-10),
    }
    return said | changes


async def publish(world: EnquiryWorld, who: Any = BRANCH_AGENT, **changes: Any) -> dict[str, Any]:
    answer = await world.service.post(who, "/v1/articles", edition(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def titles(world: EnquiryWorld, query: str, who: Any = AGENT) -> list[str]:
    answer = await world.service.get(who, f"/v1/articles?{query}")
    assert answer.status_code == 200, answer.text
    return [one["title"] for one in answer.json()["items"]]


async def test_an_article_of_the_branch_is_read_below_it_and_changed_only_there(world: EnquiryWorld) -> None:
    article = await publish(world)
    path = f"/v1/articles/{article['id']}"
    assert (await world.service.get(AGENT, path)).json()["editions"][0]["body"] == "收到全部材料后三十日内核定。"
    assert (await world.service.get(FOREIGN, path)).status_code == 404
    assert await titles(world, "", FOREIGN) == []
    mine = actor("service_agent", AGENT.scope, more=["crm.article.publish"])
    answer = await world.service.post(mine, f"{path}/versions", edition(reason="x"), version=1)
    assert answer.status_code == 404, "whoever reads it from below does not change it"
    await publish(world, RULES, title="全国通用投诉指引")
    assert await titles(world, "sort=created_at") == ["雇主责任险理赔时限", "全国通用投诉指引"]
    assert await titles(world, "", FOREIGN) == ["全国通用投诉指引"]


async def test_what_is_searched_is_found_by_any_part_of_a_phrase(world: EnquiryWorld) -> None:
    await publish(world, product="employers_liability")
    await publish(world, title="退保须知", body="填写退保申请书，附保单 PPA-1。", topic="cancellation")
    for q, found in (
        ("理赔时限", ["雇主责任险理赔时限"]), ("三十日", ["雇主责任险理赔时限"]), ("保", ["退保须知"]),
        ("退保 ppa-1", ["退保须知"]), ("employers_liability", ["雇主责任险理赔时限"]), ("时限退保", []),
    ):  # fmt: skip
        assert await titles(world, f"q={q}") == found, q
    assert await titles(world, "product=employers_liability") == ["雇主责任险理赔时限"]
    assert (await world.service.get(AGENT, "/v1/articles?q=，")).json()["code"] == "invalid_parameter"


async def test_a_new_edition_ends_the_old_one_on_its_day_and_keeps_it(world: EnquiryWorld) -> None:
    article = await publish(world)
    path = f"/v1/articles/{article['id']}/versions"
    new = edition(title="理赔时限（修订）", valid_from=day(5))
    refusals = (
        (new, "reason_required"),
        (new | {"reason": "修订", "valid_from": day(-10)}, "edition_not_later"),
        (new | {"reason": "修订", "valid_to": day(4)}, "validity_reversed"),
    )
    for body, code in refusals:
        answer = await world.service.post(BRANCH_AGENT, path, body, version=1)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    done = await world.service.post(BRANCH_AGENT, path, new | {"reason": "条款修订"}, version=1)
    assert (done.status_code, done.json()["edition"]) == (201, 2), done.text
    assert await titles(world, "") == ["雇主责任险理赔时限"]
    assert await titles(world, f"valid_on={day(4)}") == ["雇主责任险理赔时限"]
    assert await titles(world, f"valid_on={day(5)}") == ["理赔时限（修订）"]
    assert await titles(world, f"valid_on={day(-11)}") == []
    read = (await world.service.get(AGENT, f"/v1/articles/{article['id']}")).json()
    assert [(one["edition"], one.get("valid_to")) for one in read["editions"]] == [(2, None), (1, day(4))]
    history = (await world.service.get(AGENT, f"/v1/articles/{article['id']}/history")).json()["items"]
    assert [one["action"] for one in history] == ["publish", "publish_edition"]


async def test_a_quick_answer_is_found_by_the_customers_own_words_and_counts_its_uses(world: EnquiryWorld) -> None:
    article = await publish(world)
    body = {
        "question": "理赔需要哪些材料", "answer": "保单、事故证明、病历和发票。", "kind": "claim",
        "valid_from": day(-1), "article_id": article["id"],
    }  # fmt: skip
    first = await world.service.post(BRANCH_AGENT, "/v1/quick-answers", body)
    assert first.status_code == 201, first.text
    found = (await world.service.get(AGENT, "/v1/quick-answers?q=我要理赔材料哪些")).json()["items"]
    assert [one["id"] for one in found] == [first.json()["id"]]
    assert (await world.service.get(AGENT, "/v1/quick-answers?q=怎么退保")).json()["items"] == []
    enquiry = await world.asked()
    said = {"text": "保单、事故证明、病历和发票。", "quick_answer_id": first.json()["id"], "article_id": article["id"]}
    done = await world.act(enquiry, "answers", said)
    assert (done.status_code, done.json()["told"]["quick_answer_id"]) == (201, first.json()["id"]), done.text
    [used] = (await world.service.get(AGENT, "/v1/quick-answers?sort=-used")).json()["items"]
    assert used["used"] == 1
    unknown = await world.act(await world.asked(), "answers", said | {"article_id": enquiry})
    assert unknown.json()["errors"][0]["pointer"] == "#/article_id"


async def test_a_quick_answer_takes_the_place_of_another(world: EnquiryWorld) -> None:
    body = {"question": "几天能赔", "answer": "十日内。", "valid_from": day(-5)}
    old = (await world.service.post(BRANCH_AGENT, "/v1/quick-answers", body)).json()
    later = body | {"answer": "达成协议后十日内支付。", "valid_from": day(0), "replaces": old["id"]}
    refused = await world.service.post(FOREIGN, "/v1/quick-answers", later)
    assert refused.json()["errors"][0]["pointer"] == "#/replaces"
    assert (await world.service.post(BRANCH_AGENT, "/v1/quick-answers", later)).status_code == 201
    items = (await world.service.get(AGENT, "/v1/quick-answers?q=几天能赔")).json()["items"]
    assert [one["answer"] for one in items] == ["达成协议后十日内支付。"]


async def test_the_search_is_served_by_its_index(world: EnquiryWorld) -> None:
    await publish(world)
    async with world.service.db.transaction(machine("crm")) as tx:
        await tx.execute(text("set local enable_seqscan = off"))
        found = "select record_id from search_terms where terms @> array['理赔']"
        plan = "\n".join(await tx.scalars(text(f"explain {found}")))
    assert "search_terms_found" in plan
