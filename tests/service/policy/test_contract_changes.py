"""Endorsements and cancellations of policies issued here, and what they cost or give back."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.policy.policy.tables import Base
from shared.clock import process_now
from shared.kernel import kernel
from tests.support import contract_world as world
from tests.support.contract_world import ACCOUNT, CASHIER, HERE, LIABILITY, UNDERWRITER, day
from tests.support.services import ServiceUnderTest

YEAR = {"starts_at": day(1), "ends_at": day(366)}


async def change(policy: ServiceUnderTest, held: dict[str, Any], body: Any = None, **fields: Any) -> Any:
    """An approved endorsement, made."""
    asked = {"kind": "cover"} | fields.pop("change", {}) | fields.pop("terms", {})
    told = {"kind": "endorsement", "status": "approved", "policy_id": held["id"], "terms": {}, "premium": None}
    row = await world.application(policy, held["product"], **(told | {"change": asked} | fields))
    answer = await policy.post(UNDERWRITER, f"/v1/applications/{row.id}/endorsements", body or {}, version=1)
    answer.extensions["application"] = row
    return answer


async def notice(policy: ServiceUnderTest, held: dict[str, Any], body: Any = None, **told: Any) -> Any:
    """An accepted cancellation, carried out."""
    given = {"notice_received_at": process_now().isoformat(), "reason": "不再需要"} | told
    row = await world.application(
        policy, held["product"], kind="cancellation", status="accepted", policy_id=held["id"], change=given, terms={},
    )  # fmt: skip
    path = f"/v1/applications/{row.id}/cancellations"
    return await policy.post(UNDERWRITER, path, {"payee": ACCOUNT} if body is None else body, version=1)


async def versions(policy: ServiceUnderTest, held: dict[str, Any], query: str = "") -> Any:
    return (await policy.get(UNDERWRITER, f"/v1/policies/{held['id']}/versions{query}")).json()["items"]


async def told(policy: ServiceUnderTest, subject: str) -> list[dict[str, Any]]:
    rows = await policy.rows(kernel.tables["outbox"], subject=subject)
    return [one["event"]["data"] for one in rows]


async def test_heads_join_and_leave_and_the_net_premium_is_asked_for(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, people=world.persons(*range(1, 41)), **YEAR)
    people = [*world.persons(*range(41, 61)), *world.persons(*range(1, 6), op="remove")]
    at = day(101)
    answer = await change(policy, held, people=people, change={"kind": "list", "effective_on": f"{at:%Y-%m-%d}"})
    assert answer.status_code == 201, answer.text
    out = answer.json()
    assert [one["amount"] for one in out["computation"]["lines"]] == ["5300.00", "-993.75"]
    assert (out["amount"], out["policy_version"]) == ("4306.25", 2)
    assert out["endorsement_no"] == f"{held['policy_no']}-001"
    assert out["application"]["status"] == "effective"
    [order] = await world.orders(policy, kind="additional_premium")
    assert order["amount"] == "4306.25"
    [listed] = [one for one in await told(policy, "policy.insured.listed.v1") if one["policy_version"] == 2]
    refs = {one["insured_ref"]: one["from"] for one in listed["entries"]}
    assert len(refs) == 55
    assert "P-0003" not in refs
    assert refs["P-0060"] == f"{at:%Y-%m-%d}"
    [event] = await told(policy, "policy.policy.endorsed.v1")
    assert (event["premium_delta"], event["insured_count"], event["change_kind"]) == ("4306.25", 55, "endorse")
    assert event["effective_at"] == at.isoformat()


async def test_a_list_is_changed_only_by_who_is_on_it_and_never_emptied(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, people=world.persons(1, 2), **YEAR)
    for people, status, code in (
        (world.persons(9, op="remove"), 422, "insured_not_listed"),
        (world.persons(2), 409, "insured_listed_already"),
        (world.persons(1, 2, op="remove"), 409, "nobody_left"),
        ([], 422, "nothing_changes"),
    ):
        refused = await change(policy, held, people=people)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert len(await versions(policy, held)) == 1


async def test_less_premium_goes_back_to_the_policyholder_alone(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, people=world.persons(*range(1, 41)), **YEAR)
    gone = {"people": world.persons(*range(1, 11), op="remove"), "change": {"effective_on": f"{day(101):%Y-%m-%d}"}}
    nobody = await change(policy, held, **gone)
    assert (nobody.status_code, nobody.json()["errors"][0]["code"]) == (422, "payee_required")
    other = await change(policy, held, {"payee": {"name": "工人1", "account": "6222000000009"}}, **gone)
    assert (other.status_code, other.json()["code"]) == (422, "refund_payee_not_entitled")
    back = await change(policy, held, {"payee": ACCOUNT}, **gone)
    assert back.json()["amount"] == "-1987.50"
    [order] = await world.orders(policy, kind="refund")
    assert (order["direction"], order["amount"]) == ("out", "1987.50")


async def test_a_change_that_wants_its_premium_first_waits_for_it_and_is_never_back_dated(
    policy: ServiceUnderTest,
) -> None:
    await world.own_products(policy, cash_before_cover=True)
    row = await world.application(policy, people=world.persons(1), **YEAR)
    await world.accept(policy, row)
    await world.pay(policy, row.id)
    held = (await world.issue(policy, row)).json() | {"product": HERE}
    waiting = await change(policy, held, people=world.persons(2))
    assert waiting.json()["application"]["status"] == "finance_pending"
    assert "policy_version" not in waiting.json()
    assert len(await versions(policy, held)) == 1
    before = process_now()
    await world.pay(policy, waiting.extensions["application"].id)
    made = await versions(policy, held)
    assert [one["number"] for one in made] == [1, 2]
    assert datetime.fromisoformat(made[1]["effective_at"]) >= max(before, YEAR["starts_at"])
    [applied] = await policy.rows(Base.metadata.tables["applications"], id=waiting.extensions["application"].id)
    assert applied["status"] == "effective"


async def test_a_past_day_a_day_outside_and_a_foreign_policy_are_refused(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, LIABILITY, **YEAR)
    cover = {"cover": {**world.cover("liability"), "aggregate_limit": "8000000.00"}}
    past = await change(policy, held, terms=cover, change={"effective_on": f"{day(-1):%Y-%m-%d}"})
    assert (past.status_code, past.json()["code"]) == (422, "effective_in_past")
    outside = await change(policy, held, terms=cover, change={"effective_on": f"{day(400):%Y-%m-%d}"})
    assert (outside.status_code, outside.json()["code"]) == (422, "outside_term")
    later = await change(policy, held, terms=cover, change={"effective_on": f"{day(50):%Y-%m-%d}"})
    assert later.status_code == 201, later.text
    overtaken = await change(
        policy, held, terms={"cover": world.cover("liability")}, change={"effective_on": f"{day(20):%Y-%m-%d}"}
    )
    assert (overtaken.status_code, overtaken.json()["code"]) == (409, "later_version_exists")
    twice = await change(policy, held, terms=cover, status="effective")
    assert (twice.status_code, twice.json()["code"]) == (409, "state_conflict")


async def test_a_raised_premium_of_the_term_is_asked_for_by_the_days_left(policy: ServiceUnderTest) -> None:
    await world.own_products(policy, rating=world.seed("public_liability")["rating"] | {"rate_per_mille": "15"})
    held = await world.issued(policy, LIABILITY, premium=Decimal("73000.00"), **YEAR)
    cover = {"cover": {**world.cover("liability"), "limit_per_accident": "2400000.00"}}
    asked = {"effective_on": f"{day(121):%Y-%m-%d}"}
    answer = await change(policy, held, terms=cover, change=asked)
    assert answer.json()["amount"] == "9800.00"
    assert (await versions(policy, held))[1]["premium"] == "82800.00"
    [line] = answer.json()["computation"]["lines"]
    assert "(87600.00 − 73000.00) × 245/365 = 9800.00" in line["explanation"]["zh"]


async def test_a_longer_term_costs_its_days_and_all_of_it_goes_back_with_an_early_end(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, LIABILITY, premium=Decimal("73000.00"), **YEAR)
    answer = await change(policy, held, change={"kind": "period", "ends_at": day(396).isoformat()})
    assert answer.json()["amount"] == "6000.00"
    await world.pay(policy, answer.extensions["application"].id)
    assert (await policy.get(UNDERWRITER, f"/v1/policies/{held['id']}")).json()["ends_at"] == day(396).isoformat()
    quote = {"policy_id": held["id"], "effective_on": f"{day(366):%Y-%m-%d}"}
    found = await policy.call(UNDERWRITER, "POST", "/v1/refund-quotes", quote)
    assert found.json()["amount"] == "6000.00"


async def test_heads_without_a_price_of_their_own_are_priced_by_the_filed_rate(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    cover = {"sum_insured": "300000.00", "benefit_days": 180}
    terms = {"cover": cover, "rate_factor": "1.20"}
    held = await world.issued(policy, people=world.persons(1, 2), terms=terms, **YEAR)
    answer = await change(policy, held, people=world.persons(3), change={"kind": "insured_list"})
    rating = world.seed("group_accident")["rating"]
    by_rate = Decimal("300000.00") * Decimal(rating["rate_per_mille"]) / 1000 * Decimal("1.20")
    assert Decimal(answer.json()["amount"]) == by_rate.quantize(Decimal("0.01"))


async def test_fifty_endorsements_read_as_at_any_instant(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, LIABILITY, **YEAR)
    chance, at = random.Random(7), 1
    effective = {1: YEAR["starts_at"]}
    for number in range(2, 52):
        at += chance.randrange(0, 8)
        cover = {"cover": {**world.cover("liability"), "aggregate_limit": f"{number}000000.00"}}
        when = {"effective_on": f"{day(max(at, 2)):%Y-%m-%d}"}
        answer = await change(policy, held, terms=cover, change=when)
        assert answer.status_code == 201, answer.text
        effective[number] = day(max(at, 2))
    for _ in range(60):
        moment = YEAR["starts_at"] + timedelta(seconds=chance.randrange(0, 365 * 86_400))
        expected = max(number for number, begins in effective.items() if begins <= moment)
        found = await policy.get(
            UNDERWRITER, f"/v1/policies/{held['id']}/versions", params={"at": moment.isoformat()}
        )  # fmt: skip
        [only] = found.json()["items"]
        assert only["number"] == expected
        assert only["cover"]["aggregate_limit"] == f"{'4' if expected == 1 else expected}000000.00"
    early = await policy.get(
        UNDERWRITER, f"/v1/policies/{held['id']}/versions", params={"at": day(0).isoformat()}
    )  # fmt: skip
    assert early.status_code == 404


async def test_a_quote_binds_nobody_and_the_cancellation_pays_what_it_said(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, people=world.persons(1), **YEAR)
    named = f"{day(101):%Y-%m-%d}"
    asked = {"policy_id": held["id"], "effective_on": named}
    quote = await policy.call(UNDERWRITER, "POST", "/v1/refund-quotes", asked)
    assert quote.status_code == 200, quote.text
    assert (quote.json()["amount"], quote.json()["computation"]["rule"]) == ("19875.00", "accident_cash_value")
    assert len(await versions(policy, held)) == 1
    ended = await notice(policy, held, effective_on=named)
    out = ended.json()
    assert (ended.status_code, out["amount"], out["effective_at"]) == (201, "19875.00", day(101).isoformat())
    assert out["policy"]["status"] == "issued"
    [order] = await world.orders(policy, kind="refund")
    assert order["due_on"] == f"{process_now() + timedelta(days=30):%Y-%m-%d}"
    [event] = await told(policy, "policy.policy.cancelled.v1")
    assert (event["kind"], event["refund_amount"], event["effective_on"]) == ("cancel", "19875.00", named)
    await world.pay(policy, order["application_id"])
    [row] = await policy.rows(Base.metadata.tables["applications"], kind="cancellation")
    assert row["status"] == "refunded"


@pytest.mark.parametrize("paid", [True, False])
async def test_a_cancellation_before_inception_keeps_the_fee_and_settles_what_is_owed(
    policy: ServiceUnderTest, paid: bool
) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, LIABILITY, premium=Decimal("86000.00"), paid=paid, **YEAR)
    ended = await notice(policy, held)
    assert ended.status_code == 201, ended.text
    if paid:
        assert ended.json()["amount"] == "81700.00"
        assert ended.json()["application"]["status"] == "refund_pending"
    else:
        assert ended.json()["amount"] == "-4300.00"
        assert ended.json()["application"]["status"] == "closed"
        [owed] = await world.orders(policy, kind="additional_premium", status="created")
        assert owed["amount"] == "4300.00"
    open_premium = await world.orders(policy, kind="premium", status="created")
    assert open_premium == []
    read = (await policy.get(UNDERWRITER, f"/v1/policies/{held['id']}")).json()
    assert read["status"] == "cancelled"


async def test_an_open_claim_goes_on_and_holds_nothing(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, LIABILITY, **YEAR)
    async with policy.db.transaction(UNDERWRITER) as tx:
        await tx.execute(Base.metadata.tables["policies"].update().values(claims_open=2))
    ended = await notice(policy, held)
    assert (ended.status_code, ended.json()["claims_open"]) == (201, 2)


async def test_compulsory_cover_ends_only_with_proof_of_closure(policy: ServiceUnderTest) -> None:
    await world.own_products(policy, work_safety=True, compulsory=True)
    held = await world.issued(policy, LIABILITY, **YEAR)
    refused = await notice(policy, held)
    assert (refused.status_code, refused.json()["code"]) == (409, "compulsory_cover")
    assert len(await versions(policy, held)) == 1
    assert await world.orders(policy, kind="refund") == []
    proven = await notice(policy, held, proof="应急管理局关闭决定书 2026-17 号")
    assert proven.status_code == 201


async def test_an_ended_policy_is_not_ended_or_changed_again(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, LIABILITY, **YEAR)
    assert (await notice(policy, held, effective_on=f"{day(30):%Y-%m-%d}")).status_code == 201
    cover = {"cover": {**world.cover("liability"), "aggregate_limit": "8000000.00"}}
    ending = await change(policy, held, terms=cover)
    assert (ending.status_code, ending.json()["code"]) == (409, "end_agreed")
    other = await world.issued(policy, LIABILITY, **YEAR)
    assert (await notice(policy, other)).status_code == 201
    again = await notice(policy, other)
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    early = await notice(policy, held, effective_on=f"{day(-5):%Y-%m-%d}")
    assert (early.status_code, early.json()["code"]) == (422, "effective_in_past")


async def test_a_refund_never_goes_to_somebody_else(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, LIABILITY, **YEAR)
    refused = await notice(policy, held, {"payee": {"name": "某业务员", "account": "6222000000005"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "refund_payee_not_entitled")
    assert (await policy.get(CASHIER, "/v1/payment-orders?kind=refund")).json()["items"] == []


async def test_a_policy_of_the_core_is_neither_changed_nor_ended_here(policy: ServiceUnderTest) -> None:
    await world.own_products(policy)
    held = await world.issued(policy, LIABILITY, **YEAR)
    async with policy.db.transaction(UNDERWRITER) as tx:
        await tx.execute(Base.metadata.tables["policies"].update().values(made_here=False))
    cover = {"cover": {**world.cover("liability"), "aggregate_limit": "8000000.00"}}
    for answer in (await change(policy, held, terms=cover), await notice(policy, held)):
        assert (answer.status_code, answer.json()["code"]) == (409, "mastered_by_core")
