"""Desks, enquiries, articles, key accounts and granted services at the own unit, for walking their routes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.crm.article.tables import Article, ArticleEdition, QuickAnswer
from services.crm.service_item.tables import ServiceItem
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.ids import customer_id, uuid7
from tests.support.crm_world import C1, SUB
from tests.support.enquiry_world import AGENT
from tests.support.key_account_world import ADJUSTER, BRANCH_HEAD, ENGINEER, HEAD, MANAGER, THREE, KeyAccountWorld
from tests.support.route_parts import Part
from tests.support.sample_files import pdf
from tests.support.services import ServiceUnderTest

NONE = str(uuid4())
"""An id that nothing has."""
TODAY = legal_day(process_now())


async def enquiry_routes(service: ServiceUnderTest) -> Part:
    """A desk, an enquiry with a file, an article, a quick answer."""
    world = KeyAccountWorld(service)
    await world.appoint(AGENT, MANAGER, ADJUSTER, ENGINEER, HEAD, BRANCH_HEAD)
    desk = await world.staff(AGENT)
    assert desk.status_code == 200, desk.text
    enquiry = await world.asked()
    article, quick = await _known_below(service)
    path = f"/v1/enquiries/{enquiry}"
    return Part(
        known={
            "/v1/desks/{}": desk.json()["id"], "/v1/enquiries/{}": enquiry, "/v1/articles/{}": article,
            "/v1/quick-answers/{}": quick, "/v1/enquiries/{}/attachments/{}": await _attached(service, path),
        },
        better={"/v1/desks/{unit_code}": {"/v1/desks/{}": "320102"}},
        bodies={"POST /v1/enquiries/{record_id}/reveals": {"field": "asker.phone"}},
        creations={
            "/v1/enquiries": lambda known: {
                "kind": "consult", "channel": "phone", "question": "怎么理赔？",
                "customer_id": str(C1) if known else NONE,
            },
            "/v1/articles": lambda _: _edition(),
            "/v1/quick-answers": lambda known: {
                "question": "怎么理赔？", "answer": "请报案。", "valid_from": TODAY.isoformat(),
                "article_id": article if known else NONE,
            },
        },
    )  # fmt: skip


async def key_account_routes(service: ServiceUnderTest) -> Part:
    """A key account with a file, one who might be one, an item of the catalogue, a granted service."""
    world = KeyAccountWorld(service)
    await world.policy(premium="91250.00", insured_count=500, policy_no="PPA-500", business="group")
    await world.policy(customer_id("C0009"), premium="900000.00", policy_no="P-900", business="group")
    account = await world.active(**THREE)
    item = await _item_below(service)
    body = {"item_id": item, "customer_id": str(C1), "planned_on": TODAY.isoformat(), "occasion": "care"}
    grant = await service.post(MANAGER, "/v1/service-grants", body | {"purpose": "安全讲座"})
    assert grant.status_code == 201, grant.text
    path = f"/v1/key-accounts/{account}"
    return Part(
        known={
            "/v1/key-accounts/{}": account, "/v1/key-accounts/{}/attachments/{}": await _attached(service, path),
            "/v1/service-items/{}": item, "/v1/service-grants/{}": grant.json()["id"],
        },
        bodies={"POST /v1/key-accounts/{record_id}/reveals": {"field": "customer_name"}},
        creations={
            "/v1/key-accounts/nominations": lambda known: {
                "customer_id": str(C1) if known else NONE, "reason": "标准",
            },
            "/v1/service-items": lambda _: {
                "code": "lecture", "class": "basic", "nature": "training", "name": {"zh": "讲座", "en": "Lecture"},
                "owner_service": "crm", "unit_cost": "0.00", "valid_from": TODAY.isoformat(),
            },
            "/v1/service-grants": lambda known: {
                **body, "item_id": item if known else NONE, "customer_id": str(C1) if known else NONE, "purpose": "x",
            },
        },
        summaries={"/v1/key-accounts/candidates": "at_most=50"},
    )  # fmt: skip


def _edition() -> dict[str, Any]:
    return {"title": "理赔", "body": "请报案。", "topic": "claims", "valid_from": TODAY.isoformat()}


async def _attached(service: ServiceUnderTest, path: str) -> str:
    answer = await service.call(AGENT, "POST", f"{path}/attachments", files={"file": ("a.pdf", pdf())})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def _known_below(service: ServiceUnderTest) -> tuple[str, str]:
    """An article and a quick answer of the own unit: nobody publishes there, so that nobody beside reads them."""
    article, began = uuid7(), TODAY - timedelta(days=1)
    quick = QuickAnswer(
        id=uuid7(),
        version=1,
        org_path=SUB,
        question="怎么理赔",
        answer="请报案。",
        article_id=article,
        valid_from=began,
    )
    async with service.db.transaction(machine("crm")) as tx:
        tx.add(Article(id=article, version=1, org_path=SUB, topic="claims", editions=1))
        await tx.flush()
        tx.add(
            ArticleEdition(
                id=uuid7(), article_id=article, org_path=SUB, edition=1, topic="claims", title="理赔", body="请报案。",
                valid_from=began, person_id=AGENT.person_id, staff_no=AGENT.staff_no,
            )
        )  # fmt: skip
        tx.add(quick)
    return str(article), str(quick.id)


async def _item_below(service: ServiceUnderTest) -> str:
    """An item of the catalogue of the own unit."""
    item = ServiceItem(
        id=uuid7(), version=1, org_path=SUB, code="lecture", service_class="value_added", nature="training",
        name_zh="讲座", name_en="Lecture", owner_service="crm", eligible_tiers=["b"], yearly_quota={"b": 2},
        unit_cost="10.00", valid_from=TODAY - timedelta(days=1),
    )  # fmt: skip
    async with service.db.transaction(machine("crm")) as tx:
        tx.add(item)
    return str(item.id)
