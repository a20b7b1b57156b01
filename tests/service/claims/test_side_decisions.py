"""Advances and ex gratia payments: asked for, decided up their own ladder, paid under the rules of any payment."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from services.claims.adjustment.tables import PriorPayment
from tests.support.claims_settled import (
    MIDDLE,
    NORTH,
    PERSON,
    PROVINCE,
    VICTIM,
    at_once,
    cashier,
)
from tests.support.claims_world import adjuster, approver
from tests.support.services import ServiceUnderTest
from tests.support.side_world import SideWorld

ADVANCE = {"amount": "20000.00", "reason": "抢救费用已可确定"}
GOODWILL = {"amount": "1000.00", "reason": "老客户，情况特殊"}


@pytest.fixture
def world(claims: ServiceUnderTest) -> SideWorld:
    return SideWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_an_advance_goes_up_to_the_branch_and_is_deducted_from_the_sheet(world: SideWorld) -> None:
    claim_id = await world.before_decision()
    side_id = await world.asked(claim_id, "advances", ADVANCE)
    (item,) = await world.items(claim_id, "approve_advance")
    assert (item["unit_code"], item["position"]) == (NORTH.split(".")[-1], "claims_approver")
    told = await world.granted(claim_id, "advances", side_id)
    assert told["side"]["status"] == "approved"
    assert [one["kind"] for one in await world.items(claim_id)] == ["order_advance"]
    answer = await world.order(claim_id, "20000.00", VICTIM, relation="victim", side_id=side_id)
    assert answer.status_code == 201, answer.text
    assert answer.json()["claim"]["status"] == "documents_complete"
    assert await world.items(claim_id, "order_advance") == []
    assert (await world.confirm(answer.json()["id"])).status_code == 201
    (paid,) = await world.service.rows(PriorPayment.__table__, claim_id=claim_id)
    assert (paid["kind"], f"{paid['amount']:.2f}") == ("advance", "20000.00")
    assert (await world.world.row(claim_id)).advance_paid_at is not None


async def test_the_whole_exposure_decides_how_high_an_advance_goes(world: SideWorld) -> None:
    claim_id = await world.before_decision(reserve="1500000.00")
    side_id = await world.asked(claim_id, "advances", ADVANCE)
    chain = (await world.service.get(approver(NORTH), f"/v1/claims/{claim_id}/advances/{side_id}/approval")).json()
    assert (chain["required_level"], chain["total_amount"], chain["amount"]) == (
        "head_office", "1500000.00", "20000.00",
    )  # fmt: skip
    for path, kind in ((NORTH, "opinion"), (MIDDLE, "opinion")):
        assert (await world.act_on(approver(path), claim_id, "advances", side_id, kind)).status_code == 201
    answer = await world.act_on(approver(PROVINCE), claim_id, "advances", side_id, "decision")
    assert code(answer) == (403, "authority_exceeded")


async def test_a_step_is_not_skipped_and_nobody_decides_alone(world: SideWorld) -> None:
    claim_id = await world.before_decision()
    side_id = await world.asked(claim_id, "advances", ADVANCE)
    before = await world.traces()
    skipped = await world.act_on(approver(MIDDLE), claim_id, "advances", side_id, "opinion")
    await world.refused(skipped, "wrong_step", before)
    assert code(await world.act_on(approver(NORTH), claim_id, "advances", side_id, "decision")) == (
        403, "authority_exceeded",
    )  # fmt: skip
    twice = approver(NORTH, name="one person")
    assert (await world.act_on(twice, claim_id, "advances", side_id, "opinion")).status_code == 201
    again = approver(MIDDLE, name="one person")
    assert code(await world.act_on(again, claim_id, "advances", side_id, "opinion")) == (403, "separation_of_duties")


async def test_whoever_asked_does_not_decide(world: SideWorld) -> None:
    claim_id = await world.before_decision()
    side_id = await world.asked(claim_id, "advances", ADVANCE, adjuster(NORTH, name="both"))
    answer = await world.act_on(approver(NORTH, name="both"), claim_id, "advances", side_id, "opinion")
    assert code(answer) == (403, "separation_of_duties")


async def test_what_is_asked_for_an_advance_is_bounded(world: SideWorld) -> None:
    claim_id = await world.before_decision()
    before = await world.traces()
    too_much = await world.ask(claim_id, "advances", ADVANCE | {"amount": "50000.01"})
    await world.refused(too_much, "advance_above_reserve", before, 422)
    nothing = await world.ask(claim_id, "advances", ADVANCE | {"amount": "0.00"})
    await world.refused(nothing, "validation_failed", before, 422)
    await world.refused(
        await world.ask(claim_id, "advances", ADVANCE | {"reason": " "}), "reason_required", before, 422
    )
    await world.asked(claim_id, "advances", ADVANCE)
    assert code(await world.ask(claim_id, "advances", ADVANCE)) == (409, "side_decision_open")
    early = await world.before_decision(status="reported")
    assert code(await world.ask(early, "advances", ADVANCE)) == (409, "state_conflict")
    unmatched = await world.before_decision(line=None, status="registered")
    assert code(await world.ask(unmatched, "advances", ADVANCE)) == (409, "policy_not_matched")
    surveyor = adjuster(NORTH, name="surveyor")
    assert code(await world.ask(await world.before_decision(), "advances", ADVANCE, surveyor)) == (
        403, "separation_of_duties",
    )  # fmt: skip


async def test_nothing_is_paid_that_was_not_granted_and_never_twice(world: SideWorld) -> None:
    claim_id = await world.before_decision()
    side_id = await world.asked(claim_id, "advances", ADVANCE)
    early = await world.order(claim_id, "20000.00", VICTIM, relation="victim", side_id=side_id)
    assert code(early) == (409, "payment_before_approval")
    await world.granted(claim_id, "advances", side_id)
    insured = {"kind": "insured", "name": "岚海商贸", "account": "6222000011112222"}
    answer = await world.order(claim_id, "100.00", insured, relation="insured", side_id=side_id)
    assert code(answer) == (409, "third_party_not_paid")
    answer = await world.order(claim_id, "100.00", PERSON, side_id=side_id)
    assert code(answer) == (409, "payee_not_entitled")
    answer = await world.order(claim_id, "20000.01", VICTIM, relation="victim", side_id=side_id)
    assert code(answer) == (422, "payable_exceeded")
    other = await world.before_decision()
    answer = await world.order(other, "100.00", VICTIM, relation="victim", side_id=side_id)
    assert code(answer) == (422, "reference_not_found")

    async def once() -> str:
        for _ in range(60):
            told = await world.order(claim_id, "20000.00", VICTIM, relation="victim", side_id=side_id)
            if told.status_code != 412:
                return "201" if told.status_code == 201 else told.json()["code"]
        raise AssertionError("never got through")

    assert sorted(await at_once([once] * 10)) == ["201", *["already_paid"] * 9]
    assert len(await world.payments(claim_id)) == 1


async def test_the_database_pays_no_grant_that_nobody_approved(world: SideWorld) -> None:
    claim_id, told = await world.ordered()
    side_id = await world.asked(claim_id, "recoveries", RECOVERY)
    with pytest.raises(IntegrityError, match="granted"):
        await world.sql(
            f"insert into payments select gen_random_uuid(), version, org_path, created_at, updated_at, claim_id,"
            f" claim_no, unit_code, 99, null, approved_digest, claimant_ref, amount, payee_kind, payee_name,"
            f" payee_account, payee_digest, relation, proof, status, due_on, ordered_by, sending_id, sent_at,"
            f" accepted_at, paid_at, reference, failed_at, failure_code, '{side_id}' from payments where id = :id",
            told["id"],
        )


RECOVERY = {
    "against": {"kind": "organisation", "name": "石桥运输"}, "basis": "保险法第60条", "amount": "5000.00",
    "reason": "第三者全责",
}  # fmt: skip


async def test_a_failed_advance_is_sent_again_and_a_returned_one_no_longer_counts(world: SideWorld) -> None:
    claim_id = await world.before_decision()
    side_id = await world.asked(claim_id, "advances", ADVANCE)
    await world.granted(claim_id, "advances", side_id)
    told = (await world.order(claim_id, "20000.00", VICTIM, relation="victim", side_id=side_id)).json()
    failed = {"kind": "failed", "reason_code": "account_closed", "at": told["sent_at"]}
    assert (await world.act(told["id"], "failures", failed)).status_code == 201
    assert "payment_failed" in (await world.world.row(claim_id)).flags
    assert (await world.act(told["id"], "resubmissions", {})).status_code == 201
    assert (await world.confirm(told["id"])).status_code == 201
    assert "payment_failed" not in (await world.world.row(claim_id)).flags
    returned = {"kind": "returned", "reason_code": "account_closed", "at": told["sent_at"]}
    answer = await world.act(told["id"], "failures", returned, who=cashier())
    assert answer.status_code in (201, 422), answer.text
    counted = sum(row["amount"] for row in await world.service.rows(PriorPayment.__table__, claim_id=claim_id))
    assert counted == (0 if answer.status_code == 201 else 20000)


async def test_an_ex_gratia_payment_is_half_of_its_item_at_most_and_is_not_deducted(world: SideWorld) -> None:
    claim_id = await world.decided()
    before = await world.traces()
    too_much = await world.ask(claim_id, "ex-gratia", GOODWILL | {"amount": "1634.01"})
    await world.refused(too_much, "ex_gratia_over_share", before, 422)
    unknown = await world.ask(claim_id, "ex-gratia", GOODWILL | {"item": {"claimant_ref": "X"}})
    await world.refused(unknown, "item_unknown", before, 422)
    side_id = await world.asked(claim_id, "ex-gratia", GOODWILL | {"amount": "1634.00"})
    await world.granted(claim_id, "ex-gratia", side_id)
    more = await world.ask(claim_id, "ex-gratia", GOODWILL | {"amount": "0.01"})
    assert code(more) == (422, "ex_gratia_over_share")
    told = await world.order(claim_id, "1634.00", side_id=side_id)
    assert told.status_code == 201, told.text
    assert (await world.confirm(told.json()["id"])).status_code == 201
    assert await world.service.rows(PriorPayment.__table__, claim_id=claim_id) == []
    assert (await world.world.row(claim_id)).status == "decided"


async def test_nothing_is_paid_ex_gratia_before_the_result_or_for_fraud(world: SideWorld) -> None:
    early = await world.before_decision()
    assert code(await world.ask(early, "ex-gratia", GOODWILL)) == (409, "state_conflict")
    claim_id = await world.decided()
    await world.sql("""update claims set flags = '["suspected_fraud"]' where id = :id""", claim_id)
    assert code(await world.ask(claim_id, "ex-gratia", GOODWILL)) == (409, "ex_gratia_for_fraud")


async def test_a_returned_first_step_ends_the_request_and_a_new_one_is_free(world: SideWorld) -> None:
    claim_id = await world.before_decision()
    side_id = await world.asked(claim_id, "advances", ADVANCE)
    answer = await world.act_on(approver(NORTH), claim_id, "advances", side_id, "opinion", "return")
    assert answer.json()["side"]["status"] == "returned"
    assert code(await world.act_on(approver(NORTH), claim_id, "advances", side_id, "opinion")) == (
        409, "state_conflict",
    )  # fmt: skip
    again = await world.asked(claim_id, "advances", ADVANCE)
    told = await world.granted(claim_id, "advances", again, "refuse")
    assert told["side"]["status"] == "refused"


async def test_another_unit_sees_none_of_it_and_the_action_says_what_the_request_would(world: SideWorld) -> None:
    claim_id = await world.before_decision()
    side_id = await world.asked(claim_id, "advances", ADVANCE)
    far = approver("00.32.3201")
    assert (await world.service.get(far, f"/v1/claims/{claim_id}/advances/{side_id}")).status_code == 404
    read = (await world.service.get(approver(MIDDLE), f"/v1/claims/{claim_id}/advances/{side_id}")).json()
    (action,) = read["available_actions"]
    assert (action["allowed"], action["reason"]["code"]) == (False, "wrong_step")
    mine = (await world.service.get(approver(NORTH), f"/v1/claims/{claim_id}/advances/{side_id}")).json()
    assert mine["available_actions"][0]["allowed"] is True
    claim = (await world.service.get(adjuster(NORTH), f"/v1/claims/{claim_id}")).json()
    asked = next(one for one in claim["available_actions"] if one["action"] == "request_advance")
    assert (asked["allowed"], asked["reason"]["code"]) == (False, "side_decision_open")
