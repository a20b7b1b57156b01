"""Agreements, notices of the result, explanations: what the claimant is told, and when a claim is settled by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.claims.adjustment.handlers import record_prior_payment
from services.claims.adjustment.tables import LimitEntry
from services.claims.claim.tables import Claim
from shared.actor import machine
from shared.clock import legal_day, process_now, rfc3339
from shared.ids import uuid7
from shared.kernel import kernel
from tests.support.calculations import PUBLIC, one
from tests.support.claims_settled import NORTH, PROVINCE, SMALL_COVER, SMALL_FACTS, SettledWorld, cashier, now
from tests.support.claims_world import adjuster
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

LOSS = one({"kind": "medical", "amount": "800.00"}, name="司徒海")


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def refused_claim(world: SettledWorld) -> UUID:
    return await world.decided(PUBLIC, LOSS, line="liability", by=PROVINCE, outcome="refuse")


async def nothing_happened(world: SettledWorld, claim_id: UUID, before: Any, *, audited: int) -> None:
    events, entries, payments = await world.traces()
    assert (events, payments) == (before[0], before[2])
    assert entries == before[1] + audited


# ------------------------------------------------------------------------------------------ agreement


async def test_the_agreement_starts_the_ten_days_and_asks_for_the_payment(world: SettledWorld) -> None:
    claim_id = await world.decided()
    before = await world.traces()
    answer = await world.agree(claim_id)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    agreed_on = datetime.fromisoformat(told["agreed_at"]).date()
    assert told["due_on"] == (agreed_on + timedelta(days=10)).isoformat()
    assert (told["amount"], told["claim"]["status"], told["beneficiaries"]) == ("3268.00", "agreed", [])
    shown = (await world.service.get(adjuster(NORTH), f"/v1/claims/{claim_id}")).json()
    assert "DL-CL-3" in {one["id"] for one in shown["deadlines"]}
    (item,) = await world.items(claim_id, "order_payment")
    assert (item["position"], item["unit_code"], item["basis"]) == ("adjuster", "320205", "DL-CL-3")
    await nothing_happened(world, claim_id, before, audited=1)


async def test_nothing_is_agreed_on_before_the_decision_or_twice_or_on_a_refused_claim(world: SettledWorld) -> None:
    policy = await world.world.policy(SMALL_COVER, line="accident", unit_code="320205")
    waiting = await world.world.claim(policy, path=NORTH, line="accident")
    for claim_id, wanted in ((waiting, "state_conflict"), (await refused_claim(world), "nothing_to_agree")):
        before = await world.traces()
        assert code(await world.agree(claim_id)) == (409, wanted)
        await nothing_happened(world, claim_id, before, audited=1)
    agreed = await world.agreed()
    assert code(await world.agree(agreed)) == (409, "state_conflict")


async def test_an_agreement_lies_neither_before_the_decision_nor_in_the_future(world: SettledWorld) -> None:
    claim_id = await world.decided()
    before = await world.traces()
    early = rfc3339(process_now() - timedelta(hours=1))
    late = rfc3339(process_now() + timedelta(hours=1))
    assert code(await world.agree(claim_id, agreed_at=early)) == (422, "before_decision")
    assert code(await world.agree(claim_id, agreed_at=late)) == (422, "occurred_in_future")
    assert (await world.world.row(claim_id)).status == "decided"
    await nothing_happened(world, claim_id, before, audited=0)


async def test_beneficiaries_of_nobody_or_with_shares_beyond_the_whole_are_refused(world: SettledWorld) -> None:
    claim_id = await world.decided()
    heir = {"claimant_ref": "P-9", "name": "欧阳江", "relation": "spouse"}
    assert code(await world.agree(claim_id, beneficiaries=[heir])) == (422, "claimant_unknown")
    shares = [heir | {"claimant_ref": "P-1", "share": "0.60"}, heir | {"claimant_ref": "P-1", "share": "0.60"}]
    assert code(await world.agree(claim_id, beneficiaries=shares)) == (422, "beneficiary_shares_invalid")


async def test_with_everything_advanced_the_agreement_settles_the_claim(world: SettledWorld) -> None:
    policy = await world.world.policy(SMALL_COVER, line="accident", unit_code="320205")
    claim_id = await world.world.claim(policy, path=NORTH, line="accident")
    assert (await world.world.assess(claim_id, SMALL_FACTS, adjuster(NORTH))).is_success
    async with world.service.db.transaction(machine("claims")) as tx:
        claim = await tx.find(Claim, claim_id)
        record_prior_payment(tx, claim, "advance", Decimal("3268.00"), uuid7())
    assert (await world.world.calculate(claim_id, adjuster(NORTH))).json()["payable_amount"] == "0.00"
    await world.decide(claim_id, NORTH, NORTH)
    assert (await world.agree(claim_id)).json()["claim"]["status"] == "paid"
    (settled,) = await world.events("claims.claim.settled.v1")
    assert (settled["outcome"], settled["gross_amount"], settled["paid_amount"]) == ("partial", "3268.00", "3268.00")
    assert await world.items(claim_id, "close")
    assert not await world.items(claim_id, "order_payment")


# ------------------------------------------------------------------------------------------ notices


async def test_a_refusal_is_served_with_the_grounds_of_the_decision_and_settles_the_claim(world: SettledWorld) -> None:
    claim_id = await refused_claim(world)
    (item,) = await world.items(claim_id, "notice")
    decided_on = legal_day((await world.world.row(claim_id)).determined_at or process_now())
    assert (item["position"], item["basis"]) == ("adjuster", "DL-CL-2")
    assert legal_day(item["due_at"]) > decided_on + timedelta(days=3)
    answer = await world.serve(claim_id, "refuse")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["claim"]["status"], told["reason"], told["clause_ids"]) == (
        "refusal_served",
        "不属于保险责任",
        ["PL-02"],
    )
    (settled,) = await world.events("claims.claim.settled.v1")
    assert (settled["outcome"], settled["paid_amount"], settled["by_limit"]) == ("refused", "0.00", [])
    assert settled["settled_at"] == told["served_at"]
    assert [row["state"] for row in await world.service.rows(LimitEntry.__table__, claim_id=claim_id)] == []
    assert [(one["kind"], one["position"]) for one in await world.items(claim_id)] == [("close", "adjuster")]
    assert [one["state"] for one in await world.events("claims.notice.sent.v1")] == ["queued"]


async def test_a_refusal_without_reasons_or_with_clauses_of_its_own_is_not_served(world: SettledWorld) -> None:
    claim_id = await refused_claim(world)
    before = await world.traces()
    for missing, pointer in (
        ({"reason": " "}, "#/reason"),
        ({"clause_ids": []}, "#/clause_ids"),
        ({"clause_ids": ["PL-99"]}, "#/clause_ids"),
    ):
        answer = await world.serve(claim_id, "refuse", **missing)
        assert code(answer) == (422, "refusal_grounds_missing")
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert (await world.world.row(claim_id)).status == "decided"
    await nothing_happened(world, claim_id, before, audited=0)


async def test_a_notice_tells_the_result_that_was_decided_once_and_not_before_it(world: SettledWorld) -> None:
    claim_id = await world.decided()
    before = await world.traces()
    early = rfc3339(process_now() - timedelta(days=1))
    assert code(await world.serve(claim_id, "pay")) == (409, "notice_kind_differs")
    assert code(await world.serve(claim_id, "partial", served_at=early)) == (422, "before_decision")
    later = rfc3339(process_now() + timedelta(days=1))
    assert code(await world.serve(claim_id, "partial", served_at=later)) == (422, "occurred_in_future")
    await nothing_happened(world, claim_id, before, audited=1)
    assert (await world.serve(claim_id, "partial")).json()["claim"]["status"] == "decided"
    assert code(await world.serve(claim_id, "partial")) == (409, "notice_served_already")


async def test_a_result_of_zero_stands_once_it_is_served_and_its_deductible_stays_borne(world: SettledWorld) -> None:
    facts = one({"kind": "property", "amount": "1500.00"}, name="司徒海")
    claim_id = await world.decided(PUBLIC, facts, line="liability", path=NORTH)
    assert (await world.world.row(claim_id)).outcome == "zero"
    assert (await world.serve(claim_id, "zero")).json()["claim"]["status"] == "zero"
    (settled,) = await world.events("claims.claim.settled.v1")
    assert (settled["outcome"], settled["gross_amount"], settled["by_limit"]) == ("zero", "0.00", [])
    held = await world.service.rows(LimitEntry.__table__, claim_id=claim_id)
    # the loss itself is entered too: the rate of the deductible is of the property loss of the whole accident
    assert sorted((row["limit_name"], f"{row['amount']:.2f}", row["state"]) for row in held) == [
        ("property_deductible", "1500.00", "settled"), ("property_loss", "1500.00", "settled"),
    ]  # fmt: skip


async def test_only_who_tells_customers_serves_notices_and_only_of_what_is_in_scope(world: SettledWorld) -> None:
    claim_id = await world.decided()
    before = await world.traces()
    body = {"kind": "partial", "served_at": now(), "method": "letter"}
    assert code(await world.step(cashier(), claim_id, "notices", body)) == (403, "action_not_permitted")
    sibling = actor("service_agent", "00.32.3201.320102")
    assert code(await world.step(sibling, claim_id, "notices", body)) == (404, "not_found")
    await nothing_happened(world, claim_id, before, audited=2)


# ------------------------------------------------------------------------------------------ explanations


async def test_an_explanation_keeps_who_when_and_the_customers_reply(world: SettledWorld) -> None:
    claim_id = await world.decided()
    answer = await world.explain(claim_id)
    told = answer.json()
    assert answer.status_code == 201, answer.text
    assert (told["explained_by"]["person_id"], told["reply"]) == (str(adjuster(NORTH).person_id), "已了解")
    entries = (await world.service.get(adjuster(NORTH), f"/v1/claims/{claim_id}/timeline")).json()["items"]
    assert "explained" in {one["kind"] for one in entries}
    assert "已了解" not in str(await world.service.rows(kernel.tables["history"]))


async def test_a_result_is_explained_neither_before_its_decision_nor_on_a_closed_claim(world: SettledWorld) -> None:
    policy = await world.world.policy(SMALL_COVER, line="accident", unit_code="320205")
    waiting = await world.world.claim(policy, path=NORTH, line="accident")
    assert code(await world.explain(waiting)) == (409, "state_conflict")
    assert code(await world.explain(await world.closed())) == (409, "state_conflict")


async def test_what_may_be_done_next_is_shown_as_it_is_judged(world: SettledWorld) -> None:
    claim_id = await world.decided()
    shown = (await world.service.get(adjuster(NORTH), f"/v1/claims/{claim_id}")).json()["available_actions"]
    allowed = {one["action"] for one in shown if one["allowed"]}
    reasons = {one["action"]: one["reason"] and one["reason"]["code"] for one in shown}
    assert {"agree", "serve_notice", "explain"} <= allowed
    assert (reasons["order_payment"], reasons["close"], reasons["bind_file"]) == (
        "state_conflict",
        "state_conflict",
        "action_not_permitted",
    )
