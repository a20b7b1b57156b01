"""Money is collected and paid once, from and to the people of the contract."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from services.policy.policy.tables import Base
from shared.clock import process_now
from shared.directory import directory_persons
from shared.kernel import kernel
from shared.masking import keyed_digest
from tests.support import contract_world as world
from tests.support.contract_world import ACCOUNT, CASHIER, CORE, LIABILITY, SELLER
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

PATH = "/v1/payment-orders/{}/confirmations"


async def asked(policy: ServiceUnderTest, **changes: Any) -> dict[str, Any]:
    """A premium that was asked for."""
    await world.own_products(policy)
    row = await world.application(policy, LIABILITY, people=world.persons(1), **changes)
    await world.accept(policy, row)
    [order] = await world.orders(policy, application_id=row.id)
    return order


async def confirm(policy: ServiceUnderTest, order: dict[str, Any], who: Any = CORE, **changes: Any) -> Any:
    body: dict[str, Any] = {"paid_at": process_now().isoformat(), "payer": ACCOUNT, "reference": "R-1"} | changes
    return await policy.post(who, PATH.format(order["id"]), body, version=order["version"])


async def test_an_order_says_how_its_amount_came_about_and_hides_the_payer(policy: ServiceUnderTest) -> None:
    order = await asked(policy)
    read = (await policy.get(CASHIER, f"/v1/payment-orders/{order['id']}")).json()
    assert read["computation"]["lines"][0]["explanation"]["zh"].startswith("保险费 36500.00 × 费率调整系数 1.00")
    assert {one["action"]: one["allowed"] for one in read["available_actions"]} == {
        "confirm": True, "fail": True, "resubmit": False,
    }  # fmt: skip
    assert (await confirm(policy, order)).status_code == 201
    paid = (await policy.get(CASHIER, f"/v1/payment-orders/{order['id']}")).json()
    assert paid["status"] == "paid"
    assert paid["payer"] == {"name": "云泽****公司", "account": "***************4567"}
    assert paid["masked"] == ["payer.name", "payer.account"]


async def test_the_same_confirmation_twice_is_one_payment_and_another_is_refused(policy: ServiceUnderTest) -> None:
    order = await asked(policy)
    answers = await asyncio.gather(*(confirm(policy, order) for _ in range(4)))
    assert [one.status_code for one in answers] == [201] * 4
    assert {one.json()["payment_order"]["version"] for one in answers} == {2}
    entries = await policy.rows(kernel.tables["audit_entries"], action="confirm")
    assert len(entries) == 1
    refused = await confirm(policy, order, reference="R-2")
    assert (refused.status_code, refused.json()["code"]) == (409, "already_paid")


async def test_a_premium_from_outside_the_contract_is_refused(policy: ServiceUnderTest) -> None:
    order = await asked(policy)
    refused = await confirm(policy, order, payer={"name": "某中介有限公司", "account": "6222000000009"})
    assert (refused.status_code, refused.json()["code"]) == (422, "payer_not_entitled")
    missing = await confirm(policy, order, payer=None)
    assert (missing.status_code, missing.json()["code"]) == (422, "validation_failed")
    for name in ("工人1", "家属1"):
        rules = await confirm(policy, order, payer={"name": name, "account": "6222000000009"}, amount="1.00")
        assert rules.json()["code"] == "amount_differs"


async def test_a_premium_from_the_account_of_who_sold_it_is_refused(policy: ServiceUnderTest) -> None:
    order = await asked(policy)
    digest = keyed_digest(b"d" * 32, "6222000000007777777")
    row = {
        "person_id": SELLER, "staff_no": "S-1", "active": True, "record_version": 1,
        "digests": [{"kind": "account", "of": "self", "digest": digest}],
    }  # fmt: skip
    async with policy.db.transaction(actor("core_system", "00")) as tx:
        await tx.execute(directory_persons.insert().values(**row))
    refused = await confirm(policy, order, payer={"name": ACCOUNT["name"], "account": "6222000000007777777"})
    assert (refused.status_code, refused.json()["code"]) == (422, "account_of_staff")


async def test_another_amount_and_a_future_moment_are_refused(policy: ServiceUnderTest) -> None:
    order = await asked(policy)
    other = await confirm(policy, order, amount="36499.99")
    assert (other.status_code, other.json()["code"]) == (422, "amount_differs")
    later = await confirm(policy, order, paid_at=(process_now() + timedelta(hours=1)).isoformat())
    assert (later.status_code, later.json()["code"]) == (422, "occurred_in_future")
    assert [one["status"] for one in await policy.rows(Base.metadata.tables["payment_orders"])] == ["created"]


async def test_what_failed_is_sent_again_as_the_same_order_and_paid_once(policy: ServiceUnderTest) -> None:
    order = await asked(policy)
    path = f"/v1/payment-orders/{order['id']}"
    told = {"at": process_now().isoformat(), "reason_code": "insufficient_funds"}
    failed = await policy.post(CORE, f"{path}/failures", told, version=1)
    assert failed.json()["payment_order"]["status"] == "failed"
    again = await policy.post(CASHIER, f"{path}/resubmissions", {}, version=2)
    assert again.status_code == 201, again.text
    events = [
        one["event"]["data"] for one in await policy.rows(kernel.tables["outbox"])
        if one["subject"] == "policy.payment_order.created.v1"
    ]  # fmt: skip
    assert [(one["payment_order_id"], one["sending"]) for one in events] == [(order["id"], 1), (order["id"], 2)]
    assert (await confirm(policy, order)).status_code == 412
    assert (await confirm(policy, {**order, "version": 3})).status_code == 201
    late = await policy.post(CORE, f"{path}/failures", told, version=4)
    assert (late.status_code, late.json()["code"]) == (409, "state_conflict")
    wrong = await policy.post(CASHIER, f"{path}/resubmissions", {}, version=4)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "state_conflict")


async def test_the_core_reads_whom_it_pays_and_that_is_written_down(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, LIABILITY, starts_at=world.day(10), ends_at=world.day(375))
    row = await world.application(
        policy, LIABILITY, kind="cancellation", status="accepted", policy_id=held["id"],
        change={"notice_received_at": process_now().isoformat(), "reason": "停业"},
    )  # fmt: skip
    body = {"payee": ACCOUNT}
    ended = await policy.post(world.UNDERWRITER, f"/v1/applications/{row.id}/cancellations", body, version=1)
    assert ended.status_code == 201, ended.text
    read = await policy.get(CORE, f"/v1/payment-orders/{ended.json()['payment_order_id']}")
    assert read.json()["payee"] == ACCOUNT
    assert len(await policy.rows(kernel.tables["audit_entries"], action="read_payee")) == 1
    masked = await policy.get(CASHIER, f"/v1/payment-orders/{ended.json()['payment_order_id']}")
    assert masked.json()["payee"]["account"].endswith("4567")
    assert "*" in masked.json()["payee"]["name"]
