"""Rescission for what was not told: who may, until when, and what becomes of premium and losses."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from embedded.demonstration.policies import policies
from services.policy.policy.tables import Base
from shared.clock import at_midnight, legal_day, process_now
from shared.kernel import kernel
from tests.support import contract_world as world
from tests.support.contract_world import ACCOUNT, CORE, HEAD_UNDERWRITER, LIABILITY, UNDERWRITER
from tests.support.services import ServiceUnderTest

TABLES = Base.metadata.tables
PREMIUM = Decimal("48000.00")


def ago(days: int) -> date:
    return legal_day(process_now()) - timedelta(days=days)


async def held(policy: ServiceUnderTest, formed: date | None = None, **changes: Any) -> dict[str, Any]:
    """A policy formed two hundred days ago, its premium paid then."""
    await world.own_products(policy)
    found = await world.issued(policy, LIABILITY, premium=PREMIUM, starts_at=world.day(1), ends_at=world.day(366))
    formed_on = formed or ago(200)
    async with policy.db.transaction(UNDERWRITER) as tx:
        began = {"formed_on": formed_on, "issued_on": formed_on, "starts_at": at_midnight(formed_on)}
        await tx.execute(TABLES["policies"].update().values(**(began | changes)))
        await tx.execute(TABLES["payment_orders"].update().values(paid_at=at_midnight(formed_on)))
    return found


async def declare(
    policy: ServiceUnderTest, policy_id: str, known: date, who: Any = HEAD_UNDERWRITER, **more: Any
) -> Any:
    ground = {"question_code": "Q14", "fact": "三年内有两次事故未告知", "affects": "acceptance"}
    body = {
        "policy_id": policy_id, "ground": ground | more.pop("ground", {}), "known_on": known.isoformat(),
        "intent": "intent", "influence": True,
    } | more  # fmt: skip
    return await policy.post(who, "/v1/rescissions", body)


async def test_intent_ends_the_contract_and_keeps_the_premium(policy: ServiceUnderTest) -> None:
    found = await held(policy)
    answer = await declare(policy, found["id"], ago(30))
    assert answer.status_code == 201, answer.text
    out = answer.json()
    assert (out["losses_paid"], out["refund_amount"], out["policy"]["status"]) == (False, "0.00", "rescinded")
    assert out["last_on"] == ago(0).isoformat()
    [event] = [
        one["event"]["data"] for one in await policy.rows(kernel.tables["outbox"], subject="policy.policy.cancelled.v1")
    ]
    assert (event["kind"], event["losses_paid"], event["refund_amount"]) == ("rescind", False, "0.00")
    again = await declare(policy, found["id"], ago(30))
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    entries = await policy.rows(kernel.tables["audit_entries"], action="rescind")
    assert len(entries) == 1


@pytest.mark.parametrize(("influence", "losses_paid"), [(True, False), (False, True)])
async def test_gross_negligence_returns_the_premium_and_pays_losses_it_did_not_cause(
    policy: ServiceUnderTest, influence: bool, losses_paid: bool
) -> None:
    found = await held(policy)
    answer = await declare(policy, found["id"], ago(3), intent="gross_negligence", influence=influence, payee=ACCOUNT)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["losses_paid"], answer.json()["refund_amount"]) == (losses_paid, "48000.00")
    [order] = await world.orders(policy, kind="refund")
    assert (order["amount"], order["direction"]) == ("48000.00", "out")


async def test_the_thirty_first_day_and_the_two_years_are_too_late(policy: ServiceUnderTest) -> None:
    found = await held(policy)
    late = await declare(policy, found["id"], ago(31))
    assert (late.status_code, late.json()["code"]) == (409, "rescission_lapsed")
    assert (late.json()["bar"], late.json()["last_on"]) == ("thirty_days", ago(1).isoformat())
    async with policy.db.transaction(UNDERWRITER) as tx:
        await tx.execute(TABLES["policies"].update().values(formed_on=ago(732)))
    barred = await declare(policy, found["id"], ago(1))
    assert (barred.status_code, barred.json()["code"], barred.json()["bar"]) == (409, "rescission_lapsed", "two_years")
    assert await policy.rows(TABLES["rescissions"]) == []
    assert (await policy.get(UNDERWRITER, f"/v1/policies/{found['id']}")).json()["status"] == "in_force"


async def test_what_was_never_asked_or_known_from_the_start_is_no_ground(policy: ServiceUnderTest) -> None:
    found = await held(policy)
    unasked = await declare(policy, found["id"], ago(3), ground={"question_code": "Q99"})
    assert (unasked.status_code, unasked.json()["code"]) == (409, "never_asked")
    known = await declare(policy, found["id"], ago(200))
    assert (known.status_code, known.json()["code"]) == (409, "known_at_formation")
    future = await declare(policy, found["id"], ago(-1))
    assert (future.status_code, future.json()["code"]) == (422, "occurred_in_future")


async def test_premium_accepted_with_knowledge_bars_the_rescission(policy: ServiceUnderTest) -> None:
    found = await held(policy)
    async with policy.db.transaction(UNDERWRITER) as tx:
        await tx.execute(TABLES["payment_orders"].update().values(paid_at=at_midnight(ago(10))))
    refused = await declare(policy, found["id"], ago(20))
    assert (refused.status_code, refused.json()["code"]) == (409, "premium_accepted_with_knowledge")


async def test_a_central_branch_does_not_rescind_and_another_unit_finds_nothing(policy: ServiceUnderTest) -> None:
    found = await held(policy)
    refused = await declare(policy, found["id"], ago(3), who=UNDERWRITER)
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
    unknown = await declare(policy, "01a1f683-27e8-7164-bf7f-537f439f24b8", ago(3))
    assert (unknown.status_code, unknown.json()["code"]) == (422, "reference_not_found")


async def test_a_policy_of_the_core_is_rescinded_by_the_paper_that_asked(policy: ServiceUnderTest) -> None:
    body = next(one for one in policies(5, 32, legal_day(process_now())) if one["line"] == "liability")
    number = body.pop("policy_no")
    body |= {"issued_on": ago(100).isoformat(), "core_version": 1}
    stored = await policy.call(CORE, "PUT", f"/v1/core/policies/{number}", body)
    assert stored.status_code == 200, stored.text
    policy_id = stored.json()["id"]
    unasked = await declare(policy, policy_id, ago(3))
    assert unasked.json()["code"] == "never_asked"
    reference = {"proposal_reference": "投保单第14项"}
    done = await declare(policy, policy_id, ago(3), ground=reference, intent="gross_negligence")
    assert done.status_code == 201, done.text
    assert done.json()["policy"]["status"] == "rescinded"
    [order] = await policy.rows(TABLES["payment_orders"])
    assert (order["amount"], order["payee_name"]) == (Decimal(body["premium"]), None)
    late = body | {"core_version": 2, "change": {"kind": "endorse", "no": "E-2", "reason": None}}
    told = await policy.call(CORE, "PUT", f"/v1/core/policies/{number}", late)
    assert (told.status_code, told.json()["applied"]) == (200, "current"), told.text
    [row] = await policy.rows(TABLES["policies"])
    assert (row["stated_status"], row["policy_version"]) == ("rescinded", 2)
    items = await policy.rows(TABLES["reconciliation_items"], cause="status")
    assert [one["theirs"]["status"] for one in items] == ["in_force"]
