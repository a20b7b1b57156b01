"""Registration with its reserve, and the reserve's history: from, to, who, when, why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.actor import machine
from shared.clock import process_now, rfc3339
from tests.support.claim_life import ADJUSTER, AGENT, SIBLING, SURVEYOR, ClaimLife
from tests.support.tokens import actor


def registration(**changes: Any) -> dict[str, Any]:
    return {"reserve_amount": "5000.00", "reason": "first estimate", "no_survey_reason": "clear facts"} | changes


async def test_accident_is_registered_without_a_survey_with_its_reason(life: ClaimLife) -> None:
    await life.policy()
    claim_id = await life.reported()
    for missing in ("", "   "):
        before = await life.traces()
        body = registration(no_survey_reason=missing)
        await life.refused(await life.step(ADJUSTER, claim_id, "registrations", body), 422, "reason_required", before)
    told = await life.done(ADJUSTER, claim_id, "registrations", registration())
    assert (told["from_amount"], told["reserve_amount"], told["claim"]["status"]) == ("0.00", "5000.00", "registered")
    assert await life.events("claims.claim.registered.v1") == [{"claim_id": claim_id, "reserve_amount": "5000.00"}]
    duties = [(one["duty"], one["person_id"]) for one in await life.events("claims.duty.taken.v1")]
    assert ("registrar", str(ADJUSTER.person_id)) in duties
    assert set(await life.items(claim_id)) == {"collect_documents"}


async def test_liability_and_a_claim_without_policy_are_surveyed_first(life: ClaimLife) -> None:
    await life.policy(line="liability", product="public_liability")
    for changes in ({}, {"policy_no": "PLL2026-32-009999"}):
        claim_id = await life.reported(**changes)
        before = await life.traces()
        answer = await life.step(ADJUSTER, claim_id, "registrations", registration())
        await life.refused(answer, 409, "survey_required", before)


async def test_a_surveyed_liability_claim_is_registered(life: ClaimLife) -> None:
    await life.policy(line="liability", product="public_liability")
    await life.appoint(SURVEYOR)
    claim_id = await life.reported()
    await life.done(AGENT, claim_id, "dispatches", {"surveyor_person_id": str(SURVEYOR.person_id)})
    before = await life.traces()
    answer = await life.step(ADJUSTER, claim_id, "registrations", registration())
    await life.refused(answer, 409, "state_conflict", before)
    assert answer.json()["legal_moves"] == ["surveyed"]
    survey = {
        "surveyed_at": rfc3339(process_now() - timedelta(minutes=5)),
        "participants": ["司徒海"],
        "findings": "地面湿滑",
    }
    await life.done(SURVEYOR, claim_id, "surveys", survey)
    told = await life.done(ADJUSTER, claim_id, "registrations", registration(no_survey_reason=None))
    assert told["claim"]["status"] == "registered"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reserve_amount": "-1.00"}, "validation_failed"),
        ({"reserve_amount": 5000}, "validation_failed"),
        ({"reserve_amount": "5000.0"}, "validation_failed"),
        ({"reason": " "}, "reason_required"),
        ({"parts": [{"loss_kind": "medical", "amount": "4999.99"}]}, "parts_differ"),
    ],
)
async def test_a_wrong_reserve_is_refused(life: ClaimLife, change: Any, code: str) -> None:
    await life.policy()
    claim_id = await life.reported()
    before = await life.traces()
    body = registration(**change)
    await life.refused(await life.step(ADJUSTER, claim_id, "registrations", body), 422, code, before)
    assert (await life.row(claim_id)).reserve_amount is None


async def test_every_step_of_the_reserve_stays_with_its_reason(life: ClaimLife) -> None:
    await life.policy()
    claim_id = await life.registered()
    split = [
        {"claimant_ref": "P-0001", "loss_kind": "medical", "amount": "6000.00"},
        {"claimant_ref": "P-0001", "loss_kind": "allowance", "amount": "2000.00"},
    ]
    body = {"reserve_amount": "8000.00", "reason": "second operation", "parts": split}
    told = await life.done(ADJUSTER, claim_id, "reserves", body)
    assert (told["from_amount"], told["reserve_amount"], told["parts"]) == ("5000.00", "8000.00", split)
    steps = (await life.read(claim_id))["reserves"]
    assert [(one["from_amount"], one["to_amount"], one["reason"]) for one in steps] == [
        ("0.00", "5000.00", "first estimate"), ("5000.00", "8000.00", "second operation"),
    ]  # fmt: skip
    assert {one["person_id"] for one in steps} == {str(ADJUSTER.person_id)}
    with pytest.raises(Exception, match="append-only"):
        async with life.service.db.transaction(machine("claims")) as tx:
            await tx.execute(text("update reserve_changes set to_amount = 1"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reason": ""}, "reason_required"),
        ({"reserve_amount": "5000.00"}, "reserve_unchanged"),
        ({"parts": [{"claimant_ref": "a", "amount": "1.00"}]}, "parts_differ"),
    ],
)
async def test_a_change_without_reason_or_without_change_is_refused(life: ClaimLife, change: Any, code: str) -> None:
    await life.policy()
    claim_id = await life.registered()
    before = await life.traces()
    body = {"reserve_amount": "6000.00", "reason": "more"} | change
    await life.refused(await life.step(ADJUSTER, claim_id, "reserves", body), 422, code, before)


async def test_a_reserve_exists_from_registration_on(life: ClaimLife) -> None:
    await life.policy()
    claim_id = await life.reported()
    before = await life.traces()
    body = {"reserve_amount": "6000.00", "reason": "more"}
    await life.refused(await life.step(ADJUSTER, claim_id, "reserves", body), 409, "state_conflict", before)
    sibling = actor("adjuster", SIBLING)
    before = await life.traces()
    await life.refused(await life.step(sibling, claim_id, "reserves", body), 404, "not_found", before)


async def test_a_withdrawn_claim_holds_no_reserve(life: ClaimLife) -> None:
    await life.policy()
    claim_id = await life.registered()
    for reason in ({"reason_code": "", "reason": "x"}, {"reason_code": "withdrawn", "reason": " "}):
        before = await life.traces()
        await life.refused(await life.step(ADJUSTER, claim_id, "cancellations", reason), 422, "reason_required", before)
    told = await life.done(ADJUSTER, claim_id, "cancellations", {"reason_code": "withdrawn", "reason": "no loss"})
    assert told["claim"]["status"] == "cancelled"
    shown = await life.read(claim_id)
    assert (shown["reserve_amount"], shown["deadlines"]) == ("0.00", [])
    assert [one["to_amount"] for one in shown["reserves"]] == ["5000.00", "0.00"]
    assert await life.items(claim_id) == {}
    assert await life.events("claims.claim.cancelled.v1") == [{"claim_id": claim_id, "reason_code": "withdrawn"}]
    before = await life.traces()
    again = {"reason_code": "withdrawn", "reason": "again"}
    await life.refused(await life.step(ADJUSTER, claim_id, "cancellations", again), 409, "state_conflict", before)
