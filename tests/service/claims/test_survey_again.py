"""Dispatch by place, the surveyor's yes or no, its time limits, a further survey, and work given to others in bulk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.claims.resurvey.handlers import TICKS
from shared.clock import process_now, rfc3339
from shared.ticks import run_once
from tests.support.claim_life import ADJUSTER, AGENT, CENTRAL, SIBLING, SURVEYOR, ClaimLife, MovedClock
from tests.support.tokens import actor

NEAR = actor("surveyor", SIBLING, name="near")
HEAD = actor("department_head", CENTRAL)


def survey(**changes: Any) -> dict[str, Any]:
    told = {"surveyed_at": rfc3339(process_now()), "participants": ["司徒海"], "findings": "现场湿滑。"}
    return told | changes


async def sent(life: ClaimLife, **changes: Any) -> str:
    await life.appoint(SURVEYOR)
    claim_id = await life.reported(**changes)
    await life.done(AGENT, claim_id, "dispatches", {"surveyor_person_id": str(SURVEYOR.person_id)})
    return claim_id


async def test_without_a_name_the_surveyor_of_the_place_is_sent(life: ClaimLife) -> None:
    await life.appoint(SURVEYOR)
    await life.appoint(NEAR)
    claim_id = await life.reported(area_code="320104")
    shown = await life.service.get(AGENT, f"/v1/claims/{claim_id}/surveyor-candidates")
    assert [(one["unit_code"], one["near"], one["eligible"]) for one in shown.json()["items"]] == [
        ("320104", True, True), ("320102", False, True),
    ]  # fmt: skip
    told = await life.done(AGENT, claim_id, "dispatches", {})
    assert told["surveyor_person_id"] == str(NEAR.person_id)
    assert told["accept_due_at"] < told["due_at"]


async def test_a_place_without_a_surveyor_asks_for_a_name(life: ClaimLife) -> None:
    await life.appoint(SURVEYOR)
    claim_id = await life.reported(area_code="320104")
    before = await life.traces()
    await life.refused(await life.step(AGENT, claim_id, "dispatches", {}), 422, "no_surveyor_in_area", before)


async def test_the_surveyor_who_is_sent_accepts_once_and_nobody_else(life: ClaimLife) -> None:
    claim_id = await sent(life)
    before = await life.traces()
    other = actor("surveyor", CENTRAL, name="other")
    answer = await life.step(other, claim_id, "acceptances", {"outcome": "accepted"})
    await life.refused(answer, 403, "not_the_surveyor_sent", before)
    await life.done(SURVEYOR, claim_id, "acceptances", {"outcome": "accepted"})
    assert (await life.row(claim_id)).survey_accepted_at is not None
    before = await life.traces()
    answer = await life.step(SURVEYOR, claim_id, "acceptances", {"outcome": "accepted"})
    await life.refused(answer, 409, "dispatch_already_accepted", before)


async def test_nobody_accepts_what_nobody_was_sent_to(life: ClaimLife) -> None:
    claim_id = await life.reported()
    before = await life.traces()
    answer = await life.step(SURVEYOR, claim_id, "acceptances", {"outcome": "accepted"})
    await life.refused(answer, 409, "state_conflict", before)


async def test_who_declines_says_why_and_is_not_chosen_again(life: ClaimLife) -> None:
    claim_id = await sent(life)
    before = await life.traces()
    answer = await life.step(SURVEYOR, claim_id, "acceptances", {"outcome": "declined"})
    await life.refused(answer, 422, "reason_required", before)
    await life.done(SURVEYOR, claim_id, "acceptances", {"outcome": "declined", "reason": "on another loss"})
    assert set(await life.items(claim_id)) == {"dispatch"}
    assert (await life.service.get(actor("surveyor", SIBLING), f"/v1/claims/{claim_id}")).status_code == 404
    before = await life.traces()
    await life.refused(await life.step(AGENT, claim_id, "dispatches", {}), 422, "no_surveyor_in_area", before)
    timeline = (await life.service.get(ADJUSTER, f"/v1/claims/{claim_id}/timeline")).json()["items"]
    assert [(one["kind"], one["reason"]) for one in timeline if one["kind"] == "survey_declined"] == [
        ("survey_declined", "on another loss")
    ]


async def test_silence_and_lateness_become_work_once_each(life: ClaimLife, clock: MovedClock) -> None:
    clock.set("2026-11-10T09:00")
    claim_id = await sent(life)
    assert [await run_once(life.service.db, tick) for tick in TICKS] == [0, 0]
    clock.set("2026-11-10T09:31")
    assert [await run_once(life.service.db, tick) for tick in TICKS] == [1, 0]
    assert (await life.items(claim_id))["survey_not_accepted"]["position"] == "service_agent"
    clock.set("2026-11-11T09:01")
    assert [await run_once(life.service.db, tick) for tick in TICKS] == [0, 1]
    assert (await life.items(claim_id))["survey_overdue"]["unit_code"] == "3201"
    assert [await run_once(life.service.db, tick) for tick in TICKS] == [0, 0]
    await life.done(SURVEYOR, claim_id, "surveys", survey())
    assert set(await life.items(claim_id)) == {"register"}


async def test_a_loss_is_surveyed_again_with_a_reason_and_the_claim_goes_on(life: ClaimLife) -> None:
    claim_id = await sent(life)
    to = {"surveyor_person_id": str(SURVEYOR.person_id)}
    before = await life.traces()
    answer = await life.step(AGENT, claim_id, "resurveys", {**to, "reason": "contradictory"})
    await life.refused(answer, 409, "state_conflict", before)
    await life.done(SURVEYOR, claim_id, "surveys", survey())
    before = await life.traces()
    await life.refused(
        await life.step(AGENT, claim_id, "resurveys", {**to, "reason": " "}), 422, "reason_required", before
    )
    await life.done(AGENT, claim_id, "resurveys", {**to, "reason": "contradictory statements"})
    shown = await life.read(claim_id)
    assert (shown["status"], shown["resurvey_open"]) == ("surveyed", True)
    await life.done(ADJUSTER, claim_id, "registrations", {"reserve_amount": "5000.00", "reason": "estimate"})
    await life.done(SURVEYOR, claim_id, "surveys", survey(findings="复勘一致。"))
    shown = await life.read(claim_id)
    assert (shown["status"], shown["resurvey_open"]) == ("registered", False)
    assert [one["findings"] for one in shown["surveys"]] == ["现场湿滑。", "复勘一致。"]
    assert "read_resurvey" in await life.items(claim_id)


async def test_dispatched_claims_are_given_to_another_surveyor_in_bulk(life: ClaimLife) -> None:
    claim_id, fresh = await sent(life), await life.reported(place="别处")
    await life.appoint(NEAR)
    version = (await life.row(claim_id)).version
    same, to = str(SURVEYOR.person_id), str(NEAR.person_id)
    items = [
        {"ref": "a", "claim_id": claim_id, "version": version, "surveyor_person_id": same},
        {"ref": "b", "claim_id": fresh, "version": 1, "surveyor_person_id": to},
        {"ref": "c", "claim_id": claim_id, "version": version, "surveyor_person_id": to},
    ]
    path = "/v1/claims/batches"
    silent = await life.service.post(HEAD, path, {"action": "reassign", "items": items[2:]})
    assert silent.json()["results"][0]["problem"]["code"] == "reason_required"
    body = {"action": "reassign", "reason": "ill", "items": items}
    results = (await life.service.post(HEAD, path, body)).json()["results"]
    assert [one["status"] for one in results] == [409, 409, 201]
    assert [one["problem"]["code"] for one in results[:2]] == ["already_assigned", "state_conflict"]
    row = await life.row(claim_id)
    assert (row.surveyor_person_id, row.survey_due_at is not None) == (NEAR.person_id, True)
    assert row.survey_due_at is not None
    assert row.survey_due_at - process_now() > timedelta(hours=23)
