"""Reopening: with consent, counted, and without paying or counting anything twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.claims.adjustment.tables import LimitEntry, PriorPayment
from services.claims.side.tables import SideDecision
from tests.support.claims_settled import MIDDLE, NORTH, PROVINCE, SMALL_FACTS
from tests.support.claims_world import adjuster, approver
from tests.support.services import ServiceUnderTest
from tests.support.side_world import SideWorld

REOPEN = {"reason_code": "new_facts", "reason": "补充了新的医疗票据"}
MORE = {
    "claimants": [
        {**SMALL_FACTS["claimants"][0], "losses": [{"kind": "medical", "amount": "5285.00"}]},
    ]
}  # fmt: skip


@pytest.fixture
def world(claims: ServiceUnderTest) -> SideWorld:
    return SideWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def reopened(world: SideWorld, claim_id: Any) -> dict[str, Any]:
    await world.sql("update claims set documents_complete_at = reported_at where id = :id", claim_id)
    side_id = await world.asked(claim_id, "reopenings", REOPEN)
    return await world.granted(claim_id, "reopenings", side_id)


async def test_a_closed_claim_is_open_again_and_pays_only_the_difference(world: SideWorld) -> None:
    claim_id = await world.closed()
    told = await reopened(world, claim_id)
    assert (told["claim"]["status"], told["side"]["status"]) == ("reopened", "approved")
    row = await world.world.row(claim_id)
    assert (row.reopened_count, row.outcome, row.settled_at, row.closed_at, row.agreed_at) == (
        1,
        None,
        None,
        None,
        None,
    )
    (event,) = await world.events("claims.claim.reopened.v1")
    assert event == {"claim_id": str(claim_id), "reason_code": "new_facts"}
    assert [one["kind"] for one in await world.items(claim_id)] == ["assess"]
    limits = await world.service.rows(LimitEntry.__table__, claim_id=claim_id)
    assert {row["state"] for row in limits} == {"reserved"}
    for answer in (
        await world.world.assess(claim_id, MORE, adjuster(NORTH)),
        await world.world.calculate(claim_id, adjuster(NORTH)),
    ):
        assert answer.is_success, answer.text
    assert answer.json()["payable_amount"] == "800.00"
    await world.decide(claim_id, NORTH, PROVINCE)
    assert (await world.agree(claim_id)).status_code == 201
    assert code(await world.order(claim_id, "3268.00")) == (422, "payable_exceeded")
    payment = await world.order(claim_id, "800.00")
    assert payment.status_code == 201, payment.text
    assert (await world.confirm(payment.json()["id"])).status_code == 201
    first, second = await world.events("claims.claim.settled.v1")
    assert (first["paid_amount"], second["paid_amount"]) == ("3268.00", "4068.00")
    assert len(await world.service.rows(PriorPayment.__table__, claim_id=claim_id)) == 2
    live = [row for row in await world.service.rows(LimitEntry.__table__, claim_id=claim_id)]
    held = [row for row in live if row["state"] == "settled" and "deductible" not in row["limit_name"]]
    assert len({row["limit_name"] for row in held}) == len(held)


async def test_a_lower_result_after_a_reopening_records_what_was_overpaid(world: SideWorld) -> None:
    claim_id = await world.closed()
    await reopened(world, claim_id)
    less = {"claimants": [{**SMALL_FACTS["claimants"][0], "losses": [{"kind": "medical", "amount": "1200.00"}]}]}
    for answer in (
        await world.world.assess(claim_id, less, adjuster(NORTH)),
        await world.world.calculate(claim_id, adjuster(NORTH)),
    ):
        assert answer.is_success, answer.text
    await world.decide(claim_id, NORTH, PROVINCE)
    answer = await world.agree(claim_id)
    assert answer.json().get("claim", {}).get("status") == "paid", answer.text
    rows = await world.service.rows(SideDecision.__table__, claim_id=claim_id, kind="overpayment")
    assert [(row["status"], f"{row['amount']:.2f}") for row in rows] == [("recorded", "2468.00")]
    assert len(await world.payments(claim_id)) == 1


async def test_a_claim_is_reopened_only_so_often_and_only_when_it_is_closed(world: SideWorld) -> None:
    open_one = await world.agreed()
    before = await world.traces()
    await world.refused(await world.ask(open_one, "reopenings", REOPEN), "state_conflict", before)
    claim_id = await world.closed()
    await world.sql("update claims set reopened_count = 2 where id = :id", claim_id)
    assert code(await world.ask(claim_id, "reopenings", REOPEN)) == (409, "reopenings_exhausted")
    await world.sql("update claims set reopened_count = 0 where id = :id", claim_id)
    assert code(await world.ask(claim_id, "reopenings", REOPEN | {"reason": ""})) == (422, "reason_required")


async def test_only_the_branch_consents_and_a_refusal_leaves_the_claim_closed(world: SideWorld) -> None:
    claim_id = await world.closed()
    side_id = await world.asked(claim_id, "reopenings", REOPEN)
    low = await world.act_on(approver(NORTH), claim_id, "reopenings", side_id, "decision")
    assert code(low) == (403, "below_required_level")
    told = await world.granted(claim_id, "reopenings", side_id, "refuse")
    assert (told["claim"]["status"], told["side"]["status"]) == ("closed", "refused")
    assert await world.events("claims.claim.reopened.v1") == []


async def test_a_part_paid_claim_is_reopened_only_where_its_basis_changed_and_nothing_is_under_way(
    world: SideWorld,
) -> None:
    claim_id = await world.agreed()
    payment = (await world.order(claim_id, "1000.00")).json()
    assert code(await world.ask(claim_id, "reopenings", REOPEN)) == (409, "basis_unchanged")
    row = await world.world.row(claim_id)
    await world.world.policy({}, line="accident", unit_code="320205", number=2, policy_id=row.policy_id)
    assert code(await world.order(claim_id, "100.00")) == (409, "approved_basis_changed")
    assert code(await world.ask(claim_id, "reopenings", REOPEN)) == (409, "payment_under_way")
    assert (await world.confirm(payment["id"])).status_code == 201
    told = await reopened(world, claim_id)
    assert told["claim"]["status"] == "reopened"
    assert (await world.world.row(claim_id)).reopened_count == 0


async def test_a_reopened_claim_has_nothing_sent_again_and_nothing_ordered(world: SideWorld) -> None:
    claim_id, payment = await world.ordered()
    row = await world.world.row(claim_id)
    failed = {"kind": "failed", "reason_code": "account_closed", "at": payment["sent_at"]}
    assert (await world.act(payment["id"], "failures", failed)).status_code == 201
    await world.world.policy({}, line="accident", unit_code="320205", number=2, policy_id=row.policy_id)
    assert code(await world.act(payment["id"], "resubmissions", {})) == (409, "approved_basis_changed")
    await reopened(world, claim_id)
    assert code(await world.act(payment["id"], "resubmissions", {})) == (409, "payment_before_approval")
    assert code(await world.order(claim_id, "100.00")) == (409, "payment_before_approval")


async def test_of_a_reopening_and_a_confirmation_at_once_the_claim_opens_only_over_paid_money(world: SideWorld) -> None:
    for _ in range(6):
        claim_id = await world.agreed()
        payment = (await world.order(claim_id, "1000.00")).json()
        row = await world.world.row(claim_id)
        side_id = await _consented_below(world, claim_id, row.policy_id, payment)
        second = (await world.payments(claim_id))[-1]
        decided, confirmed = await asyncio.gather(
            world.act_on(approver(PROVINCE), claim_id, "reopenings", side_id, "decision"), world.confirm(second.id)
        )
        state, sent = (await world.world.row(claim_id)).status, (await world.payment(second.id)).status
        assert confirmed.status_code == 201, confirmed.text
        assert (state, sent) in (("reopened", "paid"), ("paying", "paid")), decided.text
        assert decided.status_code == 201 if state == "reopened" else decided.json()["code"] == "payment_under_way"
        counted = sum(one["amount"] for one in await world.service.rows(PriorPayment.__table__, claim_id=claim_id))
        assert counted == 2000


async def _consented_below(world: SideWorld, claim_id: Any, policy_id: Any, payment: dict[str, Any]) -> str:
    """A part paid claim with another payment on its way, whose reopening waits for the branch alone."""
    assert (await world.confirm(payment["id"])).status_code == 201
    await world.world.policy({}, line="accident", unit_code="320205", number=2, policy_id=policy_id)
    side_id = await world.asked(claim_id, "reopenings", REOPEN)
    for path in (NORTH, MIDDLE):
        assert (await world.act_on(approver(path), claim_id, "reopenings", side_id, "opinion")).status_code == 201
    await world.sql(
        "insert into payments (id, version, org_path, created_at, updated_at, claim_id, claim_no, unit_code,"
        " payable_no, sheet_version, approved_digest, amount, payee_kind, payee_name, payee_account, payee_digest,"
        " relation, status, due_on, ordered_by, sending_id, sent_at) "
        "select gen_random_uuid(), 1, org_path, created_at, updated_at,"
        " claim_id, claim_no, unit_code, 2, sheet_version, approved_digest, amount, payee_kind, payee_name,"
        " payee_account, payee_digest, relation, 'ordered', due_on, ordered_by, gen_random_uuid(), sent_at"
        " from payments where id = :id",
        payment["id"],
    )
    return side_id
