"""Recoveries and their waiver; lawsuits, their days, and what their result fixes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import legal_day, process_now, rfc3339
from tests.support.calculations import PUBLIC
from tests.support.claims_settled import NORTH, TWO_VICTIMS, VICTIM
from tests.support.claims_world import adjuster, approver
from tests.support.services import ServiceUnderTest
from tests.support.side_world import SideWorld

RECOVERY = {
    "against": {"kind": "organisation", "name": "石桥运输"}, "basis": "保险法第60条", "amount": "5000.00",
    "reason": "第三者全责",
}  # fmt: skip
TODAY = legal_day(process_now())
SUIT = {
    "kind": "court", "court": "岚州市人民法院", "case_no": "(2026)岚民初1号", "filed_on": TODAY.isoformat(),
    "hearing_on": (TODAY + timedelta(days=20)).isoformat(), "claimed_amount": "9000.00", "claimant_ref": "A",
    "reason": "受害人起诉",
}  # fmt: skip
JUDGED = {"result": "judgment", "decided_on": TODAY.isoformat(), "amount": "200.00"}


@pytest.fixture
def world(claims: ServiceUnderTest) -> SideWorld:
    return SideWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def agreed(world: SideWorld) -> Any:
    return await world.agreed(PUBLIC, TWO_VICTIMS, line="liability", path=NORTH)


async def test_a_recovery_is_done_with_the_last_that_comes_in(world: SideWorld) -> None:
    claim_id = await agreed(world)
    told = (await world.ask(claim_id, "recoveries", RECOVERY)).json()
    assert (told["status"], told["facts"]["against_name"], told["masked"]) == ("open", "石**输", ["facts.against_name"])
    receipt = {"amount": "3000.00", "received_at": rfc3339(process_now()), "reference": "B-9"}
    below = f"recoveries/{told['id']}/receipts"
    assert (await world.ask(claim_id, below, receipt)).json()["status"] == "open"
    before = await world.traces()
    await world.refused(await world.ask(claim_id, below, receipt), "recovery_exceeded", before, 422)
    assert (await world.ask(claim_id, below, receipt | {"amount": "2000.00"})).json()["status"] == "recovered"
    assert code(await world.ask(claim_id, below, receipt)) == (409, "state_conflict")
    assert await world.items(claim_id, "recover") == []


async def test_there_is_no_recovery_for_the_death_or_disability_of_an_insured_person(world: SideWorld) -> None:
    medical = await world.decided()
    assert (await world.ask(medical, "recoveries", RECOVERY)).status_code == 201
    facts = {
        "claimants": [
            {"ref": "P-1", "kind": "insured_person", "name": "欧阳岚", "losses": [{"kind": "death"}]},
        ]
    }  # fmt: skip
    policy = await world.world.policy({"sum_insured": "1000.00"}, line="accident", unit_code="320205")
    dead = await world.world.claim(policy, path=NORTH, line="accident", status="registered", death_count=1)
    before = await world.traces()
    await world.refused(await world.ask(dead, "recoveries", RECOVERY), "recovery_forbidden", before)
    assert (await world.world.assess(dead, facts, adjuster(NORTH))).is_success
    assert code(await world.ask(dead, "recoveries", RECOVERY)) == (409, "recovery_forbidden")


async def test_a_waiver_needs_the_branch_and_a_refused_one_leaves_the_recovery_open(world: SideWorld) -> None:
    claim_id = await agreed(world)
    recovery = await world.asked(claim_id, "recoveries", RECOVERY)
    waive = {"recovery_id": recovery, "waive": True, "reason": "对方破产"}
    assert (await world.ask(claim_id, "recoveries", waive)).json()["status"] == "requested"
    assert code(await world.ask(claim_id, "recoveries", waive)) == (409, "side_decision_open")
    assert (await world.granted(claim_id, "recoveries", recovery, "refuse"))["side"]["status"] == "open"
    assert (await world.ask(claim_id, "recoveries", waive)).json()["status"] == "requested"
    assert (await world.granted(claim_id, "recoveries", recovery))["side"]["status"] == "approved"
    assert code(await world.ask(claim_id, "recoveries", waive)) == (409, "state_conflict")


async def test_a_waiver_above_the_branch_limit_goes_to_head_office(world: SideWorld) -> None:
    claim_id = await agreed(world)
    side_id = await world.asked(claim_id, "recoveries", RECOVERY | {"amount": "50000.01", "waive": True})
    chain = (await world.service.get(approver(NORTH), f"/v1/claims/{claim_id}/recoveries/{side_id}/approval")).json()
    assert (chain["required_level"], chain["reasons"]) == ("head_office", ["recovery_waiver"])


async def test_nothing_is_paid_to_whoever_sues_until_the_liability_is_fixed(world: SideWorld) -> None:
    claim_id = await agreed(world)
    suit = await world.asked(claim_id, "litigation", SUIT)
    assert [one["kind"] for one in await world.items(claim_id, "hearing")] == ["hearing"]
    before = await world.traces()
    refused = await world.order(claim_id, "100.00", VICTIM, relation="victim")
    await world.refused(refused, "liability_not_fixed", before)
    lawyer = {"kind": "expense_creditor", "name": "律师事务所", "account": "6222111122223333"}
    assert (await world.order(claim_id, "200.00", lawyer, relation="lawyer")).status_code == 201
    told = (await world.ask(claim_id, f"litigation/{suit}/results", JUDGED)).json()
    until = (TODAY + timedelta(days=15)).isoformat()
    assert (told["status"], told["facts"]["appeal_until"]) == ("judged", until)
    (item,) = await world.items(claim_id, "appeal")
    assert legal_day(item["due_at"]) == TODAY + timedelta(days=16)
    assert code(await world.order(claim_id, "100.00", VICTIM, relation="victim")) == (409, "liability_not_fixed")
    told = (await world.ask(claim_id, f"litigation/{suit}/results", JUDGED | {"final": True})).json()
    assert told["status"] == "final"
    assert (await world.world.row(claim_id)).liability_fixed_on == TODAY
    assert await world.items(claim_id, "appeal") == []
    too_much = await world.order(claim_id, "200.01", VICTIM, relation="victim")
    assert code(too_much) == (422, "payable_exceeded")
    assert (await world.order(claim_id, "200.00", VICTIM, relation="victim")).status_code == 201


async def test_a_settlement_is_consented_to_by_the_branch_before_it_fixes_anything(world: SideWorld) -> None:
    claim_id = await agreed(world)
    suit = await world.asked(claim_id, "litigation", SUIT)
    settled = {"result": "settlement", "decided_on": TODAY.isoformat(), "amount": "300.00", "reason": "调解"}
    told = (await world.ask(claim_id, f"litigation/{suit}/results", settled)).json()
    assert told["status"] == "requested"
    assert (await world.world.row(claim_id)).liability_fixed_on is None
    told = await world.granted(claim_id, "litigation", suit)
    assert told["side"]["status"] == "final"
    assert (await world.world.row(claim_id)).liability_fixed_on == TODAY


async def test_a_result_has_its_day_and_its_amount_and_a_suit_that_is_over_has_no_other(world: SideWorld) -> None:
    claim_id = await agreed(world)
    future = (TODAY + timedelta(days=1)).isoformat()
    assert code(await world.ask(claim_id, "litigation", SUIT | {"filed_on": future})) == (422, "validation_failed")
    suit = await world.asked(claim_id, "litigation", SUIT)
    below = f"litigation/{suit}/results"
    assert code(await world.ask(claim_id, below, JUDGED | {"decided_on": future})) == (422, "validation_failed")
    assert code(await world.ask(claim_id, below, {k: v for k, v in JUDGED.items() if k != "amount"})) == (
        422, "validation_failed",
    )  # fmt: skip
    withdrawn = {"result": "withdrawn", "decided_on": TODAY.isoformat()}
    assert (await world.ask(claim_id, below, withdrawn)).json()["status"] == "withdrawn"
    assert code(await world.ask(claim_id, below, JUDGED)) == (409, "state_conflict")


async def test_a_claim_does_not_close_while_a_suit_runs_or_a_request_is_open(world: SideWorld) -> None:
    claim_id = await world.paid()
    for answer in (await world.serve(claim_id, "partial"), await world.explain(claim_id)):
        assert answer.status_code == 201, answer.text
    suit = await world.asked(claim_id, "litigation", {k: v for k, v in SUIT.items() if k != "claimant_ref"})
    goodwill = await world.asked(claim_id, "ex-gratia", {"amount": "100.00", "reason": "特殊情况"})
    told = (await world.close(claim_id)).json()
    assert told["code"] == "closing_refused"
    assert {f"litigation:{suit}", f"approval:ex_gratia:{goodwill}"} <= set(told["open"])
