"""Deliveries: sent, received, returned, overdue."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from embedded.demonstration.policies import policies
from services.policy.delivery.handlers import TICKS
from services.policy.delivery.tables import Delivery
from services.policy.policy.tables import Base, Policy
from shared.actor import machine
from shared.clock import process_now, rfc3339
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.sample_files import pdf
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

CORE = actor("core_system", "00")
PATH = "00.32.3201.320102"
CUSTODIAN = actor("document_custodian", PATH)
NUMBER = "PLL2026-32-000001"
DELIVERIES = Base.metadata.tables["deliveries"]


@pytest.fixture
async def policy_id(policy: ServiceUnderTest) -> str:
    body = next(one for one in policies(5, 32, date(2026, 11, 24)) if one["policy_no"] == NUMBER)
    told = {name: value for name, value in body.items() if name != "policy_no"} | {"unit_code": "320102"}
    answer = await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", told)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


async def send(policy: ServiceUnderTest, policy_id: str, **changes: Any) -> Any:
    body = {
        "policy_id": policy_id, "item": "policy", "document_no": NUMBER, "method": "courier", "tracking": "SF1",
    } | changes  # fmt: skip
    return await policy.post(CUSTODIAN, "/v1/deliveries", body)


async def proof(policy: ServiceUnderTest, policy_id: str) -> str:
    answer = await policy.call(
        CUSTODIAN, "POST", f"/v1/policies/{policy_id}/attachments", files={"file": ("receipt.pdf", pdf())}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def receive(policy: ServiceUnderTest, sent: Any, who: Any = CUSTODIAN, **changes: Any) -> Any:
    made = sent.json()
    body = {"received_at": rfc3339(process_now()), "received_by": "欧阳岚", "relation": "employee"} | changes
    return await policy.post(who, f"/v1/deliveries/{made['id']}/receipts", body, version=made["version"])


async def give_back(policy: ServiceUnderTest, sent: Any, **changes: Any) -> Any:
    made = sent.json()
    body = {"returned_at": rfc3339(process_now()), "reason": "moved away"} | changes
    return await policy.post(CUSTODIAN, f"/v1/deliveries/{made['id']}/returns", body, version=made["version"])


async def told(policy: ServiceUnderTest) -> list[dict[str, Any]]:
    rows = await policy.rows(kernel.tables["outbox"], subject="policy.document.delivered.v1")
    return [one["event"]["data"] for one in rows]


async def test_a_document_sent_and_signed_for_is_told_and_shown_masked(
    policy: ServiceUnderTest, policy_id: str
) -> None:
    sent = await send(policy, policy_id)
    assert (sent.status_code, sent.json()["status"]) == (201, "sent")
    received = await receive(policy, sent, receipt_attachment_id=await proof(policy, policy_id))
    assert received.status_code == 201, received.text
    shown = received.json()
    assert (shown["status"], shown["counted_by"], shown["received_by"]) == ("received", "signed", "欧阳*")
    [event] = await told(policy)
    assert (event["policy_id"], event["item"], event["days_taken"]) == (policy_id, "policy", 0)
    assert "欧阳岚" not in str(await policy.rows(kernel.tables["outbox"]))
    again = await receive(policy, received)
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    listed = (await policy.get(CUSTODIAN, "/v1/deliveries?status=received")).json()["items"]
    assert [one["id"] for one in listed] == [shown["id"]]
    history = (await policy.get(CUSTODIAN, f"/v1/deliveries/{shown['id']}/history")).json()["items"]
    assert [one["action"] for one in history] == ["open", "send", "receive"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"received_at": "2020-01-01T00:00:00+08:00"}, "receipt_before_issue"),
        ({"relation": "salesperson"}, "receipt_by_salesperson"),
        ({}, "receipt_document_missing"),
        ({"received_at": "2099-01-01T00:00:00+08:00"}, "occurred_in_future"),
        ({"receipt_attachment_id": "01a1f6d6-7efd-7996-a614-78f2d14f6094"}, "reference_not_found"),
    ],
)
async def test_a_receipt_that_proves_nothing_is_refused(
    policy: ServiceUnderTest, policy_id: str, changes: dict[str, Any], code: str
) -> None:
    sent = await send(policy, policy_id)
    refused = await receive(policy, sent, **changes)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert await told(policy) == []


async def test_whoever_sold_the_policy_writes_down_no_receipt(policy: ServiceUnderTest, policy_id: str) -> None:
    async with policy.db.transaction(machine("policy")) as tx:
        await tx.execute(update(Policy).values(seller_id=CUSTODIAN.person_id))
    sent = await send(policy, policy_id)
    refused = await receive(policy, sent)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    shown = (await policy.get(CUSTODIAN, f"/v1/deliveries/{sent.json()['id']}")).json()
    actions = {one["action"]: one["allowed"] for one in shown["available_actions"]}
    assert actions == {"send": False, "record_receipt": False, "record_return": True}


async def test_what_came_back_is_sent_again_and_every_attempt_stays(policy: ServiceUnderTest, policy_id: str) -> None:
    first = await send(policy, policy_id)
    back = await give_back(policy, first)
    assert (back.status_code, back.json()["status"]) == (201, "returned")
    items = [one["kind"] for one in await policy.rows(kernel.tables["work_items"]) if one["closed_at"] is None]
    assert items == ["send_again"]
    second = await send(policy, policy_id, tracking="SF2")
    assert (second.json()["status"], len(second.json()["attempts"])) == ("resent", 1)
    assert second.json()["attempts"][0]["tracking"] == "SF1"
    early = await give_back(policy, second, returned_at="2026-01-01T00:00:00+08:00")
    assert early.json()["errors"][0]["code"] == "returned_before_sent"
    twice = await send(policy, policy_id)
    assert (twice.status_code, twice.json()["code"]) == (409, "state_conflict")


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"tracking": None}, "tracking_required"), ({"method": "electronic"}, "electronic_id_required")],
)
async def test_a_way_without_its_number_is_refused(
    policy: ServiceUnderTest, policy_id: str, changes: dict[str, Any], code: str
) -> None:
    refused = await send(policy, policy_id, **changes)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)


async def test_an_electronic_document_counts_when_it_is_opened(policy: ServiceUnderTest, policy_id: str) -> None:
    sent = await send(policy, policy_id, method="electronic", electronic_id="E-1", tracking=None)
    opened = await receive(policy, sent, relation="policyholder")
    assert (opened.status_code, opened.json()["counted_by"]) == (201, "opened")


async def test_an_electronic_document_that_nobody_opens_counts_after_its_days(
    policy: ServiceUnderTest, policy_id: str
) -> None:
    await send(policy, policy_id, method="electronic", electronic_id="E-1", tracking=None)
    for tick in TICKS:
        await run_once(policy.db, tick)
    assert await told(policy) == []
    async with policy.db.transaction(machine("policy")) as tx:
        await tx.execute(update(Delivery).values(sent_at=tx.now - timedelta(days=3)))
    for tick in TICKS:
        await run_once(policy.db, tick)
    [row] = await policy.rows(DELIVERIES)
    assert (row["status"], row["counted_by"]) == ("received", "days_passed")
    assert len(await told(policy)) == 1


async def test_what_is_not_delivered_in_time_is_told_to_the_head_once(policy: ServiceUnderTest, policy_id: str) -> None:
    await send(policy, policy_id)
    async with policy.db.transaction(machine("policy")) as tx:
        await tx.execute(update(Delivery).values(due_on=date(2026, 1, 5)))
    for tick in (*TICKS, *TICKS):
        await run_once(policy.db, tick)
    late = await policy.rows(kernel.tables["work_items"], kind="delivery_overdue")
    assert [(one["position"], one["unit_code"], one["priority"]) for one in late] == [
        ("department_head", "320102", "high")
    ]
    noted = await policy.rows(kernel.tables["history"], action="overdue")
    assert len(noted) == 1


async def test_policies_whose_business_is_done_here_open_their_deliveries_and_imported_ones_do_not(
    policy: ServiceUnderTest, policy_id: str
) -> None:
    await run_once(policy.db, TICKS[0])
    assert await policy.rows(DELIVERIES) == []
    async with policy.db.transaction(machine("policy")) as tx:
        await tx.execute(update(Policy).values(made_here=True))
    for _ in range(2):
        await run_once(policy.db, TICKS[0])
    [row] = await policy.rows(DELIVERIES)
    assert (row["item"], row["document_no"], row["status"]) == ("policy", NUMBER, "pending")
    assert row["due_on"] > row["issued_on"]
    [item] = await policy.rows(kernel.tables["work_items"], kind="deliver")
    assert (item["position"], item["unit_code"]) == ("document_custodian", "320102")


async def test_another_unit_finds_no_delivery(policy: ServiceUnderTest, policy_id: str) -> None:
    sent = await send(policy, policy_id)
    elsewhere = actor("document_custodian", "00.32.3202")
    assert (await policy.get(elsewhere, f"/v1/deliveries/{sent.json()['id']}")).status_code == 404
    assert (await receive(policy, sent, who=elsewhere)).status_code == 404
