"""What becomes of a payment: accepted, paid, failed, returned, sent again; and the claim that is settled by it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from services.claims.adjustment.tables import LimitEntry, PriorPayment
from shared.actor import machine
from shared.clock import process_now, rfc3339
from shared.masking import keyed_digest
from tests.support.calculations import PUBLIC, one
from tests.support.claims_settled import (
    ACCOUNT,
    MIDDLE,
    NORTH,
    PERSON,
    SettledWorld,
    at_once,
    cashier,
    core_system,
    now,
)
from tests.support.claims_world import DIGEST_KEY, adjuster
from tests.support.services import ServiceUnderTest

WHOLE = Decimal("3268.00")
NEW_ACCOUNT = {"account": "6222999988887777"}


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def failed(world: SettledWorld, kind: str = "failed") -> tuple[Any, str]:
    claim_id, told = await world.ordered()
    if kind == "returned":
        assert (await world.confirm(told["id"])).status_code == 201
    answer = await world.act(told["id"], "failures", {"kind": kind, "reason_code": "account_closed", "at": now()})
    assert answer.status_code == 201, answer.text
    return claim_id, told["id"]


# ------------------------------------------------------------------------------------------ paid


async def test_the_last_confirmed_payment_settles_the_claim(world: SettledWorld) -> None:
    claim_id, told = await world.ordered()
    assert (await world.act(told["id"], "acceptances")).json()["payment"]["status"] == "accepted"
    paid_at = now()
    answer = await world.act(told["id"], "confirmations", {"paid_at": paid_at, "reference": "B-77"})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["payment"]["status"], answer.json()["claim"]["status"]) == ("paid", "paid")
    (settled,) = await world.events("claims.claim.settled.v1")
    assert (settled["outcome"], settled["gross_amount"], settled["paid_amount"], settled["settled_at"]) == (
        *("partial", "3268.00", "3268.00"),
        paid_at,
    )
    assert settled["by_limit"] == [{"limit": "medical_sum_insured", "claimant_ref": "P-1", "amount": "3268.00"}]
    states = {row["limit_name"]: row["state"] for row in await world.service.rows(LimitEntry.__table__)}
    assert set(states.values()) == {"settled"}
    assert [row["amount"] for row in await world.service.rows(PriorPayment.__table__)] == [WHOLE]
    row = await world.world.row(claim_id)
    assert (row.status, row.settled_at is not None) == ("paid", True)
    assert not await world.items(told["id"])
    assert await world.items(claim_id, "close")
    duties = [one["duty"] for one in await world.events("claims.duty.taken.v1")]
    assert duties.count("cashier") == 1
    shown = (await world.service.get(adjuster(NORTH), f"/v1/claims/{claim_id}/history")).json()["items"]
    assert shown[-1]["action"] == "settle"


async def test_a_claim_is_paid_with_its_last_payment_only_also_when_two_are_confirmed_at_once(
    world: SettledWorld,
) -> None:
    claim_id = await world.agreed()
    parts = [(await world.order(claim_id, amount)).json()["id"] for amount in ("3000.00", "268.00")]
    answers = await asyncio.gather(*(world.confirm(one) for one in parts))
    assert [one.status_code for one in answers] == [201, 201]
    assert (await world.world.row(claim_id)).status == "paid"
    (settled,) = await world.events("claims.claim.settled.v1")
    assert settled["paid_amount"] == "3268.00"


async def test_a_payment_is_confirmed_once_however_often_it_is_told(world: SettledWorld) -> None:
    _, told = await world.ordered()

    async def once() -> int:
        return (await world.confirm(told["id"], version=1)).status_code

    found = sorted(await at_once([once] * 20))
    assert found == [201, *[412] * 19]
    assert code(await world.confirm(told["id"])) == (409, "state_conflict")
    assert len(await world.events("claims.claim.settled.v1")) == 1
    assert len(await world.service.rows(PriorPayment.__table__)) == 1


async def test_whoever_adjusted_approved_or_stands_behind_the_account_does_not_pay(world: SettledWorld) -> None:
    claim_id, told = await world.ordered()
    await world.staff("interested cashier", keyed_digest(DIGEST_KEY, ACCOUNT))
    for name in (f"adjuster@{NORTH}", f"claims_approver@{NORTH}", "interested cashier"):
        before = await world.traces()
        for act, body in (
            ("acceptances", {}),
            ("confirmations", {"paid_at": now(), "reference": "B-1"}),
            ("failures", {"kind": "failed", "reason_code": "x", "at": now()}),
        ):
            answer = await world.act(told["id"], act, body, who=cashier(MIDDLE, name))
            assert code(answer) == (403, "separation_of_duties"), (name, act)
        events, entries, payments = await world.traces()
        assert (events, entries, payments) == (before[0], before[1] + 3, before[2])
    assert (await world.payment(told["id"])).status == "ordered"
    assert (await world.world.row(claim_id)).status == "paying"


async def test_a_confirmation_needs_its_reference_and_a_possible_time(world: SettledWorld) -> None:
    _, told = await world.ordered()
    before = await world.traces()
    early, late = (rfc3339(process_now() + timedelta(hours=hours)) for hours in (-1, 1))
    for body, wanted in (
        ({"paid_at": now(), "reference": " "}, "validation_failed"),
        ({"paid_at": early, "reference": "B"}, "validation_failed"),
        ({"paid_at": late, "reference": "B"}, "occurred_in_future"),
    ):
        assert code(await world.act(told["id"], "confirmations", body)) == (422, wanted)
    assert await world.traces() == before


async def test_an_adjuster_does_not_confirm_and_another_branch_sees_nothing(world: SettledWorld) -> None:
    _, told = await world.ordered()
    assert code(await world.act(told["id"], "acceptances", who=adjuster(NORTH))) == (403, "action_not_permitted")
    assert code(await world.act(told["id"], "acceptances", who=cashier("00.32.3201"))) == (404, "not_found")
    assert (await world.act(told["id"], "acceptances", who=core_system())).status_code == 201
    assert [one["duty"] for one in await world.events("claims.duty.taken.v1")].count("cashier") == 0


# ------------------------------------------------------------------------------------------ failed, sent again


async def test_a_failed_payment_is_sent_again_under_the_same_number(world: SettledWorld) -> None:
    claim_id, payment_id = await failed(world)
    assert "payment_failed" in (await world.world.row(claim_id)).flags
    (item,) = await world.items(payment_id)
    assert (item["kind"], item["position"]) == ("resubmit", "cashier")
    answer = await world.act(payment_id, "resubmissions")
    assert (answer.status_code, answer.json()["payment"]["status"]) == (201, "ordered")
    assert [row.payable_no for row in await world.payments(claim_id)] == [1]
    assert len(await world.events("claims.payment.ordered.v1")) == 2
    assert [one["kind"] for one in await world.items(payment_id)] == ["pay"]
    assert (await world.confirm(payment_id)).json()["claim"]["status"] == "paid"
    assert (await world.world.row(claim_id)).flags == []


async def test_a_failed_payment_does_not_settle_and_its_amount_may_be_ordered_anew_but_not_twice(
    world: SettledWorld,
) -> None:
    claim_id, payment_id = await failed(world)
    assert code(await world.confirm(payment_id)) == (409, "state_conflict")
    assert (await world.order(claim_id)).status_code == 201
    before = await world.traces()
    assert code(await world.act(payment_id, "resubmissions")) == (409, "already_paid")
    assert (await world.traces())[2] == before[2]
    assert [row.status for row in await world.payments(claim_id)] == ["failed", "ordered"]


async def test_another_account_of_the_same_payee_needs_a_reason(world: SettledWorld) -> None:
    _, payment_id = await failed(world)
    body = {"payee": NEW_ACCOUNT, "reason": "原账户已销户"}
    assert code(await world.act(payment_id, "resubmissions", {"payee": NEW_ACCOUNT})) == (422, "reason_required")
    other = {"payee": NEW_ACCOUNT | {"account_holder": "欧阳江"}, "reason": "x"}
    assert code(await world.act(payment_id, "resubmissions", other)) == (422, "account_name_mismatch")
    named = {"payee": PERSON | NEW_ACCOUNT, "reason": "x"}
    assert code(await world.act(payment_id, "resubmissions", named)) == (422, "unknown_property")
    assert (await world.act(payment_id, "resubmissions", body)).status_code == 201
    row = await world.payment(payment_id)
    assert (row.payee_account, row.payee_digest) == (
        NEW_ACCOUNT["account"],
        keyed_digest(DIGEST_KEY, NEW_ACCOUNT["account"]),
    )
    history = (await world.service.get(cashier(), f"/v1/payments/{payment_id}/history")).json()["items"]
    assert history[-1]["after"]["account_changed"] is True
    assert NEW_ACCOUNT["account"] not in str(history)


async def test_the_new_account_may_not_be_the_cashiers(world: SettledWorld) -> None:
    _, payment_id = await failed(world)
    await world.staff(f"cashier@{MIDDLE}", keyed_digest(DIGEST_KEY, NEW_ACCOUNT["account"]))
    body = {"payee": NEW_ACCOUNT, "reason": "销户"}
    assert code(await world.act(payment_id, "resubmissions", body)) == (403, "separation_of_duties")
    await world.staff("others", keyed_digest(DIGEST_KEY, "6222999988886666"))
    body = {"payee": {"account": "6222999988886666"}, "reason": "销户"}
    assert code(await world.act(payment_id, "resubmissions", body)) == (409, "payee_of_staff")


async def test_a_payment_that_the_bank_returned_is_paid_again_and_the_claim_settles_once(world: SettledWorld) -> None:
    claim_id, payment_id = await failed(world, "returned")
    assert sum(row["amount"] for row in await world.service.rows(PriorPayment.__table__)) == 0
    assert (await world.serve(claim_id, "partial")).status_code == 201
    assert (await world.explain(claim_id)).status_code == 201
    answer = await world.close(claim_id)
    assert (code(answer), answer.json()["open"]) == ((409, "closing_refused"), [f"payment:{payment_id}"])
    assert (await world.act(payment_id, "resubmissions")).status_code == 201
    assert (await world.confirm(payment_id)).status_code == 201
    assert len(await world.events("claims.claim.settled.v1")) == 1
    assert sum(row["amount"] for row in await world.service.rows(PriorPayment.__table__)) == WHOLE
    assert (await world.close(claim_id)).status_code == 201


async def test_what_fails_depends_on_how_far_the_payment_is(world: SettledWorld) -> None:
    _, told = await world.ordered()
    body = {"kind": "returned", "reason_code": "account_closed", "at": now()}
    assert code(await world.act(told["id"], "failures", body)) == (409, "state_conflict")
    late = body | {"kind": "failed", "at": rfc3339(process_now() + timedelta(hours=1))}
    assert code(await world.act(told["id"], "failures", late)) == (422, "occurred_in_future")
    assert code(await world.act(told["id"], "failures", body | {"kind": "failed", "reason_code": ""})) == (
        422,
        "reason_required",
    )
    early = body | {"kind": "failed", "at": rfc3339(process_now() - timedelta(hours=1))}
    assert code(await world.act(told["id"], "failures", early)) == (422, "validation_failed")
    assert code(await world.act(told["id"], "resubmissions")) == (409, "state_conflict")


async def test_the_payee_of_a_closed_claim_does_not_change(world: SettledWorld) -> None:
    claim_id = await world.closed()
    (row,) = await world.payments(claim_id)
    returned = {"kind": "returned", "reason_code": "account_closed", "at": now()}
    assert (await world.act(row.id, "failures", returned)).status_code == 201
    body = {"payee": NEW_ACCOUNT, "reason": "销户"}
    assert code(await world.act(row.id, "resubmissions", body)) == (409, "payee_of_closed_claim")
    assert (await world.act(row.id, "resubmissions")).status_code == 201


async def test_the_database_keeps_what_was_ordered(world: SettledWorld) -> None:
    _, told = await world.ordered()
    for change in ("amount = 1", "payee_name = '别人'", "payee_account = '1'", "payable_no = 9"):
        with pytest.raises(Exception, match="append-only"):
            async with world.service.db.transaction(machine("claims")) as tx:
                await tx.execute(text(f"update payments set {change} where id = :id"), {"id": told["id"]})


async def test_third_parties_and_expenses_settle_with_what_the_ledger_holds(world: SettledWorld) -> None:
    facts = one({"kind": "medical", "amount": "800.00"}, name="司徒海") | {
        "expenses": [{"kind": "legal", "amount": "100.00"}]
    }
    claim_id = await world.agreed(PUBLIC, facts, line="liability")
    victim = {"kind": "third_party", "name": "司徒海", "account": "6222333344445555"}
    creditor = {"kind": "expense_creditor", "name": "某律师事务所", "account": "9558800001"}
    for payee, amount in ((victim, "800.00"), (creditor, "100.00")):
        answer = await world.order(claim_id, amount, payee)
        assert answer.status_code == 201, answer.text
        assert (await world.confirm(answer.json()["id"])).status_code == 201
    (settled,) = await world.events("claims.claim.settled.v1")
    assert (settled["outcome"], settled["paid_amount"]) == ("paid", "900.00")
    used = {one["limit"]: one["amount"] for one in settled["by_limit"]}
    assert used["aggregate_limit"] == "800.00"
    assert used["expense_limits"] == "100.00"
