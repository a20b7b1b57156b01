"""What a claim owes by when, through HTTP with a clock that moves; and what happens when the time is over."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from services.claims.claim.tables import Claim
from services.claims.deadlines.handlers import mark_complex
from shared.actor import machine
from shared.clock import process_now
from shared.kernel import kernel
from tests.support.claim_life import ADJUSTER, AGENT, ClaimLife, MovedClock

OUTBOX = kernel.tables["outbox"]
PAPERS = ("claim_request", "claimant_identity", "payee_account", "accident_proof")
MEDICAL = ("medical_record", "medical_invoices")


async def with_papers(life: ClaimLife, clock: MovedClock, *codes: str, at: str = "2026-06-05T10:00") -> str:
    """A group accident claim registered and with its first papers at that moment."""
    clock.set(at)
    claim_id = await life.registered()
    await life.collect(claim_id, *(codes or PAPERS))
    return claim_id


def days(deadline: Any) -> tuple[str, str]:
    return deadline["due_on"], deadline["due_legal_on"]


async def put(claim_id: str, life: ClaimLife, **columns: Any) -> None:
    """What a later room writes on the claim."""
    async with life.service.db.transaction(machine("claims")) as tx:
        sets = ", ".join(f"{name} = :{name}" for name in columns)
        statement = text(f"update claims set {sets}, updated_at = :now where id = cast(:claim as uuid)")
        await tx.execute(statement, {**columns, "now": tx.now, "claim": claim_id})


async def test_a_night_report_gets_its_guide_and_owes_nothing_before_papers(life: ClaimLife, clock: MovedClock) -> None:
    clock.set("2026-04-18T02:40")
    await life.policy()
    body = await life.reported(loss_at="2026-04-18T01:30:00+08:00")
    clock.set("2026-04-18T02:45")
    shown = await life.read(body)
    assert (shown["status"], shown["policy_match"]) == ("reported", "matched")
    assert [one["id"] for one in shown["deadlines"]] == ["DL-CL-5"]  # limitation: shown, never a bar
    assert shown["deadlines"][0]["due_on"] == "2028-04-18"


async def test_the_small_accident_claim_of_a_night_comes_to_complete_papers(life: ClaimLife, clock: MovedClock) -> None:
    clock.set("2026-04-18T02:40")
    await life.policy()
    claim_id = await life.reported(loss_at="2026-04-18T01:30:00+08:00")
    clock.set("2026-04-18T09:10")
    duplicate = await life.reported(loss_at="2026-04-18T01:30:00+08:00")
    linked = await life.done(AGENT, duplicate, "links", {"duplicate_of": claim_id})
    assert (linked["claim"]["status"], linked["duplicate_of"]) == ("cancelled", claim_id)
    clock.set("2026-04-20T10:00")
    body = {"reserve_amount": "3500.00", "reason": "invoice of 4,285", "no_survey_reason": "small sum, clear facts"}
    await life.done(ADJUSTER, claim_id, "registrations", body)
    clock.set("2026-04-21T15:00")
    told = await life.collect(claim_id, *PAPERS, *MEDICAL)
    assert told["claim"]["status"] == "documents_complete"
    assert days((await life.deadlines(claim_id))["DL-CL-1"]) == ("2026-05-21", "2026-05-21")


async def test_the_wait_for_supplements_is_deducted_from_30_days_and_not_from_60(
    life: ClaimLife, clock: MovedClock
) -> None:
    clock.set("2026-06-04T10:00")
    await life.policy()
    claim_id = await with_papers(life, clock)
    assert days((await life.deadlines(claim_id))["DL-CL-1"]) == ("2026-07-05", "2026-07-06")
    clock.set("2026-06-11T16:00")
    await life.done(ADJUSTER, claim_id, "supplement-notices", {"items": list(MEDICAL)})
    clock.set("2026-06-20T16:00")
    waiting = (await life.deadlines(claim_id))["DL-CL-1"]
    assert waiting["pauses"] == [{"from": "2026-06-11", "reason": "supplement"}]
    clock.set("2026-06-23T09:00")
    answer = {"items": [{"code": one} for one in MEDICAL]}
    told = await life.done(ADJUSTER, claim_id, "supplements", answer)
    found = {one["id"]: one for one in told["deadlines"]}
    assert days(found["DL-CL-1"]) == ("2026-07-17", "2026-07-17")
    assert days(found["DL-CL-4"]) == ("2026-08-04", "2026-08-04")
    assert found["DL-CL-1"]["pauses"] == [{"from": "2026-06-11", "to": "2026-06-23", "reason": "supplement"}]
    assert found["DL-CL-1"]["due_at"] == "2026-07-18T00:00:00+08:00"


async def test_individual_cover_is_decided_in_five_working_days_unless_complex(
    life: ClaimLife, clock: MovedClock
) -> None:
    clock.set("2026-04-28T10:00")
    await life.policy(business="individual")
    claim_id = await with_papers(life, clock, at="2026-04-29T10:00")
    found = await life.deadlines(claim_id)
    assert "DL-CL-1" not in found
    assert days(found["DL-CL-1a"]) == ("2026-05-09", "2026-05-09")
    async with life.service.db.transaction(machine("claims")) as tx:
        claim = await tx.find(Claim, (await life.row(claim_id)).id)
        await mark_complex(tx, claim, "expert opinion needed", process_now())
    found = await life.deadlines(claim_id)
    assert "DL-CL-1a" not in found
    assert days(found["DL-CL-1"]) == ("2026-05-29", "2026-05-29")


async def test_a_report_after_the_limitation_is_handled_like_any_other(life: ClaimLife, clock: MovedClock) -> None:
    """Limitation is a defence that somebody may raise, never a bar: nothing is refused or ended by the day alone."""
    clock.set("2026-05-01T09:00")
    await life.policy()
    clock.set("2028-05-02T10:00")
    claim_id = await life.registered(loss_at="2026-05-01T08:00:00+08:00")
    assert (await life.deadlines(claim_id))["DL-CL-5"]["due_on"] == "2028-05-01"
    told = await life.collect(claim_id, *PAPERS, *MEDICAL)
    assert told["claim"]["status"] == "documents_complete"
    clock.set("2028-05-03T10:00")
    await life.watch()
    assert not any("breached_at" in one for one in (await life.deadlines(claim_id)).values())
    assert "claims.deadline.breached.v1" not in {row["subject"] for row in await life.service.rows(OUTBOX)}
    assert (await life.row(claim_id)).status == "documents_complete"


async def test_agreement_and_refusal_have_their_days(life: ClaimLife, clock: MovedClock) -> None:
    clock.set("2026-04-10T10:00")
    await life.policy()
    claim_id = await with_papers(life, clock, at="2026-04-10T11:00")
    await put(claim_id, life, determined_at=process_now(), outcome="refused")
    assert days((await life.deadlines(claim_id))["DL-CL-2"]) == ("2026-04-13", "2026-04-13")
    clock.set("2026-04-22T11:00")
    await put(claim_id, life, outcome="paid", agreed_at=process_now())
    paid = (await life.deadlines(claim_id))["DL-CL-3"]
    assert (*days(paid), paid["due_at"]) == ("2026-05-02", "2026-05-06", "2026-05-07T00:00:00+08:00")


async def test_an_open_claim_climbs_one_level_once_at_day_20(life: ClaimLife, clock: MovedClock) -> None:
    clock.set("2026-06-05T09:00")
    await life.policy()
    claim_id = await with_papers(life, clock)
    clock.set("2026-06-24T23:59")
    await life.watch()
    assert "escalated_decision" not in await life.items(claim_id)
    clock.set("2026-06-25T00:01")
    assert await life.watch() == 1
    item = (await life.items(claim_id))["escalated_decision"]
    assert (item["unit_code"], item["position"], item["basis"]) == ("3201", "department_head", "DL-CL-1")
    assert (await life.deadlines(claim_id))["DL-CL-1"]["escalated_to"] == "3201"
    clock.set("2026-06-27T00:01")
    await life.watch()
    marks = await life.service.rows(kernel.tables["history"], action="deadline_escalated")
    assert len(marks) == 1


async def test_what_a_period_asked_for_ends_with_its_duty(life: ClaimLife, clock: MovedClock) -> None:
    clock.set("2026-06-05T09:00")
    await life.policy()
    claim_id = await with_papers(life, clock)
    clock.set("2026-07-26T09:00")
    await life.watch()
    assert {"escalated_decision", "advance_payment"} <= set(await life.items(claim_id))
    await put(claim_id, life, determined_at=process_now(), outcome="paid")
    await life.watch()
    assert not {"escalated_decision", "advance_payment"} & set(await life.items(claim_id))


async def test_the_advance_is_asked_for_at_day_50_while_the_wait_goes_on(life: ClaimLife, clock: MovedClock) -> None:
    clock.set("2026-06-05T09:00")
    await life.policy()
    claim_id = await with_papers(life, clock)
    clock.set("2026-06-11T16:00")
    await life.done(ADJUSTER, claim_id, "supplement-notices", {"items": list(MEDICAL)})
    clock.set("2026-07-24T23:59")
    await life.watch()
    assert "advance_payment" not in await life.items(claim_id)
    clock.set("2026-07-25T00:01")
    await life.watch()
    item = (await life.items(claim_id))["advance_payment"]
    assert (item["unit_code"], item["basis"]) == ("320102", "DL-CL-4")
    assert "escalated_decision" not in await life.items(claim_id)  # the 30 days stand still
    clock.set("2026-08-05T00:01")
    await life.watch()
    breached = await life.events("claims.deadline.breached.v1")
    assert [(one["deadline"], one["due_legal_on"]) for one in breached] == [("DL-CL-4", "2026-08-04")]


async def test_a_breach_is_recorded_once_after_the_legal_day_also_after_a_standstill(
    life: ClaimLife, clock: MovedClock
) -> None:
    clock.set("2026-06-05T09:00")
    await life.policy()
    claim_id = await with_papers(life, clock)
    clock.set("2026-07-06T23:59")  # due 5 July, a Sunday; legally the 6th
    await life.watch()
    assert await life.events("claims.deadline.breached.v1") == []
    clock.set("2026-07-20T08:00")  # nobody looked for two weeks
    await life.watch()
    told = [{"claim_id": claim_id, "deadline": "DL-CL-1", "due_on": "2026-07-05", "due_legal_on": "2026-07-06"}]
    assert await life.events("claims.deadline.breached.v1") == told
    assert (await life.deadlines(claim_id))["DL-CL-1"]["breached_at"] == "2026-07-07T00:00:00+08:00"
    clock.set("2026-07-22T08:00")
    await life.watch()
    assert await life.events("claims.deadline.breached.v1") == told


async def test_what_was_done_in_time_is_no_breach_and_what_was_done_late_is(life: ClaimLife, clock: MovedClock) -> None:
    clock.set("2026-06-05T09:00")
    await life.policy()
    claim_id = await with_papers(life, clock)
    clock.set("2026-07-06T20:00")
    await put(claim_id, life, determined_at=process_now(), outcome="refused")
    clock.set("2026-07-11T08:00")
    await put(claim_id, life, settled_at=process_now())  # the refusal is served two days late
    await life.watch()
    assert [one["deadline"] for one in await life.events("claims.deadline.breached.v1")] == ["DL-CL-2"]


async def test_a_look_is_taken_once_a_day_and_after_each_change_only(life: ClaimLife, clock: MovedClock) -> None:
    clock.set("2026-06-05T09:00")
    await life.policy()
    await life.reported(place="别处")
    claim_id = await with_papers(life, clock)
    assert await life.watch() == 1  # a claim without papers has nothing to watch
    assert await life.watch() == 0
    clock.set("2026-06-05T11:00")
    await life.collect(claim_id, "medical_record")
    assert await life.watch() == 1
    clock.set("2026-06-06T00:01")
    assert await life.watch() == 1
    body = {"reason_code": "withdrawn", "reason": "no loss"}
    assert (await life.step(ADJUSTER, claim_id, "cancellations", body)).status_code == 409
    await put(claim_id, life, status="cancelled")
    assert await life.watch() == 0


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"death_count": 3, "injured_count": 0}, ["casualties"]),
        ({"death_count": 2, "injured_count": 9}, []),
        ({"injured_count": 10}, ["casualties"]),
    ],
)
async def test_head_office_hears_of_a_grave_accident_within_the_hour_of_the_report(
    life: ClaimLife, clock: MovedClock, changes: Any, reasons: list[str]
) -> None:
    clock.set("2026-06-05T09:00")
    await life.policy()
    claim_id = await life.reported(**changes)
    told = await life.events("claims.claim.head_office_informed.v1")
    assert [one["reason"] for one in told] == reasons
    deadlines = await life.deadlines(claim_id)
    assert ("DL-CL-7" in deadlines) is bool(reasons)
    if reasons:
        assert told[0]["due_at"][:16] == "2026-06-06T09:00"
        assert deadlines["DL-CL-7"]["due_at"] == told[0]["due_at"]
        item = (await life.items(claim_id))["head_office"]
        assert (item["unit_code"], item["priority"], item["basis"]) == ("00", "high", "DL-CL-7")
    clock.set("2026-06-07T09:00")
    await life.watch()
    assert await life.events("claims.deadline.breached.v1") == []


async def test_a_reinsured_claim_is_told_when_its_policy_becomes_known(life: ClaimLife, clock: MovedClock) -> None:
    clock.set("2026-06-05T02:40")
    claim_id = await life.reported()
    assert await life.events("claims.claim.head_office_informed.v1") == []
    clock.set("2026-06-05T08:00")
    await life.policy(reinsured=True)
    told = await life.events("claims.claim.head_office_informed.v1")
    assert [(one["claim_id"], one["reason"], one["due_at"][:16]) for one in told] == [
        (claim_id, "reinsured", "2026-06-06T08:00")
    ]


async def test_claims_are_listed_by_what_is_due_before_a_day(life: ClaimLife, clock: MovedClock) -> None:
    clock.set("2026-06-05T09:00")
    await life.policy()
    claim_id = await with_papers(life, clock)
    await life.reported(place="别处")
    for moment, found in (("2026-07-07T00:00:00%2B08:00", []), ("2026-07-07T00:00:01%2B08:00", [claim_id])):
        answer = await life.service.get(ADJUSTER, f"/v1/claims?due_before={moment}")
        assert [one["id"] for one in answer.json()["items"]] == found
    wrong = await life.service.get(ADJUSTER, "/v1/claims?due_before=2026-07-07")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_parameter")
