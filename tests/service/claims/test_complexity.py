"""The 30 days in place of the short period of individual accident cover: with a reason the claimant was told."""

from __future__ import annotations

from typing import Any

from tests.support.claim_life import ADJUSTER, AGENT, SURVEYOR, ClaimLife, MovedClock

PAPERS = ("claim_request", "claimant_identity", "payee_account", "accident_proof")
REASON = "需要司法鉴定"


async def individual(life: ClaimLife, clock: MovedClock, business: str = "individual") -> str:
    clock.set("2026-04-28T10:00")
    await life.policy(business=business)
    clock.set("2026-04-29T10:00")
    claim_id = await life.registered()
    await life.collect(claim_id, *PAPERS)
    return claim_id


async def mark(life: ClaimLife, claim_id: str, who: Any = ADJUSTER, **more: Any) -> Any:
    body = {"reason": REASON, "told_at": "2026-05-06T10:00:00+08:00"} | more
    return await life.step(who, claim_id, "complexity", body)


async def test_the_longer_period_takes_the_place_of_the_short_one(life: ClaimLife, clock: MovedClock) -> None:
    claim_id = await individual(life, clock)
    clock.set("2026-05-06T11:00")
    answer = await mark(life, claim_id)
    assert (answer.status_code, answer.json()["deadline"]["id"]) == (201, "DL-CL-1"), answer.text
    assert (answer.json()["deadline"]["due_on"], answer.json()["told_at"]) == (
        *("2026-05-29", "2026-05-06T10:00:00+08:00"),
    )
    shown = await life.read(claim_id)
    (action,) = [one for one in shown["available_actions"] if one["action"] == "mark_complex"]
    assert (action["allowed"], action["reason"]["why"]) == (False, "marked_already")


async def test_why_the_period_is_not_replaced(life: ClaimLife, clock: MovedClock) -> None:
    claim_id = await individual(life, clock)
    clock.set("2026-05-06T11:00")
    for changes, code in (
        ({"reason": "  "}, "complex_reason_missing"),
        ({"told_at": "2026-04-28T10:00:00+08:00"}, "complex_not_told"),
        ({"told_at": "2026-05-06T12:00:00+08:00"}, "occurred_in_future"),
    ):
        before = await life.traces()
        await life.refused(await mark(life, claim_id, **changes), 422, code, before)
    for who in (AGENT, SURVEYOR):
        before = await life.traces()
        await life.refused(await mark(life, claim_id, who), 403, "action_not_permitted", before)
    clock.set("2026-05-10T11:00")
    before = await life.traces()
    late = await mark(life, claim_id, told_at="2026-05-10T10:00:00+08:00")
    assert late.json()["due_legal_on"] == "2026-05-09"
    await life.refused(late, 409, "complex_told_too_late", before)


async def test_group_cover_has_no_short_period_to_replace(life: ClaimLife, clock: MovedClock) -> None:
    claim_id = await individual(life, clock, "group")
    clock.set("2026-05-06T11:00")
    before = await life.traces()
    answer = await mark(life, claim_id)
    assert answer.json()["why"] == "no_short_period"
    await life.refused(answer, 409, "complex_not_applicable", before)
    assert (await life.deadlines(claim_id))["DL-CL-1"]["due_on"] == "2026-05-29"
